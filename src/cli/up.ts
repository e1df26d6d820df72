/** Owns `procwarden up`: the flags of the whole loop, what it prints when ready, and ending with the signal that asks for it. */
import { existsSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { Command, Option } from 'commander'
import { UsageError } from '../lib/errors.ts'
import { createLogger, type LogFormat, type LogLevel } from '../lib/log.ts'
import { startStack, type LoopReport, type RunningStack } from '../stack/up.ts'
import { collect, logOptions, parseDurationMs, parsePort, stateDirOption } from './options.ts'

interface Flags {
  readonly 'state.dir': string
  readonly mode: string
  readonly watch?: string[]
  readonly 'scrape.interval': number
  readonly 'port.exporter': number
  readonly 'port.remediator': number
  readonly 'port.prometheus': number
  readonly 'port.alertmanager': number
  readonly 'port.grafana': number
  readonly grafana: boolean
  readonly 'config.exporter'?: string
  readonly 'config.remediator'?: string
  readonly json?: boolean
  readonly 'log.level': LogLevel
  readonly 'log.format': LogFormat
}

export function upCommand(): Command {
  const port = (part: string, number: number): Option =>
    new Option(`--port.${part} <n>`, `port of ${part} on 127.0.0.1 (0: any free one)`).argParser(parsePort).default(number)
  const command = new Command('up')
    .description('run the whole loop on this machine: exporter, Prometheus, Alertmanager and remediator')
    .addOption(stateDirOption())
    .addOption(
      new Option('--mode <mode>', 'observe: only tell; confirm: ask first; auto: act')
        .choices(['observe', 'confirm', 'auto'])
        .default('observe'),
    )
    .addOption(new Option('--watch <dir>', 'count files created below this folder (repeatable)').argParser(collect))
    .addOption(new Option('--scrape.interval <duration>', 'how often is measured').argParser(parseDurationMs).default(5_000, '5s'))
    .addOption(port('exporter', 9930))
    .addOption(port('remediator', 9931))
    .addOption(port('prometheus', 9932))
    .addOption(port('alertmanager', 9933))
    .addOption(port('grafana', 9934))
    .addOption(new Option('--no-grafana', 'start no Grafana, even where there is one on this machine'))
    .addOption(new Option('--config.exporter <file>', 'configuration of the exporter'))
    .addOption(new Option('--config.remediator <file>', 'configuration of the remediator'))
    .addOption(new Option('--json', 'print one line of JSON with the addresses when ready, and nothing else on standard output'))
  for (const option of logOptions()) command.addOption(option)
  return command.action(async (flags: Flags) => up(flags))
}

async function up(flags: Flags): Promise<void> {
  const log = createLogger({ level: flags['log.level'], format: flags['log.format'], part: 'up' })
  const aborter = new AbortController()
  const stopped = new Promise<void>((resolve) => aborter.signal.addEventListener('abort', () => resolve()))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => aborter.abort(new Error(`stopped by ${signal}`)))
  const watch = (flags.watch ?? []).map(existingDirectory)
  let stack: RunningStack
  try {
    stack = await startStack(
      {
        stateDir: path.resolve(flags['state.dir']),
        mode: flags.mode,
        watch,
        scrapeIntervalMs: flags['scrape.interval'],
        ports: {
          exporter: flags['port.exporter'],
          remediator: flags['port.remediator'],
          prometheus: flags['port.prometheus'],
          alertmanager: flags['port.alertmanager'],
          grafana: flags['port.grafana'],
        },
        grafana: flags.grafana,
        exporterConfig: flags['config.exporter'],
        remediatorConfig: flags['config.remediator'],
        logLevel: flags['log.level'],
      },
      log,
      aborter.signal,
    )
  } catch (error) {
    if (aborter.signal.aborted) return
    throw error
  }
  process.stdout.write(flags.json === true ? `${JSON.stringify(stack.report)}\n` : readyText(stack.report, flags.mode))
  await stopped
  log.info('Stopping')
  await stack.stop()
}

function existingDirectory(directory: string): string {
  const resolved = path.resolve(directory)
  if (!existsSync(resolved) || !statSync(resolved).isDirectory()) throw new UsageError(`--watch ${directory}: there is no such folder`)
  return realpathSync(resolved)
}

function readyText(report: LoopReport, mode: string): string {
  const meaning = { observe: 'it only tells what it would do', confirm: 'it asks before it acts', auto: 'it acts' }[mode]
  return [
    '',
    'procwarden is running.',
    '',
    `  exporter      ${report.exporter}/metrics`,
    `  console       ${report.remediator}/    bin/procwarden console prints a link that signs you in`,
    `  prometheus    ${report.prometheus}`,
    `  alertmanager  ${report.alertmanager}`,
    ...(report.grafana === null ? [] : [`  grafana       ${report.grafana}`]),
    `  state         ${report.stateDir}`,
    `  mode          ${mode}: ${meaning ?? ''}`,
    '',
    'Try it from another terminal:  bin/procwarden demo file-storm',
    'See what happened:             bin/procwarden incidents',
    'Stop everything:               Ctrl-C',
    '',
    '',
  ].join('\n')
}
