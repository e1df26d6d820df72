import {
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { copyPaths } from '../../../src/remediator/snapshot/copy-paths.ts'
import { restorePaths } from '../../../src/remediator/snapshot/restore-paths.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const STRANGER = 12_345
const isRoot = process.geteuid?.() === 0

let app: string
let kept: string
let victim: string
beforeEach(() => {
  const folder = temporaryDirectory()
  app = path.join(folder, 'app')
  kept = path.join(folder, 'kept')
  victim = path.join(folder, 'victim')
  mkdirSync(app, { mode: 0o755 })
  writeFileSync(victim, 'not yours', { mode: 0o600 })
  writeFileSync(path.join(app, 'settings'), 'before', { mode: 0o640 })
  symlinkSync('settings', path.join(app, 'link'))
})

const ownerOf = (name: string) => {
  const { uid, gid, mode } = lstatSync(name)
  return { uid, gid, mode: mode & 0o7777 }
}

describe('putting a snapshot back', () => {
  test('replaces what is there, and makes what was removed', () => {
    const { files } = copyPaths([app], kept, 1_000)
    const { mtimeMs } = statSync(path.join(app, 'settings'))
    rmSync(app, { recursive: true })
    expect(restorePaths(files, kept)).toEqual([])
    expect(readFileSync(path.join(app, 'link'), 'utf8')).toBe('before')
    writeFileSync(path.join(app, 'settings'), 'after')
    expect(restorePaths(files, kept)).toEqual([])
    expect(readFileSync(path.join(app, 'settings'), 'utf8')).toBe('before')
    expect(ownerOf(path.join(app, 'settings'))).toMatchObject({ mode: 0o640 })
    expect(statSync(path.join(app, 'settings')).mtimeMs).toBeCloseTo(mtimeMs, 0)
    expect(readdirSync(app).toSorted()).toEqual(['link', 'settings'])
  })

  test('fails where its temporary name is taken, and touches neither the link there nor where it leads', () => {
    const { files } = copyPaths([path.join(app, 'settings')], kept, 1_000)
    const before = ownerOf(victim)
    const planted = path.join(app, `settings.procwarden-${process.pid}`)
    symlinkSync(victim, planted)
    expect(restorePaths(files, kept)).toMatchObject([
      { file: { path: path.join(app, 'settings') }, why: expect.stringContaining('EEXIST') },
    ])
    expect(ownerOf(victim)).toEqual(before)
    expect(readFileSync(victim, 'utf8')).toBe('not yours')
    expect(lstatSync(planted).isSymbolicLink()).toBe(true)
  })

  test('does not follow a folder that was swapped for a link', () => {
    const { files } = copyPaths([app], kept, 1_000)
    const elsewhere = path.join(path.dirname(app), 'elsewhere')
    mkdirSync(elsewhere)
    renameSync(app, `${app}.away`)
    symlinkSync(elsewhere, app)
    expect(restorePaths(files, kept)).toHaveLength(files.length)
    expect(readdirSync(elsewhere)).toEqual([])
  })

  test('finds a place again that a link led to when the snapshot was taken', () => {
    const current = path.join(path.dirname(app), 'current')
    symlinkSync('app', current)
    const { files } = copyPaths([path.join(current, 'settings')], kept, 1_000)
    writeFileSync(path.join(app, 'settings'), 'after')
    expect(restorePaths(files, kept)).toEqual([])
    expect(readFileSync(path.join(current, 'settings'), 'utf8')).toBe('before')
  })

  test.skipIf(!isRoot)('gives files and folders that were removed back to whom they belonged', () => {
    for (const name of [app, path.join(app, 'settings')]) chownSync(name, STRANGER, STRANGER)
    const { files } = copyPaths([app], kept, 1_000)
    rmSync(app, { recursive: true })
    expect(restorePaths(files, kept)).toEqual([])
    expect(ownerOf(app)).toEqual({ uid: STRANGER, gid: STRANGER, mode: 0o755 })
    expect(ownerOf(path.join(app, 'settings'))).toEqual({ uid: STRANGER, gid: STRANGER, mode: 0o640 })
  })
})
