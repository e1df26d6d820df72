/** Owns the twelve demonstrations as tests see them: how each is started, what it is to be diagnosed as, and waiting for that in a running loop. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { messageOf } from '../../src/lib/errors.ts'
import type { Diagnosis, DiagnosisName } from '../../src/remediator/diagnosis/diagnosis.ts'
import type { Incident } from '../../src/remediator/model.ts'
import { Database, databasePath } from '../../src/remediator/store/database.ts'
import { diagnosisOf } from '../../src/remediator/store/diagnoses.ts'
import { listIncidents } from '../../src/remediator/store/incidents.ts'
import { PROCWARDEN, processesWith, type TestLoop } from './loop.ts'
import { temporaryProcess } from './temporary.ts'
import { waitFor } from './wait-for.ts'

export interface Misbehaving {
  readonly demo: string
  readonly is: DiagnosisName
  /** Programs (or the probe) that its incident is about. */
  readonly about: readonly string[]
  /** For a loop whose slow rules are hastened; undefined where windows of many minutes are the matter itself. */
  readonly quick?: readonly string[]
  /** For the shipped rules. */
  readonly whole: readonly string[]
}

export const PROBE = 'demo-endpoint'

export const MISBEHAVING: readonly Misbehaving[] = [
  { demo: 'file-storm', is: 'write_loop', about: ['file-storm.ts'], quick: ['--rate', '40'], whole: ['--rate', '40'] },
  { demo: 'cpu-spin', is: 'infinite_loop', about: ['cpu-spin.ts'], quick: ['--seconds', '600'], whole: ['--seconds', '1500'] },
  { demo: 'memory-leak', is: 'gradual_leak', about: ['memory-leak.ts'], whole: ['--seconds', '1200', '--rate', '40', '--max', '800'] },
  {
    demo: 'sudden-allocation',
    is: 'sudden_allocation',
    about: ['sudden-allocation.ts'],
    quick: ['--quiet', '30', '--max', '650', '--seconds', '600'],
    whole: ['--quiet', '130', '--max', '600', '--seconds', '900'],
  },
  { demo: 'fd-leak', is: 'descriptor_leak', about: ['fd-leak.ts'], whole: ['--seconds', '2400'] },
  {
    demo: 'thread-explosion',
    is: 'thread_explosion',
    about: ['thread-explosion.ts'],
    quick: ['--quiet', '30', '--seconds', '600'],
    whole: ['--quiet', '150', '--seconds', '900'],
  },
  { demo: 'fork-bomb', is: 'fork_bomb', about: ['fork-bomb.ts'], quick: ['--seconds', '60'], whole: ['--seconds', '60'] },
  { demo: 'zombie-parent', is: 'zombie_parent', about: ['sleep', 'zombie-parent.ts'], whole: ['--seconds', '1200'] },
  {
    demo: 'crash-loop',
    is: 'crash_loop',
    about: ['crash-loop.ts'],
    quick: ['--rate', '30', '--seconds', '120'],
    whole: ['--seconds', '240'],
  },
  { demo: 'disk-thrash', is: 'disk_thrash', about: ['disk-thrash.ts'], whole: ['--seconds', '1500', '--max', '32'] },
  { demo: 'slow-endpoint', is: 'slow_dependency', about: [PROBE], whole: ['--quiet', '960', '--seconds', '2000'] },
  { demo: 'long-runner', is: 'long_run', about: ['long-runner-job.ts'], whole: ['--seconds', '2400'] },
]

/** Started in the loop's watched folder where it writes files; ended after the test. */
export function startMisbehaving({ demo }: Misbehaving, flags: readonly string[], loop: TestLoop) {
  const where = demo === 'file-storm' ? ['--dir', path.join(loop.watched, 'storm')] : []
  // An endless loop is one only where it gets a processor, whatever else the machine does.
  const [command, ...before] = demo === 'cpu-spin' && process.getuid?.() === 0 ? ['nice', '-n', '-15', PROCWARDEN] : [PROCWARDEN]
  return temporaryProcess(command ?? PROCWARDEN, [...before, 'demo', demo, '--state.dir', loop.report.stateDir, ...where, ...flags])
}

export interface Diagnosed {
  readonly incident: Incident
  readonly diagnosis: Diagnosis
}

/** What has been diagnosed about it so far, the surest first. */
export function diagnosesOf({ about }: Misbehaving, stateDir: string): Diagnosed[] {
  const database = Database.openForReading(databasePath(stateDir))
  try {
    return listIncidents(database, 500).flatMap((incident) => {
      const diagnosis = diagnosisOf(database, incident.id)
      const { group, probe } = incident.labels
      const isAbout = [incident.target?.group, group, probe].some((name) => name !== undefined && about.includes(name))
      // Whole words: the machine may run programs whose names begin like it.
      const words = diagnosis?.explanation.split(/[^\w.-]+/) ?? []
      const isNamed = about.some((name) => words.includes(name))
      return diagnosis !== undefined && (isAbout || isNamed) ? [{ incident, diagnosis }] : []
    })
  } finally {
    database.close()
  }
}

