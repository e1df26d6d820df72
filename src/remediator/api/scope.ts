/** Owns the words for what a caller may do: hand in alerts, read, or act. */
import type { SCOPES } from '../config.ts'

export type Scope = (typeof SCOPES)[number]

/** Who asks, as far as that is known. */
export interface Identity {
  /** For the record: which token, or the certificate's or user's name. */
  readonly name: string
  readonly scopes: ReadonlySet<Scope>
}
