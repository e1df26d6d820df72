/** Owns what the web configuration found out about a request it let in: the user of a password, or a verified client certificate. */
import type { IncomingMessage } from 'node:http'

export type Admission =
  | { readonly kind: 'password'; readonly user: string }
  /** Its common name and subject alternative names. */
  | { readonly kind: 'certificate'; readonly names: readonly string[] }

/** Requests are forgotten with their objects; nothing from outside can set an entry. */
export class Admissions {
  readonly #byRequest = new WeakMap<IncomingMessage, Admission>()

  note(request: IncomingMessage, admission: Admission): void {
    this.#byRequest.set(request, admission)
  }

  of(request: IncomingMessage): Admission | undefined {
    return this.#byRequest.get(request)
  }
}
