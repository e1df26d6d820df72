import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { procwarden, startLoop, type TestLoop } from '../support/loop.ts'
import { exitOf, temporaryProcess } from '../support/temporary.ts'
import { PROCWARDEN } from '../support/loop.ts'
import { waitFor } from '../support/wait-for.ts'
import { startRunawayWriter } from '../support/runaway-writer.ts'

let loop: TestLoop | undefined

afterEach(async () => {
  await loop?.stop()
  loop = undefined
})

describe('observe, the default', () => {
  test('the demo is noticed, left alone, and the incident says what would have been done', async () => {
    loop = await startLoop({ mode: 'observe' })
    const { stateDir } = loop.report
    const demo = await temporaryProcess(
      PROCWARDEN,
      ['demo', 'file-storm', '--state.dir', stateDir, '--dir', path.join(loop.watched, 'demo'), '--rate', '100'],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    let said = ''
    demo.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const running = loop
    const incident = await waitFor('an incident', () => running.incidents().find((candidate) => candidate.status === 'done'), 30_000)
    const stormPid = Number(/\(pid (\d+)\)/.exec(said)?.[1])
    expect(incident).toMatchObject({
      mode: 'observe',
      decision: 'would_act',
      reason: 'mode_observe',
      outcome: 'observed',
      action: 'kill',
      target: { group: 'file-storm.ts', pid: stormPid },
    })
    expect(readFileSync(`/proc/${stormPid}/comm`, 'utf8')).not.toBe('')
    demo.kill('SIGTERM')
    expect(await exitOf(demo)).toBe(0)
    expect(said).toContain(`(pid ${stormPid}) was stopped by SIGTERM`)
    expect(procwarden(['incidents', '--state.dir', stateDir]).stdout).toContain('file-storm.ts')
  }, 90_000)
})

describe('without any capability', () => {
  test("one's own runaway program is found by looking and stopped; what is missing is a metric and said once", async () => {
    loop = await startLoop({ withoutCapabilities: true })
    const metrics = await (await fetch(`${loop.report.exporter}/metrics`)).text()
    expect(metrics).toMatch(/^procwarden_file_watch_backend_info\{backend="chokidar",reason="[^"]+"\} 1$/m)
    expect(metrics).not.toMatch(/^procwarden_process_files_created_total\{/m)
    expect(loop.log().match(/files are counted without the processes that create them/g)).toHaveLength(1)
    const storm = await startRunawayWriter(loop.watched, 20, { withoutCapabilities: true })
    expect(await exitOf(storm)).toBe('SIGTERM')
    const running = loop
    const incident = await waitFor('the incident to be closed', () =>
      running.incidents().find((candidate) => candidate.outcome === 'killed'),
    )
    expect(incident).toMatchObject({ alertname: 'FileCreationStorm', target: { group: 'runaway-writer.cjs', pid: storm.pid } })
  }, 90_000)
})
