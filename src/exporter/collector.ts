/** The contract between the registry and what it collects from. One collector per file in collectors/. */
import type { Exposition } from './exposition.ts'

export interface Collector {
  /** The value of the `collector` label and of the flags `--collector.NAME` and `--no-collector.NAME`. */
  readonly name: string
  /** Writes every family it owns. Throws or rejects when it cannot: then its last good result is served in its place. */
  collect(out: Exposition): Promise<void>
}
