/** Owns the process that the exporter is: `procwarden exporter` becomes it once it has understood its command line. */
import { messageOf } from '../lib/errors.ts'
import { readConfiguration } from './settings-reader.ts'
import type { ExporterOptions } from './settings.ts'

// A log file on a full disk loses lines, never the program.
process.stderr.on('error', () => undefined)
// Written by cli/exporter.ts, so it needs no parsing.
const options: ExporterOptions = JSON.parse(process.argv[2] ?? '{}')
// Asked for first of all: while another process reads it, this one loads its own modules, which takes as long.
const configuration = readConfiguration(options)
// Reported where it is waited for.
configuration.catch(() => undefined)
// Not left to the end of all work: a thread that hangs in the kernel would never end.
void run().then((code) => process.exit(code))

async function run(): Promise<number> {
  const stop = new AbortController()
  try {
    const [{ createLogger }, { runExporter }, { keepSmall }, { runUntilStopped }] = await Promise.all([
      import('../lib/log.ts'),
      import('./main.ts'),
      import('./memory.ts'),
      import('../lib/lifecycle.ts'),
    ])
    const log = createLogger({ level: options.logLevel ?? 'info', format: options.logFormat ?? 'text', part: 'exporter' })
    const exporter = await runExporter(options, log, configuration)
    void keepSmall(stop.signal)
    await runUntilStopped(exporter, log)
    return 0
  } catch (error) {
    process.stderr.write(`procwarden: ${messageOf(error)}\n`)
    return 1
  } finally {
    stop.abort()
  }
}
