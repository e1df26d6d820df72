/** The boundary check catches what it is there for: each violation is planted in a small tree under the real rules. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkBoundaries } from '../../../scripts/checks/boundaries.ts'

const checkout = path.resolve(import.meta.dirname, '../../..')

let root: string

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'procwarden-boundaries-'))
  for (const file of ['.dependency-cruiser.json', 'package.json', 'tsconfig.json'])
    copyFileSync(path.join(checkout, file), path.join(root, file))
  symlinkSync(path.join(checkout, 'node_modules'), path.join(root, 'node_modules'))
  write('src/lib/clock.ts', 'export interface Clock { nowMs(): number }\nexport const now: number = 0')
  write(
    'src/exporter/main.ts',
    "import { now, type Clock } from '../lib/clock.ts'\nexport const run = (clock?: Clock): number => now + (clock?.nowMs() ?? 0)",
  )
  write('src/remediator/main.ts', "import { now } from '../lib/clock.ts'\nexport const run: number = now")
  write(
    'src/cli/main.ts',
    "import { run } from '../exporter/main.ts'\nimport { run as act } from '../remediator/main.ts'\nexport const all = [run, act]",
  )
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(file: string, content: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
  writeFileSync(path.join(root, file), `${content}\n`)
}

test('passes a tree whose imports point one way', async () => {
  expect(await checkBoundaries(root)).toEqual({ ok: true, output: '' })
})

test.each([
  ['lib that knows a part', 'src/lib/a.ts', "export { run } from '../exporter/main.ts'", 'lib-is-the-floor'],
  [
    'an exporter that knows the remediator',
    'src/exporter/a.ts',
    "import { run } from '../remediator/main.ts'\nexport const b = run",
    'exporter-stands-alone',
  ],
  [
    'an exporter that knows only its types',
    'src/exporter/a.ts',
    "import type { run } from '../remediator/main.ts'\nexport type B = typeof run",
    'exporter-stands-alone',
  ],
  [
    'a remediator that knows the exporter',
    'src/remediator/a.ts',
    "export const b = async () => (await import('../exporter/main.ts')).run",
    'remediator-stands-alone',
  ],
  ['a part that knows the command line', 'src/remediator/a.ts', "export * from '../cli/main.ts'", 'remediator-stands-alone'],
  ['a supervisor that looks inside a part', 'src/stack/a.ts', "export * from '../exporter/collectors/x.ts'", 'stack-uses-entrances'],
  ['a feature that knows its app', 'src/exporter/collectors/y.ts', "export { run } from '../main.ts'", 'features-below-the-app'],
  ['a cycle', 'src/exporter/a.ts', "export { c } from './c.ts'\nexport const b = 1", 'no-cycles'],
  ['an import of a test', 'src/exporter/a.ts', "export { t } from '../../test/t.ts'", 'product-without-workshop'],
  ['an import of a development package', 'src/exporter/a.ts', "export { test } from 'vitest'", 'no-development-packages'],
  ['an import that leads nowhere', 'src/exporter/a.ts', "export { t } from './absent.ts'", 'no-unresolvable'],
])('catches %s', async (_name, file, content, rule) => {
  write('src/exporter/collectors/x.ts', 'export const x = 1')
  write('src/exporter/c.ts', "import { b } from './a.ts'\nexport const c = b")
  write('test/t.ts', 'export const t = 1')
  if (rule !== 'no-cycles') rmSync(path.join(root, 'src/exporter/c.ts'))
  write(file, content)
  const { ok, output } = await checkBoundaries(root)
  expect(ok).toBe(false)
  expect(output).toContain(`${rule}: ${file}`)
})

test('fails when there is nothing to look at', async () => {
  rmSync(path.join(root, 'src'), { recursive: true })
  write('test/t.ts', 'export const t = 1')
  expect(await checkBoundaries(root)).toMatchObject({ ok: false, output: expect.stringContaining('no source file') })
})

test('fails when a source file was not read', async () => {
  writeFileSync(path.join(root, '.dependency-cruiser.json'), JSON.stringify({ options: { parser: 'swc', exclude: '^src/cli' } }))
  expect(await checkBoundaries(root)).toEqual({ ok: false, output: 'src/cli/main.ts was not read' })
})

test('fails when files were read and their imports were not', async () => {
  for (const folder of ['exporter', 'remediator', 'cli']) rmSync(path.join(root, 'src', folder), { recursive: true })
  expect(await checkBoundaries(root)).toEqual({ ok: false, output: 'no import between source files was seen' })
})
