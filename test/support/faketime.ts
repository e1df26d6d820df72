/** Owns libfaketime for tests: from the system, or unpacked from Debian's package into the cache; a clock that a running program believes. */
import { existsSync, globSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { aptIsPresent, unpackFromApt } from '../../scripts/setup/apt.mjs'
import { cacheDir } from '../../src/stack/tools.mjs'
import { temporaryDirectory } from './temporary.ts'

const PATTERN = 'usr/lib/*/faketime/libfaketime.so.1'

/** The library's path; undefined where it is neither installed nor to be had. */
export async function findFaketime(): Promise<string | undefined> {
  const [installed] = globSync(`/${PATTERN}`)
  if (installed !== undefined) return installed
  const folder = path.join(cacheDir(), 'tools', `${process.platform}-${process.arch}`, 'libfaketime')
  const cached = (): string | undefined => globSync(PATTERN, { cwd: folder }).map((file) => path.join(folder, file))[0]
  if (existsSync(folder)) return cached()
  if (!aptIsPresent(process.env)) return undefined
  const work = `${folder}.${process.pid}`
  mkdirSync(work, { recursive: true })
  try {
    const fetched = await unpackFromApt({ env: process.env, signal: AbortSignal.timeout(60_000) }, work, ['libfaketime'])
    if (!fetched.ok) return undefined
    renameSync(path.join(work, 'unpacked'), folder)
  } catch {
    // Another test run was quicker, or there is no network.
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return cached()
}

export interface FakeWallClock {
  readonly environment: Readonly<Record<string, string>>
  /** Moves the wall clock of every program that runs with the environment; the clock since boot stays. */
  jump(days: number): void
}

export function fakeWallClock(library: string): FakeWallClock {
  const file = path.join(temporaryDirectory(), 'offset')
  writeFileSync(file, '+0')
  return {
    environment: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    },
    jump: (days) => {
      writeFileSync(`${file}.new`, `${days < 0 ? '-' : '+'}${Math.abs(days) * 86_400}`)
      renameSync(`${file}.new`, file)
    },
  }
}
