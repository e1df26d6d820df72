import { existsSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runCommand } from '../../../src/lib/run-command.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const base = { environment: { PATH: process.env['PATH'] ?? '' }, timeoutMs: 20_000, outputBytesMax: 1_000_000 }

test('arguments and input arrive as they were, whatever they hold; nothing reads them as commands', async () => {
  const marker = path.join(temporaryDirectory(), 'ran')
  const nasty = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 100 }).filter((text) => !text.includes('\0') && text.isWellFormed()),
    fc.constantFrom(`$(touch ${marker})`, `; touch ${marker}`, '`id`', '-n', '--', '*', '~', '\n', '%n', "'", '"'),
  )
  const program =
    'process.stdin.pipe(process.stdout); process.stdin.on("end", () => process.stdout.write("|" + JSON.stringify(process.argv.slice(1))))'
  await fc.assert(
    fc.asyncProperty(fc.array(nasty, { maxLength: 5 }), nasty, async (args, stdin) => {
      const result = await runCommand({ ...base, argv: [process.execPath, '-e', program, '--', ...args], stdin })
      expect(result).toMatchObject({ ending: { kind: 'exited', code: 0 }, stdout: `${stdin}|${JSON.stringify(args)}` })
    }),
    { numRuns: 30 },
  )
  expect(existsSync(marker)).toBe(false)
}, 60_000)

test('a program that leaves one in the background with the output open is not waited for', async () => {
  const startedAt = performance.now()
  const result = await runCommand({ ...base, argv: ['sh', '-c', 'sleep 30 & echo $!'] })
  expect(result.ending).toEqual({ kind: 'exited', code: 0 })
  process.kill(Number(result.stdout))
  expect(performance.now() - startedAt).toBeLessThan(20_000)
})

test('an abort ends the program and rejects with its reason', async () => {
  const stop = new AbortController()
  const running = runCommand({ ...base, argv: ['sleep', '600'] }, stop.signal)
  stop.abort(new Error('stopping'))
  await expect(running).rejects.toThrow('stopping')
})

test('a signal, a missing program, an early end of reading', async () => {
  expect((await runCommand({ ...base, argv: ['sh', '-c', 'kill -9 $$'] })).ending).toEqual({ kind: 'signalled', signal: 'SIGKILL' })
  expect((await runCommand({ ...base, argv: ['/nowhere/at/all'] })).ending.kind).toBe('not_started')
  expect((await runCommand({ ...base, argv: ['true'], stdin: 'x'.repeat(1_000_000) })).ending).toEqual({ kind: 'exited', code: 0 })
})
