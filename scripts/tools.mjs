/** Owns nothing itself: the finder of tools lives with the code that runs them, and scripts reach it here. */
export { bundleDir, cacheDir, findTool } from '../src/stack/tools.mjs'
