/** Owns making the links that go into mails. */
import type { Approval } from '../store/approvals.ts'
import { LINK_PATH } from './link-routes.ts'
import { createLinkToken } from './link-token.ts'

/** In the state folder; made, readable by its owner only, when it is not there. Deleting it makes every link worthless. */
export const LINK_SECRET_FILE = 'link-secret'

export function createLinks(baseUrl: string, secret: string) {
  const base = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`
  const linkTo = (approval: Approval, answer: 'approve' | 'deny', recipient: string): string =>
    new URL(`${LINK_PATH}/${createLinkToken(approval, answer, recipient, secret)}`, base).toString()
  return (approval: Approval, recipient: string) => ({
    approve: linkTo(approval, 'approve', recipient),
    deny: linkTo(approval, 'deny', recipient),
  })
}
