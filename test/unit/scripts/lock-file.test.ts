/** The lock file: what a registry without other platforms' packages leaves out is found and filled in. */
import { describe, expect, test } from 'vitest'
import { checkLock } from '../../../scripts/checks/hygiene.ts'
import { completeLock, missingPackages } from '../../../scripts/complete-lock.mjs'

const lock = {
  packages: {
    '': { version: '1.0.0' },
    'node_modules/tool': {
      version: '2.0.0',
      dev: true,
      optionalDependencies: { '@tool/linux-x64-gnu': '2.0.0', '@tool/darwin-arm64': '2.0.0' },
    },
    'node_modules/@tool/linux-x64-gnu': { version: '2.0.0', dev: true, optional: true },
    'node_modules/zebra': { version: '1.0.0', optionalDependencies: { 'zebra-win32-ia32-msvc': '1.0.0', nested: '1.0.0' } },
    'node_modules/zebra/node_modules/nested': { version: '1.0.0', optional: true },
  },
}

describe('completeLock', () => {
  test('adds what is missing, with its platform, and keeps the rest', () => {
    const { packages } = completeLock(lock)
    expect(packages['node_modules/@tool/darwin-arm64']).toEqual({
      version: '2.0.0',
      dev: true,
      optional: true,
      os: ['darwin'],
      cpu: ['arm64'],
    })
    expect(packages['node_modules/zebra-win32-ia32-msvc']).toEqual({ version: '1.0.0', optional: true, os: ['win32'], cpu: ['ia32'] })
    expect(packages).toMatchObject(lock.packages)
    expect(Object.keys(packages)).toHaveLength(Object.keys(lock.packages).length + 2)
  })

  test('leaves nothing missing, and a complete one alone', () => {
    const complete = completeLock(lock)
    expect(missingPackages(complete)).toEqual([])
    expect(completeLock(complete)).toEqual(complete)
  })

  test('tells C libraries apart', () => {
    const { packages } = completeLock({
      packages: { 'node_modules/a': { version: '1', optionalDependencies: { 'a-linux-arm64-musl': '1' } } },
    })
    expect(packages['node_modules/a-linux-arm64-musl']).toMatchObject({ os: ['linux'], cpu: ['arm64'], libc: ['musl'] })
  })

  test('does not guess a platform', () => {
    expect(() => completeLock({ packages: { 'node_modules/a': { version: '1', optionalDependencies: { 'a-fast': '1' } } } })).toThrow(
      /a-fast/,
    )
  })
})

describe('checkLock', () => {
  test('passes a complete lock file without hosts', () => {
    expect(checkLock(JSON.stringify(completeLock(lock)))).toEqual({ ok: true, output: '' })
  })

  test('names each missing package', () => {
    const { ok, output } = checkLock(JSON.stringify(lock))
    expect(ok).toBe(false)
    expect(output).toContain('@tool/darwin-arm64')
    expect(output).toContain('zebra-win32-ia32-msvc')
  })

  test('refuses an address of a registry', () => {
    const bound = { packages: { 'node_modules/a': { version: '1.0.0', resolved: 'https://npm.example.org/a.tgz' } } }
    expect(checkLock(JSON.stringify(bound))).toMatchObject({ ok: false })
  })
})
