import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../../support/temporary.ts'

const CLI = path.resolve(import.meta.dirname, '../../../src/cli/main.ts')
const procwarden = (...args: string[]): string => execFileSync(process.execPath, [CLI, ...args], { encoding: 'utf8' })

/** What bash would offer for the last of these words. */
function offered(script: string, words: readonly string[]): string[] {
  const folder = temporaryDirectory()
  // Stands for the command, so that ids cost nothing here.
  writeFileSync(path.join(folder, 'procwarden'), '#!/bin/sh\necho "id-for-$3"\n')
  chmodSync(path.join(folder, 'procwarden'), 0o755)
  const file = path.join(folder, 'completion.bash')
  writeFileSync(file, script)
  const program = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _procwarden; printf "%s\\n" "${COMPREPLY[@]}"'
  return execFileSync('bash', ['-c', program, 'bash', file, ...words], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` },
  })
    .split('\n')
    .filter((line) => line !== '')
}

describe('completion', { timeout: 120_000 }, () => {
  let bash = ''
  beforeAll(() => {
    bash = procwarden('completion', 'bash')
  })

  test('of bash knows every command, its options, what they take, and incidents', () => {
    expect(offered(bash, ['procwarden', 'ap'])).toEqual(['approve', 'approvals'])
    expect(offered(bash, ['procwarden', 'approve', ''])).toEqual(expect.arrayContaining(['--always', 'id-for-approve']))
    expect(offered(bash, ['procwarden', 'approve', '--al'])).toEqual(['--always'])
    expect(offered(bash, ['procwarden', 'ack', 'id'])).toEqual(['id-for-acknowledge'])
    expect(offered(bash, ['procwarden', 'audit', 'ver'])).toEqual(['verify'])
    expect(offered(bash, ['procwarden', 'notify', 'test', '--'])).toEqual(expect.arrayContaining(['--to', '--desktop', '--config.file']))
    expect(offered(bash, ['procwarden', 'up', '--mode', ''])).toEqual(['observe', 'confirm', 'auto'])
    expect(offered(bash, ['procwarden', 'completion', 'z'])).toEqual(['zsh'])
    expect(offered(bash, ['procwarden', 'demo', 'file'])).toContain('file-storm')
  })

  test('of every shell names all that the help does, and nothing is left open in it', () => {
    const commands = [...procwarden('--help').matchAll(/^ {2}(\w[\w-]*)/gm)].map(([, name]) => name ?? '')
    expect(commands.length).toBeGreaterThan(15)
    for (const shell of ['bash', 'zsh', 'fish']) {
      const script = shell === 'bash' ? bash : procwarden('completion', shell)
      expect([shell, commands.filter((name) => !new RegExp(`\\b${name}\\b`).test(script))]).toEqual([shell, []])
      expect(script).not.toMatch(/undefined|\[object/)
    }
    execFileSync('bash', ['-n'], { input: bash })
  })
})