/** Waits until it is diagnosed as what it is, surely enough; a wrong diagnosis of high confidence fails at once. */
export async function diagnosed(one: Misbehaving, stateDir: string, timeoutMs: number): Promise<Diagnosed> {
  return waitFor(
    `${one.demo} to be diagnosed as ${one.is}`,
    () => {
      const all = diagnosesOf(one, stateDir)
      const wrong = all.find(({ diagnosis }) => diagnosis.confidence === 'high' && diagnosis.name !== one.is && !isAlsoTrue(one, diagnosis))
      if (wrong)
        throw new Error(
          `${one.demo} is diagnosed as ${wrong.diagnosis.name} by ${wrong.incident.alertname}: ${wrong.diagnosis.explanation}`,
        )
      return all.find(({ diagnosis }) => diagnosis.name === one.is && diagnosis.confidence !== 'low')
    },
    timeoutMs,
  ).catch((error: unknown) => {
    const all = diagnosesOf(one, stateDir).map(
      ({ incident, diagnosis }) => `${incident.alertname}: ${diagnosis.name} (${diagnosis.confidence}) ${diagnosis.explanation}`,
    )
    throw new Error(`${messageOf(error)}; so far: ${all.join(' | ') || 'no incident about it'}`)
  })
}

/** A leak that is asked about by another alert may be that as well; and whatever loads the machine loads it. */
function isAlsoTrue({ is }: Misbehaving, { name }: Diagnosis): boolean {
  return name === 'host_saturation' || (is === 'write_loop' && name === 'disk_thrash')
}

/** Where other tests use the processors as well, an endless loop does not get a whole core: an override, as users write them. */
export const ON_A_BUSY_MACHINE = {
  groups: [
    {
      name: 'busy-machine',
      interval: '5s',
      rules: [{ record: 'procwarden:threshold:limit:override', labels: { signal: 'spin', group: 'cpu-spin.ts' }, expr: 'vector(0.05)' }],
    },
  ],
}

const RULES = path.resolve(import.meta.dirname, '../../prometheus/rules')
const Config = z.looseObject({ rule_files: z.array(z.string()) })

/** Lets the loop's own Prometheus evaluate every ten seconds what it evaluates every minute, and shortens the one window of ten minutes. */
export async function hastenRules(loop: TestLoop, directory: string): Promise<void> {
  for (const name of readdirSync(RULES)) {
    const rules = readFileSync(path.join(RULES, name), 'utf8')
    // What is known of a program takes hours to learn, and need not be looked at more often.
    const isNeeded = /^(?:thresholds|signals|behaviours|limits)\.yml$/.test(name)
    const hastened = rules
      .replaceAll(/^( *)interval: (?:[124]m|30s)$/gm, '$1interval: 10s')
      .replaceAll(/rate\((procwarden_process_\w+)\[10m\]\)/g, 'rate($1[40s])')
      .replaceAll(/rate\((procwarden_group_\w+)\[5m\]\)/g, 'rate($1[30s])')
      .replaceAll('procwarden_process_cpu_seconds_total offset 10m', 'procwarden_process_cpu_seconds_total offset 40s')
    writeFileSync(path.join(directory, name), isNeeded ? hastened : rules)
  }
  await useRules(loop, directory, true)
}

/** The rules stay as shipped; the overrides are beside them. */
export async function addOverrides(loop: TestLoop, directory: string): Promise<void> {
  await useRules(loop, directory, false)
}

async function useRules({ report }: TestLoop, directory: string, isInstead: boolean): Promise<void> {
  writeFileSync(path.join(directory, 'overrides.yml'), stringify(ON_A_BUSY_MACHINE))
  const file = path.join(report.stateDir, 'prometheus.yml')
  const { rule_files: shipped, ...config } = Config.parse(parse(readFileSync(file, 'utf8')))
  const own = isInstead ? path.join(directory, '*.yml') : path.join(directory, 'overrides.yml')
  writeFileSync(file, stringify({ ...config, rule_files: isInstead ? [own] : [...shipped, own] }))
  const [pid] = processesWith(`config.file=${file}`)
  process.kill(Number(pid), 'SIGHUP')
  await waitFor('the rules', async () => (await (await fetch(`${report.prometheus}/api/v1/rules`)).text()).includes(directory), 60_000)
}
