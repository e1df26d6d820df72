/** Owns running checks for a person: by the remediator that runs, which keeps the results, or else by this very process. */
import path from 'node:path'
import { Option, type Command } from 'commander'
import { systemClock } from '../lib/clock.ts'
import { UsageError } from '../lib/errors.ts'
import { CheckList } from '../remediator/api/schemas.ts'
import { readBaseline } from '../remediator/checks/baseline.ts'
import { checkAndJudge } from '../remediator/checks/check-and-judge.ts'
import { placesOf } from '../remediator/checks/create-keeper.ts'
import { CheckResult } from '../remediator/checks/result.ts'
import { LoadGenerator } from '../remediator/checks/load-generator.ts'
import { loadSettings, type RemediatorSettings } from '../remediator/config.ts'
import { createPrometheus } from '../remediator/prometheus.ts'
import { syntheticCameBack } from '../remediator/store/incidents/synthetic-came-back.ts'
import { findRunningLoop } from '../stack/state-dir.ts'
import { createProgress } from './progress.ts'
import { hasStore, readStore } from './read-store.ts'
import { stateDirOption } from './options.ts'
import { ask, findRemediator, remediatorOptions, type RemediatorFlags } from './remediator-client.ts'

export interface CheckFlags extends RemediatorFlags {
  readonly 'config.file'?: string
  readonly 'exporter.url'?: string
  readonly 'prometheus.url'?: string
  readonly 'alertmanager.url'?: string
}

export interface CheckRunner {
  readonly names: readonly string[]
  run(name: string, trigger: 'hand' | 'baseline'): Promise<CheckResult>
  close(): void
}

/** A check may take a minute, and others may be before it. */
const RUN_MS_MAX = 180_000

export function addCheckOptions(command: Command): Command {
  command.addOption(stateDirOption())
  for (const option of remediatorOptions()) command.addOption(option)
  return command
    .addOption(new Option('--config.file <file>', 'run the checks of this configuration here, without asking a remediator'))
    .addOption(new Option('--exporter.url <url>', 'the exporter that checks ask (default: that of the running loop)'))
    .addOption(new Option('--prometheus.url <url>', 'the Prometheus that checks ask'))
    .addOption(new Option('--alertmanager.url <url>', 'the Alertmanager that checks ask'))
}

export async function createCheckRunner(flags: CheckFlags): Promise<CheckRunner> {
  const url = flags['config.file'] === undefined ? findRemediator(flags) : undefined
  return url === undefined ? here(flags) : there(url, flags)
}

/** The results of those asked for, one after the other; all when none is named. */
export async function runChecks(
  runner: CheckRunner,
  asked: readonly string[],
  trigger: 'hand' | 'baseline',
  times = 1,
): Promise<CheckResult[]> {
  const unknown = asked.filter((name) => !runner.names.includes(name))
  if (unknown.length > 0) throw new UsageError(`there is no check ${unknown.join(', ')}: there are ${runner.names.join(', ') || 'none'}`)
  const names = runner.names.filter((name) => asked.length === 0 || asked.includes(name))
  const progress = createProgress()
  const results: CheckResult[] = []
  try {
    for (const [index, name] of names.entries())
      for (let time = 0; time < times; time++) {
        progress.show((index * times + time) / (names.length * times), name)
        const result = await runner.run(name, trigger)
        results.push(result)
        // What is watched for half a minute, or did not pass, gains nothing by repetition.
        if (result.outcome !== 'passed' || result.kind === 'memory-growth') break
      }
  } finally {
    progress.end()
  }
  return results
}

async function there(url: string, flags: CheckFlags): Promise<CheckRunner> {
  const checks = CheckList.parse(await ask(url, '/api/checks', flags))
  return {
    names: checks.map((check) => check.name),
    run: async (name, trigger) =>
      CheckResult.parse(await ask(url, `/api/checks/${encodeURIComponent(name)}/run`, flags, { trigger }, RUN_MS_MAX)),
    close: () => undefined,
  }
}

function here(flags: CheckFlags): CheckRunner {
  const stateDir = path.resolve(flags['state.dir'])
  const loop = findRunningLoop(stateDir)
  const settings: RemediatorSettings = loadSettings({
    configFile: flags['config.file'],
    stateDir,
    address: { host: '127.0.0.1', port: 0 },
    exporterUrl: flags['exporter.url'] ?? loop?.exporter,
    prometheusUrl: flags['prometheus.url'] ?? loop?.prometheus,
    alertmanagerUrl: flags['alertmanager.url'] ?? loop?.alertmanager,
  })
  const { config, peers, commandEnvironment: environment } = settings
  const load = new LoadGenerator(environment)
  const clock = systemClock()
  const baseline = readBaseline(stateDir)
  const tools = {
    load,
    environment,
    prometheus: peers.prometheus && createPrometheus(peers.prometheus),
    instance: config.host.instances[0],
    places: placesOf(config, stateDir, flags['remediator.url'] ?? loop?.remediator),
    cameBack: (nonce: string) => hasStore(stateDir) && readStore(stateDir, (database) => syntheticCameBack(database, nonce)),
  }
  const stop = new AbortController()
  return {
    names: config.checks.suite.map((check) => check.name),
    run: (name, trigger) => {
      const definition = config.checks.suite.find((check) => check.name === name)
      if (definition === undefined) return Promise.reject(new UsageError(`there is no check ${name}`))
      const healthy = baseline?.checks[name]
      return checkAndJudge(definition, { trigger, clock, healthy, limits: config.checks.drift }, tools, stop.signal)
    },
    close: () => {
      stop.abort()
      load.close()
    },
  }
}
