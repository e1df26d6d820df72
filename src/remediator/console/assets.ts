/** Owns the files that pages refer to: our own style, scripts and icon, and uPlot's, each under an address with its content's hash. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { embeddedBytes, isSingleFile } from '../../lib/single-file.ts'
import { PAGE_HEADERS } from './browser-rules.ts'

export interface Asset {
  readonly body: Buffer
  readonly type: string
}

export interface Assets {
  /** The address of a file of FILES. */
  href(name: AssetName): string
  /** By the last part of its address. */
  find(name: string): Asset | undefined
}

/** Whose they are: ours, in the folder beside this file, or uPlot's, in its package. */
type Owner = 'console' | 'uplot'

const SCRIPT = 'text/javascript; charset=utf-8'
const STYLE = 'text/css; charset=utf-8'
const FILES = {
  'console.css': { owner: 'console', type: STYLE },
  'console.js': { owner: 'console', type: SCRIPT },
  'chart.js': { owner: 'console', type: SCRIPT },
  'icon.svg': { owner: 'console', type: 'image/svg+xml' },
  'dist/uPlot.iife.min.js': { owner: 'uplot', type: SCRIPT },
  'dist/uPlot.min.css': { owner: 'uplot', type: STYLE },
  LICENSE: { owner: 'uplot', type: 'text/plain; charset=utf-8' },
} as const satisfies Record<string, { readonly owner: Owner; readonly type: string }>
export type AssetName = keyof typeof FILES

const HASH_LENGTH = 12
/** An address with the content's hash never means anything else. */
export const ASSET_HEADERS = { ...PAGE_HEADERS, 'Cache-Control': 'public, max-age=31536000, immutable' }

/** Reads them all: some 100 kB. */
export function loadAssets(): Assets {
  const byName = new Map<string, Asset>()
  const hrefs = new Map<string, string>()
  for (const [name, { owner, type }] of Object.entries(FILES)) {
    const body = read(owner, name)
    const hash = createHash('sha256').update(body).digest('hex').slice(0, HASH_LENGTH)
    const served = `${hash}-${path.basename(name)}`
    byName.set(served, { body, type })
    hrefs.set(name, `/assets/${served}`)
  }
  return { href: (name) => hrefs.get(name) ?? '', find: (name) => byName.get(name) }
}

/** Of a single executable they are a part, by these names. */
function read(owner: Owner, name: string): Buffer {
  return isSingleFile() ? embeddedBytes(`${owner}/${name}`) : readFileSync(path.join(folderOf(owner), name))
}

/** Where the files are that `name` is looked for in. */
export function folderOf(owner: Owner): string {
  return owner === 'console'
    ? fileURLToPath(new URL('./assets/', import.meta.url))
    : path.dirname(fileURLToPath(import.meta.resolve('uplot/package.json')))
}

/** All of them by the name that they are given in a single executable, and where they come from. */
export function assetFiles(): Record<string, string> {
  return Object.fromEntries(Object.entries(FILES).map(([name, { owner }]) => [`${owner}/${name}`, path.join(folderOf(owner), name)]))
}
