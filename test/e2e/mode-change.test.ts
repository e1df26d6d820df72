import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { LoopReport } from '../../src/stack/up.ts'
import type { IncidentView } from '../../src/remediator/incident-view.ts'
import { PROCWARDEN, ownProgramsOnly, procwarden } from '../support/loop.ts'
import { exitOf } from '../support/temporary.ts'
import { waitFor } from '../support/wait-for.ts'
import { startRunawayWriter } from '../support/runaway-writer.ts'

/** From the loop's second start to the end of a storm that the first one only watched. */
const STOPPED_MS_MAX = 60_000

const root = mkdtempSync(path.join(os.tmpdir(), 'procwarden-e2e-'))
const watched = mkdtempSync(path.join(os.tmpdir(), 'procwarden-watched-'))
let running: (() => Promise<unknown>) | undefined

afterEach(async () => {
  await running?.()
  for (const folder of [root, watched]) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

async function up(mode: string, ports: readonly string[]): Promise<LoopReport> {
  const args = [
    'up',
    '--json',
    '--state.dir',
    path.join(root, 'state'),
    '--mode',
    mode,
    '--watch',
    watched,
    ...ownProgramsOnly(root),
    ...ports,
  ]
  const child = spawn(PROCWARDEN, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  running = async () => {
    running = undefined
    child.kill('SIGTERM')
    await exitOf(child)
  }
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await waitFor('the loop to be ready', () => output.includes('\n'), 60_000)
  return JSON.parse(output) as LoopReport
}

const incidents = (): IncidentView[] =>
  JSON.parse(procwarden(['incidents', '--json', '--state.dir', path.join(root, 'state')]).stdout) as IncidentView[]

test('a storm that was only watched is stopped soon after the loop comes back, on the same folder and ports, in mode auto', async () => {
  const free = ['exporter', 'remediator', 'prometheus', 'alertmanager'].flatMap((part) => [`--port.${part}`, '0'])
  const first = await up('observe', free)
  const storm = await startRunawayWriter(watched, 20)
  await waitFor('it to be observed', () => incidents().some((incident) => incident.outcome === 'observed'), 60_000)
  await running?.()
  expect(storm.signalCode).toBeNull()
  const same = (['exporter', 'remediator', 'prometheus', 'alertmanager'] as const).flatMap((part) => [
    `--port.${part}`,
    new URL(first[part]).port,
  ])
  const restartedAt = Date.now()
  await up('auto', same)
  expect(await exitOf(storm)).toBe('SIGTERM')
  expect(Date.now() - restartedAt).toBeLessThan(STOPPED_MS_MAX)
}, 180_000)
