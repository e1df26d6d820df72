/** Owns the pages behind a mail's link: what would be done, and what became of it. No script, nothing loaded, escaped throughout. */
import { createHash } from 'node:crypto'
import type { ApprovalAnswer } from '../decide-approval.ts'
import type { Incident } from '../model.ts'
import { descriptionOf } from '../notify/incident-letter.ts'
import { plain } from '../notify/letter.ts'
import { html, styleElement, type Markup } from '../notify/markup.ts'
import type { Approval } from '../store/approvals.ts'

const STYLE = `:root{color-scheme:light dark;--back:#f4f5f7;--card:#fff;--ink:#1c2127;--soft:#59636e;--line:#d5d9de;--yes:#1a6b3c;--no:#475467}
@media (prefers-color-scheme:dark){:root{--back:#101418;--card:#1b2127;--ink:#e8eaed;--soft:#a9b4bf;--line:#3a434c;--yes:#2f8f57;--no:#5d6b79}}
body{margin:0;padding:16px;background:var(--back);color:var(--ink);font:17px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:36rem;margin:0 auto;padding:20px;background:var(--card);border:1px solid var(--line);border-radius:6px}
h1{font-size:1.3rem;line-height:1.3;margin:0 0 12px}p,h1,dd{overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 14px;margin:16px 0}dt{color:var(--soft)}dd{margin:0}
button{font:inherit;font-weight:600;width:100%;padding:14px;border:0;border-radius:5px;color:#fff;background:var(--no);cursor:pointer}
button.approve{background:var(--yes)}button:focus-visible{outline:3px solid var(--ink);outline-offset:3px}`

/** The page may show this style, send its form here, and nothing else. */
export const LINK_PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  // The address is the key: it goes to nobody else. Without any referrer, a browser would not tell where the form comes from either.
  'Referrer-Policy': 'same-origin',
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'X-Robots-Tag': 'noindex, nofollow',
}

/** The question, and the one answer that this link is for. Seeing it does nothing. */
export function questionPage(answer: ApprovalAnswer, approval: Approval, incident: Incident): string {
  const { action, target, policy, why, frozen, onExpiry, expiresAtMs } = approval
  const verb = answer === 'approve' ? 'Let it happen' : 'Leave it alone'
  const meanwhile = frozen > 0 ? 'frozen: it does nothing and loses nothing' : 'runs on'
  const then = {
    deny: frozen > 0 ? 'nothing is done, and it goes on' : 'nothing is done',
    approve: 'it is done all the same',
    'leave-frozen': 'nothing is done, and it stays frozen',
  }
  return page(
    `${verb}?`,
    html`<h1>${answer === 'approve' ? 'Do this' : 'Do not do this'}: ${plain(action)} ${plain(target)}?</h1>
      <p>${plain(descriptionOf(incident))}</p>
      <dl>
        <dt>Alert</dt>
        <dd>${plain(incident.alertname)} (${plain(incident.severity)}), since ${plain(incident.startedAt)}</dd>
        <dt>Policy</dt>
        <dd>${plain(policy)}; you are asked because ${plain(why)}</dd>
        <dt>Meanwhile</dt>
        <dd>${meanwhile}</dd>
        <dt>Answer until</dt>
        <dd>${timeText(expiresAtMs)}; without an answer ${then[onExpiry]}</dd>
        <dt>Incident</dt>
        <dd>${plain(incident.id)}</dd>
      </dl>
      <form method="post"><button class="${answer}" name="confirm" value="yes">${verb}</button></form>`,
  )
}

export function outcomePage(title: string, text: string): string {
  return page(
    title,
    html`<h1>${title}</h1>
      <p>${plain(text)}</p>`,
  )
}

export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

function page(title: string, body: Markup): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} - procwarden</title>
        ${styleElement(STYLE)}
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html>`.toString()
}
