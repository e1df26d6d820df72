/**
 * Owns `npm run bench:reaction`: how long the whole loop takes from a threshold's crossing to the signal's arrival in a real
 * process, and who takes how much of it. Starts `procwarden up` on free ports and leaves nothing behind.
 * Flags: --runs 20  --scrape-interval 5s  --rate 50 (files a second)  --json
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { createChildren } from './lib/children.ts'
import { machine, say, wholeNumber } from './lib/command.ts'
import { ROOT } from './lib/exporter.ts'
import { measureReaction, programName, type Loop, type Reaction } from './reaction/measure.ts'
import { formatReactions, verdicts } from './reaction/report.ts'

const Report = z.object({ remediator: z.string(), prometheus: z.string(), stateDir: z.string() })

const { values: flags } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    'scrape-interval': { type: 'string', default: '5s' },
    rate: { type: 'string', default: '50' },
    json: { type: 'boolean', default: false },
  },
})
const [runs, rate] = [wholeNumber('--runs', flags.runs, 1_000), wholeNumber('--rate', flags.rate, 5_000)]
const intervalMs = durationMs(flags['scrape-interval'])
const work = mkdtempSync(path.join(os.tmpdir(), 'procwarden-reaction-'))
const children = createChildren()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void end(130))

try {
  const reactions = await bench()
  const judged = verdicts(reactions)
  process.stdout.write(
    flags.json
      ? `${JSON.stringify({ machine: machine({ withLoad: true }), scrapeIntervalMs: intervalMs, reactions, verdicts: judged }, undefined, 2)}\n`
      : `${machine({ withLoad: true })}\nscraped every ${flags['scrape-interval']}, ${rate} files a second\n\n${formatReactions(reactions)}\n`,
  )
  await end(0)
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  await end(1)
}

async function bench(): Promise<Reaction[]> {
  const watched = mkdtempSync(path.join(work, 'watched-'))
  const stateDir = path.join(work, 'state')
  const ports = ['exporter', 'remediator', 'prometheus', 'alertmanager'].flatMap((part) => [`--port.${part}`, '0'])
  // Whatever else happens on this machine: nothing but the programs of this measurement is touched.
  const config = path.join(work, 'remediator.yml')
  writeFileSync(config, JSON.stringify({ allow: { groups: Array.from({ length: runs }, (_, index) => programName(index + 1)) } }))
  const args = [
    'up',
    '--config.remediator',
    config,
    '--json',
    '--mode',
    'auto',
    '--state.dir',
    stateDir,
    '--watch',
    watched,
    '--scrape.interval',
    flags['scrape-interval'],
  ]
  const up = children.start(path.join(ROOT, 'bin/procwarden'), [...args, '--log.level', 'warn', ...ports], process.env)
  const report = Report.parse(JSON.parse(await up.line(/^\{/, 120_000)))
  const loop: Loop = {
    prometheus: report.prometheus,
    remediator: report.remediator,
    token: readFileSync(path.join(stateDir, 'webhook-token'), 'utf8').trim(),
    watched,
  }
  const reactions: Reaction[] = []
  for (let run = 1; run <= runs; run++) {
    // Where between two scrapes the threshold is crossed must be chance.
    await delay(Math.random() * intervalMs)
    const reaction = await measureReaction(loop, children, { run, rate, programsDir: work })
    reactions.push(reaction)
    say(`run ${run} of ${runs}: ${(reaction.totalMs / 1000).toFixed(1)} s`)
  }
  up.signal('SIGTERM')
  await up.ended
  return reactions
}

function durationMs(text: string): number {
  const [, count, unit] = /^(\d{1,6})(ms|s)$/.exec(text) ?? []
  if (count === undefined) return fail(`--scrape-interval takes a duration such as 5s, not "${text}"`)
  return Number(count) * (unit === 's' ? 1000 : 1)
}

function fail(message: string): never {
  say(message)
  return process.exit(2)
}

async function end(code: number): Promise<never> {
  await children.close()
  rmSync(work, { recursive: true, force: true, maxRetries: 5 })
  process.exit(code)
}
