/** Owns the files that pages refer to: our own style, scripts and icon, and uPlot's, each under an address with its content's hash. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
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

const OWN = fileURLToPath(new URL('./assets/', import.meta.url))
const UPLOT = path.dirname(fileURLToPath(import.meta.resolve('uplot/package.json')))

const SCRIPT = 'text/javascript; charset=utf-8'
const STYLE = 'text/css; charset=utf-8'
const FILES = {
  'console.css': { folder: OWN, type: STYLE },
  'console.js': { folder: OWN, type: SCRIPT },
  'chart.js': { folder: OWN, type: SCRIPT },
  'icon.svg': { folder: OWN, type: 'image/svg+xml' },
  'dist/uPlot.iife.min.js': { folder: UPLOT, type: SCRIPT },
  'dist/uPlot.min.css': { folder: UPLOT, type: STYLE },
  LICENSE: { folder: UPLOT, type: 'text/plain; charset=utf-8' },
} as const
export type AssetName = keyof typeof FILES

const HASH_LENGTH = 12
/** An address with the content's hash never means anything else. */
export const ASSET_HEADERS = { ...PAGE_HEADERS, 'Cache-Control': 'public, max-age=31536000, immutable' }

/** Reads them all: some 100 kB. */
export function loadAssets(): Assets {
  const byName = new Map<string, Asset>()
  const hrefs = new Map<string, string>()
  for (const [name, { folder, type }] of Object.entries(FILES)) {
    const body = readFileSync(path.join(folder, name))
    const hash = createHash('sha256').update(body).digest('hex').slice(0, HASH_LENGTH)
    const served = `${hash}-${path.basename(name)}`
    byName.set(served, { body, type })
    hrefs.set(name, `/assets/${served}`)
  }
  return { href: (name) => hrefs.get(name) ?? '', find: (name) => byName.get(name) }
}
