/** Owns the single executable `procwarden-exporter`: `procwarden exporter` without the rest. */
import { readVersion } from '../../lib/version.ts'
import { exporterCommand } from '../exporter.ts'
import { runCommandLine } from '../run.ts'

void runCommandLine(
  () => Promise.resolve(exporterCommand().name('procwarden-exporter').version(readVersion(), '-V, --version').exitOverride()),
  process.argv,
)
