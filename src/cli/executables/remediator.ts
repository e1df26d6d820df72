/** Owns the single executable `procwarden-remediator`: `procwarden remediator` without the rest. */
import { readVersion } from '../../lib/version.ts'
import { runCommandLine } from '../run.ts'
import { keepHeapSmall } from '../small-heap.ts'

void runCommandLine(async () => {
  keepHeapSmall()
  const { remediatorCommand } = await import('../remediator.ts')
  return remediatorCommand().name('procwarden-remediator').version(readVersion(), '-V, --version').exitOverride()
}, process.argv)
