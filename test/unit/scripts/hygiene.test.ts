/** The hygiene check: finds loose ends and traces of one machine, and nothing else. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkFiles } from '../../../scripts/checks/hygiene.ts'

// Put together here, so that the check does not fault its own test.
const LOOSE_END = ['TO', 'DO'].join('')
const HOME = ['', 'home', 'alice', 'project'].join('/')
const REGISTRY = ['registry', 'npmjs', 'org'].join('.')

let root: string

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'procwarden-hygiene-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(file: string, content: string | Buffer): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
  writeFileSync(path.join(root, file), content)
}

test.each([
  ['a loose end', `one\n// ${LOOSE_END} later`, 'src/a.ts:2: a loose end'],
  ['a home folder', `see ${HOME}/x`, "a path of one person's machine"],
  ['a registry', `see ${REGISTRY}`, 'package registry'],
  ['a merge conflict', `${'<'.repeat(7)} HEAD`, 'a merge conflict'],
])('finds %s', (_name, text, fault) => {
  write('src/a.ts', text)
  expect(checkFiles(root)).toMatchObject({ ok: false, output: expect.stringContaining(fault) })
})

test('looks into hidden files and folders', () => {
  write('.github/b.yml', LOOSE_END)
  expect(checkFiles(root).output).toContain('.github/b.yml:1')
})

test('passes clean text, binaries and what is not part of the repository', () => {
  write('src/a.ts', 'const todo = ["~/.cache", "/var/lib/procwarden"]\n')
  write('logo.png', Buffer.from([0x89, 0x50, 0, ...Buffer.from(LOOSE_END)]))
  write('node_modules/x/index.js', `// ${LOOSE_END}`)
  expect(checkFiles(root)).toEqual({ ok: true, output: '' })
})

test('fails when there is no file to look into', () => {
  expect(checkFiles(root).ok).toBe(false)
})
