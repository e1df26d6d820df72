/** Owns what the kinds of checks work with. Runs nothing. */
import type { Prometheus } from '../prometheus.ts'
import type { LoadGenerator } from './load-generator.ts'
import type { Places } from './places.ts'

export interface CheckTools {
  readonly places: Places
  readonly load: LoadGenerator
  readonly prometheus: Prometheus | undefined
  /** What scripts are run with. */
  readonly environment: Readonly<Record<string, string>>
  /** A value of `instance` that means this machine. */
  readonly instance: string | undefined
  /** Whether the synthetic alert with this nonce has become a closed incident. */
  readonly cameBack: (nonce: string) => boolean
}
