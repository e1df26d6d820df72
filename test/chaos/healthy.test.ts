/**
 * Tests that programs that are busy and healthy are left alone under the shipped policies and thresholds. The mode is observe: guards and
 * policies decide exactly as in auto, what would be done is told, and nobody else's git, tar or npm on this machine is ever touched.
 */
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { HEALTHY, canRun, prepareHealthy, startHealthy } from '../support/healthy.ts'
import { startLoop } from '../support/loop.ts'
import { afterTest, temporaryDirectory } from '../support/temporary.ts'
import { isWhole } from './extent.ts'

/** Of the short run: those that create most files, which is what would be a reason to end them. */
const SHORT = new Set(['tar of a large tree', 'a bulk load into SQLite', 'git clone', 'make -j with a compiler', 'a log writer'])
/** The rules look back five minutes, and some are evaluated once a minute. */
const DURATION_MS = isWhole ? 600_000 : 40_000

test(
  'busy and healthy programs would neither be ended nor stopped',
  async () => {
    const config = path.join(temporaryDirectory(), 'remediator.yml')
    writeFileSync(config, '{}')
    // What they need is there before anybody looks.
    const folder = temporaryDirectory()
    prepareHealthy(folder)
    const loop = await startLoop({ mode: 'observe', args: ['--config.remediator', config, '--watch', folder] })
    afterTest(async () => void (await loop.stop()))
    const programs = HEALTHY.filter((program) => (isWhole || SHORT.has(program.name)) && canRun(program))
    expect(programs.length).toBeGreaterThanOrEqual(isWhole ? 9 : 3)
    const running = startHealthy(programs, folder)
    afterTest(() => running.stop())
    await delay(DURATION_MS)
    const incidents = loop.incidents()
    // Tens of thousands of files go with them, which takes longer than a hook may.
    await running.stop()
    await loop.stop()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    const groups = new Set(programs.flatMap((program) => program.groups))
    const about = incidents.filter(
      ({ target, labels }) => groups.has(target?.group ?? labels['group'] ?? '') || labels['directory']?.startsWith(folder) === true,
    )
    const wouldAct = about.filter(({ decision }) => decision === 'would_act' || decision === 'act' || decision === 'ask')
    expect(wouldAct.map(({ alertname, summary }) => `${alertname}: ${summary ?? ''}`)).toEqual([])
    expect(running.hurt()).toEqual([])
    const idle = programs.filter(({ name }) => !running.rounds.has(name)).map(({ name }) => name)
    expect(isWhole ? idle : []).toEqual([])
    // It was seen: a tree of five thousand files is worth a word.
    const told = about.filter(({ alertname }) => alertname.endsWith('FileCreationStorm'))
    expect(told.length).toBeGreaterThan(0)
    expect(told.every(({ decision }) => decision !== 'would_act')).toBe(true)
  },
  DURATION_MS + 180_000,
)
