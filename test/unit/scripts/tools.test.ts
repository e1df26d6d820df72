/** Finding Prometheus and the rest: by name, by place and by version, with programs that say what the real ones say. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bundleDir, cacheDir, findTool } from '../../../scripts/tools.mjs'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'procwarden-tools-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A program that answers --version as Prometheus and its relatives do. */
function program(file: string, version: string, mode = 0o755): string {
  mkdirSync(path.dirname(file), { recursive: true })
  const line = `${path.basename(file)}, version ${version} (branch: HEAD, revision: unknown)`
  writeFileSync(file, `#!/bin/sh\n[ "$1" = --version ] && echo '${line}'\n`, { mode })
  return file
}

function environment(extra: Record<string, string> = {}): Record<string, string> {
  return { PATH: `${path.join(folder, 'a')}:${path.join(folder, 'b')}`, PROCWARDEN_CACHE_DIR: path.join(folder, 'cache'), ...extra }
}

describe('findTool', () => {
  test('finds nothing where there is nothing', () => {
    expect(findTool('prometheus', environment())).toBeUndefined()
  })

  test('takes the first folder of PATH that has it', () => {
    const first = program(path.join(folder, 'a', 'promtool'), '3.5.0')
    program(path.join(folder, 'b', 'promtool'), '3.6.0')
    expect(findTool('promtool', environment())).toBe(first)
  })

  test('knows Alertmanager by the name Debian gives it', () => {
    const file = program(path.join(folder, 'b', 'prometheus-alertmanager'), '0.25.0+ds')
    expect(findTool('alertmanager', environment())).toBe(file)
  })

  test('prefers PATH to the cache', () => {
    const env = environment()
    program(path.join(bundleDir('prometheus', env), 'prometheus'), '2.53.0')
    const onPath = program(path.join(folder, 'a', 'prometheus'), '2.42.0')
    expect(findTool('prometheus', env)).toBe(onPath)
  })

  test('passes over one that is too old to load the rules', () => {
    const env = environment()
    program(path.join(folder, 'a', 'prometheus'), '2.41.9')
    const cached = program(path.join(bundleDir('prometheus', env), 'prometheus'), '2.42.0')
    expect(findTool('prometheus', env)).toBe(cached)
  })

  test('compares versions by number, not by letter', () => {
    const file = program(path.join(folder, 'a', 'amtool'), '0.100.0')
    expect(findTool('amtool', environment())).toBe(file)
  })

  test('passes over what cannot run: no permission, another machine’s format, a folder', () => {
    program(path.join(folder, 'a', 'prometheus'), '3.5.0', 0o644)
    writeFileSync(path.join(folder, 'a', 'promtool'), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 9, 9, 9, 9]), { mode: 0o755 })
    mkdirSync(path.join(folder, 'a', 'amtool'))
    expect(findTool('prometheus', environment())).toBeUndefined()
    expect(findTool('promtool', environment())).toBeUndefined()
    expect(findTool('amtool', environment())).toBeUndefined()
  })

  test('never takes a program out of the current folder', () => {
    program(path.join(folder, 'a', 'prometheus'), '3.5.0')
    expect(findTool('prometheus', environment({ PATH: `:.:${path.relative(process.cwd(), path.join(folder, 'a'))}` }))).toBeUndefined()
  })
})

describe('cacheDir', () => {
  test('is where the environment says', () => {
    expect(cacheDir({ PROCWARDEN_CACHE_DIR: '/var/cache/p', XDG_CACHE_HOME: '/x', HOME: folder })).toBe('/var/cache/p')
    expect(cacheDir({ XDG_CACHE_HOME: '/x', HOME: folder })).toBe('/x/procwarden')
  })

  test('is under the home folder, also before that has a .cache', () => {
    expect(cacheDir({ HOME: folder })).toBe(path.join(folder, '.cache', 'procwarden'))
  })

  test('is in the checkout when there is no home to write to', () => {
    const checkout = path.resolve(import.meta.dirname, '../../..')
    expect(cacheDir({ HOME: path.join(folder, 'absent', 'home') })).toBe(path.join(checkout, '.cache'))
    expect(cacheDir({ XDG_CACHE_HOME: 'relative', HOME: path.join(folder, 'absent', 'home') })).toBe(path.join(checkout, '.cache'))
  })
})
