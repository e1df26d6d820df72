/** Owns `procwarden remediator`: its flags. */
import path from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { UsageError } from '../lib/errors.ts'
import { parseListenAddress } from '../lib/http.ts'
import { runUntilStopped } from '../lib/lifecycle.ts'
import { createLogger, type LogFormat, type LogLevel } from '../lib/log.ts'
import { runRemediator } from '../remediator/main.ts'
import { MODES, type Mode } from '../remediator/model.ts'
import { collect, logOptions, stateDirOption } from './options.ts'

interface Flags {
  readonly 'config.file'?: string
  readonly 'web.listenAddress': string
  readonly 'web.tokenFile'?: string
  readonly 'state.dir': string
  readonly mode?: Mode
  readonly 'web.config.file'?: string
  readonly 'web.readTokenFile'?: string
  readonly 'web.actTokenFile'?: string
  readonly 'prometheus.url'?: string
  readonly 'alertmanager.url'?: string
  readonly 'exporter.url'?: string
  readonly 'host.instance'?: string[]
  readonly 'never.tree'?: number[]
  readonly 'path.procfs': string
  readonly 'log.level': LogLevel
  readonly 'log.format': LogFormat
}

export function remediatorCommand(): Command {
  const command = new Command('remediator')
    .description('receive alerts from Alertmanager and act on them within the policies')
    .addOption(new Option('--config.file <file>', 'configuration (see config/remediator.yml); defaults without one'))
    .addOption(new Option('--web.listen-address <host:port>', 'where to listen').default('127.0.0.1:9931'))
    .addOption(
      new Option(
        '--web.token-file <file>',
        'bearer token of the webhook and the API (default: webhook-token in the state folder, made when absent)',
      ),
    )
    .addOption(new Option('--web.read-token-file <file>', 'token that may only read (default: read-token in the state folder)'))
    .addOption(new Option('--web.act-token-file <file>', 'token that may read and act (default: act-token in the state folder)'))
    .addOption(new Option('--web.config.file <file>', 'TLS, client certificates, passwords and headers; plain HTTP without one'))
    .addOption(stateDirOption())
    .addOption(new Option('--mode <mode>', 'overrides the mode of the configuration').choices(MODES))
    .addOption(new Option('--prometheus.url <url>', 'where to confirm targets'))
    .addOption(new Option('--exporter.url <url>', 'where diagnoses learn who created files lately; its pages are checked'))
    .addOption(new Option('--alertmanager.url <url>', 'where active alerts are read from, at the start and every minute'))
    .addOption(new Option('--host.instance <name>', 'an instance label that means this host (repeatable)').argParser(collect))
    .addOption(new Option('--never.tree <pid>', 'a process tree that is never touched (repeatable)').argParser(collectPid))
    .addOption(new Option('--path.procfs <dir>', 'where /proc is').default('/proc'))
  for (const option of logOptions()) command.addOption(option)
  return command.action(async (flags: Flags) => {
    const log = createLogger({ level: flags['log.level'], format: flags['log.format'], part: 'remediator' })
    const remediator = await runRemediator(
      {
        configFile: flags['config.file'],
        stateDir: path.resolve(flags['state.dir']),
        address: parseListenAddress(flags['web.listenAddress']),
        mode: flags.mode,
        prometheusUrl: flags['prometheus.url'],
        alertmanagerUrl: flags['alertmanager.url'],
        exporterUrl: flags['exporter.url'],
        tokenFile: flags['web.tokenFile'],
        readTokenFile: flags['web.readTokenFile'],
        actTokenFile: flags['web.actTokenFile'],
        webConfigFile: flags['web.config.file'],
        hostInstances: flags['host.instance'] ?? [],
        neverTrees: flags['never.tree'] ?? [],
        procfs: flags['path.procfs'],
      },
      log,
    )
    const failed = remediator.failed.then((why) => {
      throw new UsageError(`it cannot go on: ${why}`)
    })
    await Promise.race([runUntilStopped(remediator, log), failed])
  })
}

function collectPid(text: string, previous: readonly number[] | undefined): number[] {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError('write a process id.')
  return [...(previous ?? []), Number(text)]
}
