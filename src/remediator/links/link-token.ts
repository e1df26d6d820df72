/**
 * Owns the signed text in a link by which a person answers from a mail. It says which question, which answer, for whom and until when;
 * the signature binds it to everything that was asked: incident, target, action, policy. Whether it was used is the question's state.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { ApprovalAnswer } from '../decide-approval.ts'
import type { Approval } from '../store/approvals.ts'

export interface LinkToken {
  /** The question. */
  readonly approval: number
  readonly answer: ApprovalAnswer
  readonly expiresAtMs: number
  /** To whom the link was sent, for the record. */
  readonly recipient: string
  readonly signature: string
}

const VERSION = 'v1'
const TOKEN_LENGTH_MAX = 1_024
const LETTERS = { approve: 'a', deny: 'd' } as const

export function createLinkToken(approval: Approval, answer: ApprovalAnswer, recipient: string, secret: string): string {
  const { expiresAtMs } = approval
  const signature = sign(approval, { approval: approval.id, answer, expiresAtMs, recipient }, secret)
  return [VERSION, approval.id, LETTERS[answer], expiresAtMs, Buffer.from(recipient).toString('base64url'), signature].join('.')
}

/** Only what it says; nothing is proven before `isGenuine`. Undefined for anything that is no token at all. */
export function parseLinkToken(text: string): LinkToken | undefined {
  if (text.length > TOKEN_LENGTH_MAX) return undefined
  const match = /^v1\.(\d{1,15})\.([ad])\.(\d{1,15})\.([\w-]*)\.([\w-]{43})$/.exec(text)
  if (!match) return undefined
  const [, approval = '', letter = '', expiresAtMs = '', recipient = '', signature = ''] = match
  return {
    approval: Number(approval),
    answer: letter === 'a' ? 'approve' : 'deny',
    expiresAtMs: Number(expiresAtMs),
    recipient: Buffer.from(recipient, 'base64url').toString('utf8'),
    signature,
  }
}

/** Whether we made this token for exactly this question. Takes the same time for every wrong one. */
export function isGenuine(token: LinkToken, approval: Approval, secret: string): boolean {
  const expected = Buffer.from(sign(approval, token, secret))
  const given = Buffer.from(token.signature)
  return expected.length === given.length && timingSafeEqual(expected, given)
}

/** JSON keeps the fields apart, whatever is in them. */
function sign(approval: Approval, { answer, expiresAtMs, recipient }: Omit<LinkToken, 'signature'>, secret: string): string {
  const { id, incident, attempt, policy, steps, targetKey, bootId } = approval
  const bound = [VERSION, id, incident, attempt, policy, steps, targetKey, bootId, answer, expiresAtMs, recipient]
  return createHmac('sha256', secret).update(JSON.stringify(bound)).digest('base64url')
}
