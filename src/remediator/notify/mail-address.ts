/** Owns what a mail address is here: one plain address, or one behind a name; nothing that could add a header or a recipient. */
import { z } from 'zod'

/** Of RFC 5321, without quoted local parts, comments and source routes, which only ever meant trouble. */
// oxlint-disable-next-line no-control-regex -- control characters are what this refuses
const LOCAL_PART = /^[^\s@<>()[\]\\,;:"\u0000-\u001f\u007f-\u009f]{1,64}$/
const HOST = /^[A-Za-z0-9\u00a1-\uffff](?:[A-Za-z0-9\u00a1-\uffff.-]{0,252}[A-Za-z0-9\u00a1-\uffff])?$/
// oxlint-disable-next-line no-control-regex -- control characters are what this refuses
const NAMED = /^([^<>@"\\,;:\u0000-\u001f\u007f-\u009f]{1,100}) <([^<>]+)>$/

export function isMailAddress(text: string): boolean {
  const [local = '', host = '', ...more] = text.split('@')
  return more.length === 0 && LOCAL_PART.test(local) && HOST.test(host) && !text.includes('..')
}

export const MailAddress = z.string().refine(isMailAddress, { error: 'is not a mail address: write NAME@HOST' })

/** `ada@example.org` or `Ada Lovelace <ada@example.org>`. */
export const SenderAddress = z
  .string()
  .refine((text) => isMailAddress(NAMED.exec(text)?.[2] ?? text), { error: 'is not a mail address: write NAME@HOST, or Name <NAME@HOST>' })
