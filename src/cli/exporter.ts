/** Owns `procwarden exporter`: its flags. */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, Option } from 'commander'
import { FILES_BACKENDS, PROCESSES_BACKENDS, type ExporterOptions, type FilesBackend, type ProcessesBackend } from '../exporter/settings.ts'
import { SMALL_ENVIRONMENT, SMALL_NODE_FLAGS } from '../exporter/memory.ts'
import type { LogFormat, LogLevel } from '../lib/log.ts'
import { isSingleFile, programArguments } from '../lib/single-file.ts'
import { environmentWith } from './config.ts'
import { collect, logOptions, parsePositiveInteger } from './options.ts'

interface Flags {
  readonly 'config.file'?: string
  readonly 'web.listenAddress': string
  readonly 'web.config.file'?: string
  readonly 'path.procfs': string
  readonly 'collector.processes': boolean
  readonly 'collector.processes.backend'?: ProcessesBackend
  readonly 'collector.files': boolean
  readonly 'collector.lifecycle': boolean
  readonly 'explain.pid'?: number
  readonly 'collector.host': boolean
  readonly 'collector.probes': boolean
  readonly 'collector.services': boolean
  readonly 'path.sysfs': string
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
    .addOption(new Option('--web.config.file <file>', 'TLS, passwords and headers (see docs/exporter.md); plain HTTP without one'))
    .addOption(new Option('--path.procfs <dir>', 'where /proc is').default('/proc'))
    .addOption(new Option('--no-collector.processes', 'switch the processes collector off'))
    .addOption(new Option('--collector.processes.backend <name>', 'how processes are read').choices(PROCESSES_BACKENDS))
    .addOption(new Option('--no-collector.files', 'switch the files collector off'))
    .addOption(new Option('--no-collector.lifecycle', 'switch the lifecycle collector off'))
    .addOption(new Option('--path.sysfs <dir>', 'where /sys is').default('/sys'))
    .addOption(new Option('--no-collector.host', 'switch the host collector off'))
    .addOption(new Option('--no-collector.probes', 'switch the probes collector off'))
    .addOption(new Option('--no-collector.services', 'switch the services collector off'))
    .addOption(
      new Option(
        '--collector.files.watch <dir>',
        'count files created below this folder, instead of the configured ones (repeatable)',
      ).argParser(collect),
    )
    .addOption(new Option('--collector.files.exclude <dir>', 'never count below this folder (repeatable)').argParser(collect))
    .addOption(new Option('--collector.files.backend <name>', 'how creations are seen').choices(FILES_BACKENDS))
    .addOption(new Option('--explain.pid <pid>', 'say how this process is grouped and why, and end').argParser(parsePositiveInteger))
  for (const option of logOptions()) command.addOption(option)
  return command.action(async (flags: Flags) => {
    if (flags['explain.pid'] !== undefined) {
      const { explainProcess } = await import('../exporter/explain.ts')
      process.stdout.write(explainProcess(flags['explain.pid'], { configFile: flags['config.file'], procfs: flags['path.procfs'] }))
      return
    }
    await become({
      listenAddress: flags['web.listenAddress'],
      procfs: flags['path.procfs'],
      sysfs: flags['path.sysfs'],
      logLevel: flags['log.level'],
      logFormat: flags['log.format'],
      ...(flags['web.config.file'] === undefined ? {} : { webConfigFile: flags['web.config.file'] }),
      ...(flags['config.file'] === undefined ? {} : { configFile: flags['config.file'] }),
      ...(flags['collector.files.watch'] === undefined ? {} : { filesWatch: flags['collector.files.watch'] }),
      ...(flags['collector.files.exclude'] === undefined ? {} : { filesExclude: flags['collector.files.exclude'] }),
      ...(flags['collector.files.backend'] === undefined ? {} : { filesBackend: flags['collector.files.backend'] }),
      ...(flags['collector.processes.backend'] === undefined ? {} : { processesBackend: flags['collector.processes.backend'] }),
      ...(flags['collector.processes'] ? {} : { processes: false }),
      ...(flags['collector.files'] ? {} : { files: false }),
      ...(flags['collector.lifecycle'] ? {} : { lifecycle: false }),
      ...(flags['collector.host'] ? {} : { host: false }),
      ...(flags['collector.probes'] ? {} : { probes: false }),
      ...(flags['collector.services'] ? {} : { services: false }),
    })
  })
}

/**
 * Replaces this process (the pid stays) by one that is started to be small, and without the libraries of a command line in it.
 * Where that cannot be done (Windows has no execve(2)) it goes on as it is.
 */
async function become(options: ExporterOptions): Promise<void> {
  const extension = path.extname(import.meta.filename)
  const program = fileURLToPath(new URL(`../exporter/procwarden-exporter${extension}`, import.meta.url))
  // A single executable has the flags for Node in it, and takes none from its command line.
  const flags = isSingleFile() ? [] : [...process.execArgv, ...SMALL_NODE_FLAGS]
  const args = [process.execPath, ...flags, ...programArguments('procwarden-exporter', program), JSON.stringify(options)]
  if (typeof process.execve === 'function' && process.platform !== 'win32') {
    // The warning that execve is experimental is not about anything the user does.
    process.removeAllListeners('warning')
    process.execve(process.execPath, args, environmentWith(SMALL_ENVIRONMENT))
  }
  process.argv.splice(1, Infinity, program, JSON.stringify(options))
  await import(`../exporter/procwarden-exporter${extension}`)
}
