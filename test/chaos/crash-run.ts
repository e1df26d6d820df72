/**
 * Owns one run of the crash matrix: an alert is acknowledged, the remediator is killed at a boundary of its work, started again
 * (and killed again, where the run says so), and then everything is compared with what must hold.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { mirrorPath } from '../../src/remediator/audit/mirror.ts'
import { verifyAudit } from '../../src/remediator/audit/verify.ts'
import { Database, databasePath } from '../../src/remediator/store/database.ts'
import { viewIncidents, type IncidentView } from '../../src/remediator/incident-view.ts'
import { alertOf, payloadOf, post } from '../support/remediator.ts'
import { waitFor } from '../support/wait-for.ts'

const ENTRY = path.resolve(import.meta.dirname, 'dying-remediator.ts')

/** Counts each TERM it gets and ends with the first, after a moment in which a second one would be counted. */
const TARGET = `const fs = require('fs'); const file = process.argv[1]
process.on('SIGTERM', () => { fs.appendFileSync(file, 'TERM\\n'); setTimeout(() => process.exit(0), 60) })
setInterval(() => {}, 1000); process.stdout.write('ready\\n')`

/** As the shipped policy, with less patience: an interrupted kill waits for its grace period to be over. */
const CONFIG = `policies:
  - {name: kill-runaway, match: [remediate="kill"], ladder: [{action: kill, grace_seconds: 1}], verify: [gone]}
`

export interface CrashPlan {
  /** When the remediator is killed, one life after the other: at a boundary's number, or `37ms` after its first. */
  readonly deaths: readonly string[]
}

export interface CrashReport {
  readonly faults: readonly string[]
  /** Names of the boundaries at which it was killed; fewer than planned when it was done before. */
  readonly killedAt: readonly string[]
  readonly outcome: string | null
  /** Boundaries that the last life passed. */
  readonly boundaries: number
}

export async function crashRun(plan: CrashPlan): Promise<CrashReport> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'procwarden-chaos-'))
  const terms = path.join(folder, 'terms')
  writeFileSync(terms, '')
  const stateDir = path.join(folder, 'state')
  const lives: ChildProcess[] = []
  const target = await startTarget(terms)
  try {
    const configFile = path.join(folder, 'remediator.yml')
    writeFileSync(configFile, CONFIG)
    const killedAt: string[] = []
    const alert = alertOf({ labels: { group: 'node', pid: String(target.pid) } })
    let isAcknowledged = false
    for (const when of plan.deaths) {
      const run = await live(stateDir, when, configFile, lives)
      isAcknowledged ||= await accuse(run, stateDir, alert)
      const at = await run.deathOrRest()
      if (at === undefined) break
      killedAt.push(at)
    }
    const survivor = await live(stateDir, 'never', configFile, lives)
    isAcknowledged ||= await accuse(survivor, stateDir, alert)
    const incident = await settled(stateDir)
    // Before it is ready, TERM would end it as any program.
    await survivor.url
    survivor.child.kill('SIGTERM')
    await exitOf(survivor.child)
    return {
      faults: judge(stateDir, readFileSync(terms, 'utf8'), target.child, incident),
      killedAt,
      outcome: incident.outcome,
      boundaries: survivor.boundaries(),
    }
  } finally {
    for (const child of [...lives, target.child]) {
      child.kill('SIGKILL')
      await exitOf(child)
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** No alert lost, no action done twice, the chain intact. */
function judge(stateDir: string, terms: string, target: ChildProcess, incident: IncidentView): string[] {
  const database = Database.openForReading(databasePath(stateDir))
  const verdict = verifyAudit(database, mirrorPath(stateDir))
  const incidents = viewIncidents(database, 10)
  const openIntents = Number(database.get('SELECT count(*) AS n FROM intents WHERE outcome IS NULL')?.['n'])
  database.close()
  const signals = terms.split('\n').filter((line) => line === 'TERM').length
  return [
    ...(incidents.length === 1 ? [] : [`${incidents.length} incidents for one alert`]),
    ...(incident.outcome === 'killed' || incident.outcome === 'target_gone'
      ? []
      : [`it ended as ${incident.outcome}: ${incident.summary}`]),
    ...(target.exitCode === null && target.signalCode === null ? ['the target still runs: the alert was lost'] : []),
    ...(signals === 1 ? [] : [`the target got ${signals} signals`]),
    ...(openIntents === 0 ? [] : [`${openIntents} intents are open`]),
    ...(verdict.intact ? [] : [`the audit trail is broken: ${verdict.fault?.where} ${verdict.fault?.seq} ${verdict.fault?.what}`]),
  ]
}

interface Life {
  readonly child: ChildProcess
  readonly url: Promise<string>
  boundaries(): number
  /** The boundary at which it was killed, or undefined when its work was done before. */
  deathOrRest(): Promise<string | undefined>
}

async function live(stateDir: string, when: string, configFile: string, lives: ChildProcess[]): Promise<Life> {
  const args = [ENTRY, stateDir, when, configFile]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  lives.push(child)
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  let lastBoundary = ''
  let passed = 0
  const ready = Promise.withResolvers<string>()
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    if (line.startsWith('boundary')) {
      lastBoundary = line.split(' ').slice(2).join(' ')
      passed += 1
    }
    if (line.startsWith('ready')) ready.resolve(line.slice('ready '.length))
  })
  const ended = Promise.all([exitOf(child), once(lines, 'close')])
  // A life that dies on its way up has no address; whoever needs it says so.
  ready.promise.catch(() => undefined)
  void ended.then(() => ready.reject(new Error(`the remediator ended at "${lastBoundary}": ${errors}`)))
  return {
    child,
    url: ready.promise,
    boundaries: () => passed,
    deathOrRest: async () => {
      const rest = new AbortController()
      const resting = settled(stateDir, rest.signal).then(() => 'rest' as const)
      const first = await Promise.race([ended.then(() => 'death' as const), resting])
      rest.abort()
      await resting.catch(() => undefined)
      if (first === 'rest' && child.signalCode === null) {
        child.kill('SIGKILL')
        await ended
        return undefined
      }
      await ended
      return lastBoundary
    },
  }
}

/** As Alertmanager does: what is not acknowledged, because the remediator died first, is sent again to its next life. */
async function accuse(life: Life, stateDir: string, alert: unknown): Promise<boolean> {
  const url = await life.url
  const token = readFileSync(path.join(stateDir, 'webhook-token'), 'utf8').trim()
  const status = await post(url, token, payloadOf([alert])).then(
    (response) => response.status,
    () => undefined,
  )
  if (status !== undefined && status !== 200) throw new Error(`the alert was refused: ${status}`)
  return status === 200
}

/** The only incident, once it is closed. */
function settled(stateDir: string, signal?: AbortSignal): Promise<IncidentView> {
  return waitFor(
    'the incident to be closed',
    () => {
      signal?.throwIfAborted()
      try {
        const database = Database.openForReading(databasePath(stateDir))
        try {
          return viewIncidents(database, 1).find(({ status }) => status === 'done' || status === 'cancelled')
        } finally {
          database.close()
        }
      } catch {
        return undefined
      }
    },
    300_000,
  )
}

async function startTarget(terms: string): Promise<{ child: ChildProcess; pid: number }> {
  const child = spawn(process.execPath, ['-e', TARGET, terms], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(child.stdout, 'data')
  return { child, pid: child.pid ?? 0 }
}

function exitOf(child: ChildProcess): Promise<unknown> {
  return child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : once(child, 'exit')
}
