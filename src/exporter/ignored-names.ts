/** Owns the patterns of names that are never counted. Pure; a pattern is no regular expression. */

export interface IgnoredNames {
  /** Whether an entry of this name is ignored wherever it is. */
  readonly ignoresName: (name: string) => boolean
  /** All names that are ignored, as bytes; undefined when it takes more than names. */
  readonly ignoredNames: readonly Buffer[] | undefined
  /** Whether the entry at this place below the root (names, outermost first) is ignored. Those above it are not asked about. */
  readonly isIgnoredPath: (names: readonly string[]) => boolean
  /** Whether a pattern speaks of more than a name. */
  readonly globsPaths: boolean
}

/**
 * A pattern without a slash is a whole name, at any depth. One with a slash is a path below the root, `**` standing for any number
 * of folders. `*` and `?` stand for any characters but a slash.
 */
export function compileIgnored(patterns: readonly string[]): IgnoredNames {
  const ofPaths = patterns.filter((pattern) => pattern.includes('/')).map((pattern) => globToRegExp(pattern.replace(/^\/|\/$/g, '')))
  const ofNames = patterns.filter((pattern) => !pattern.includes('/'))
  const names = new Set(ofNames.filter((pattern) => !/[*?]/.test(pattern)))
  const globs = ofNames.filter((pattern) => /[*?]/.test(pattern)).map(globToRegExp)
  const ignoresName = (name: string): boolean => names.has(name) || globs.some((glob) => glob.test(name))
  const globsPaths = ofPaths.length > 0
  return {
    ignoresName,
    globsPaths,
    ignoredNames: globs.length === 0 && !globsPaths ? [...names].map((name) => Buffer.from(name)) : undefined,
    isIgnoredPath: (entries) => ignoresName(entries.at(-1) ?? '') || (globsPaths && ofPaths.some((glob) => glob.test(entries.join('/')))),
  }
}

function globToRegExp(glob: string): RegExp {
  const source = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/\*{3,}/g, '**')
    .replaceAll(/\*\*\/|\/\*\*$|\*\*|\*|\?/g, (part) => GLOB_PARTS[part] ?? '[^/]*')
  return new RegExp(`^${source}$`, 'su')
}

const GLOB_PARTS: Readonly<Record<string, string>> = { '**/': '(?:[^/]+/)*', '/**': '/.+', '**': '.*', '*': '[^/]*', '?': '[^/]' }
