/** Owns `procwarden exporter`: its flags. */
import { Command, Option } from 'commander'
import { FILES_BACKENDS, type FilesBackend } from '../exporter/config.ts'
import { runExporter } from '../exporter/main.ts'
import { runUntilStopped } from '../lib/lifecycle.ts'
import { createLogger, type LogFormat, type LogLevel } from '../lib/log.ts'
import { collect, logOptions } from './options.ts'

interface Flags {
  readonly 'config.file'?: string
  readonly 'web.listenAddress': string
  readonly 'path.procfs': string
  readonly 'collector.processes': boolean
  readonly 'collector.files': boolean
  readonly 'collector.files.watch'?: string[]
  readonly 'collector.files.exclude'?: string[]
  readonly 'collector.files.backend'?: FilesBackend
  readonly 'log.level': LogLevel
  readonly 'log.format': LogFormat
}

export function exporterCommand(): Command {
  const command = new Command('exporter')
    .description('publish per-process and file-creation metrics on /metrics')
    .addOption(new Option('--config.file <file>', 'configuration (see config/exporter.yml); defaults without one'))
    .addOption(new Option('--web.listen-address <host:port>', 'where to listen').default('127.0.0.1:9930'))
    .addOption(new Option('--path.procfs <dir>', 'where /proc is').default('/proc'))
    .addOption(new Option('--no-collector.processes', 'switch the processes collector off'))
    .addOption(new Option('--no-collector.files', 'switch the files collector off'))
    .addOption(
      new Option(
        '--collector.files.watch <dir>',
        'count files created below this folder, instead of the configured ones (repeatable)',
      ).argParser(collect),
    )
    .addOption(new Option('--collector.files.exclude <dir>', 'never count below this folder (repeatable)').argParser(collect))
    .addOption(new Option('--collector.files.backend <name>', 'how creations are seen').choices(FILES_BACKENDS))
  for (const option of logOptions()) command.addOption(option)
  return command.action(async (flags: Flags) => {
    const log = createLogger({ level: flags['log.level'], format: flags['log.format'], part: 'exporter' })
    const exporter = await runExporter(
      {
        listenAddress: flags['web.listenAddress'],
        procfs: flags['path.procfs'],
        ...(flags['config.file'] === undefined ? {} : { configFile: flags['config.file'] }),
        ...(flags['collector.files.watch'] === undefined ? {} : { filesWatch: flags['collector.files.watch'] }),
        ...(flags['collector.files.exclude'] === undefined ? {} : { filesExclude: flags['collector.files.exclude'] }),
        ...(flags['collector.files.backend'] === undefined ? {} : { filesBackend: flags['collector.files.backend'] }),
        ...(flags['collector.processes'] ? {} : { processes: false }),
        ...(flags['collector.files'] ? {} : { files: false }),
      },
      log,
    )
    await runUntilStopped(exporter, log)
  })
}
