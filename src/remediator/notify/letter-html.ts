/**
 * Owns how a letter looks as HTML: one column that a phone shows without zooming, light or dark as the reader has it, nothing
 * loaded from anywhere. Every value is escaped by the template; styles stand at the elements, because some readers drop the rest.
 */
import { plain, type Choice, type Letter } from './letter.ts'
import { html, styleElement, type Markup } from './markup.ts'

const ACCENTS = { bad: '#b42318', ask: '#8a5300', good: '#1a6b3c', calm: '#475467' } as const

const DARK = `:root{color-scheme:light dark}
@media (prefers-color-scheme: dark){
.page{background:#101418 !important;color:#e8eaed !important}
.card{background:#1b2127 !important;border-color:#3a434c !important}
.name{color:#a9b4bf !important}
.code{background:#2a323a !important;color:#e8eaed !important}
.link{color:#8ab4f8 !important}
}`

export function letterHtml(letter: Letter): string {
  const { headline, tone, sentences, facts, choices, lines = [], footer } = letter
  const accent = ACCENTS[tone]
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="supported-color-schemes" content="light dark" />
        <title>${plain(letter.subject)}</title>
        ${styleElement(DARK)}
      </head>
      <body
        class="page"
        style="margin:0;padding:16px;background:#f4f5f7;color:#1c2127;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif"
      >
        <div
          class="card"
          style="max-width:600px;margin:0 auto;padding:20px;background:#ffffff;border:1px solid #d5d9de;border-top:4px solid ${accent};border-radius:6px"
        >
          <h1 style="margin:0 0 12px;font-size:20px;line-height:1.3;overflow-wrap:anywhere">${plain(headline)}</h1>
          ${sentences.map((sentence) => html`<p style="margin:0 0 12px;overflow-wrap:anywhere">${plain(sentence)}</p> `)}
          ${choices.map((choice) => choiceHtml(choice, accent))} ${facts.length > 0 ? factTable(facts) : ''}
          ${lines.length > 0 ? lineList(lines) : ''} ${footer.map((choice) => choiceHtml(choice, undefined))}
        </div>
      </body>
    </html>`
  return page.toString()
}

function factTable(facts: Letter['facts']): Markup {
  return html`<table role="presentation" style="width:100%;border-collapse:collapse;margin:4px 0 16px;font-size:15px">
    ${facts.map(
      ([name, value]) =>
        html`<tr>
          <td class="name" style="padding:3px 12px 3px 0;color:#59636e;vertical-align:top;white-space:nowrap">${name}</td>
          <td style="padding:3px 0;overflow-wrap:anywhere;word-break:break-word">${plain(value)}</td>
        </tr> `,
    )}
  </table>`
}

function lineList(lines: readonly string[]): Markup {
  return html`<ul style="margin:0 0 16px;padding-left:20px;font-size:15px">
    ${lines.map((line) => html`<li style="margin:0 0 6px;overflow-wrap:anywhere">${plain(line)}</li> `)}
  </ul>`
}

/** With an accent: a button, where there is a link. */
function choiceHtml({ label, command, url }: Choice, accent: string | undefined): Markup {
  const code =
    command === undefined
      ? ''
      : html`<code class="code" style="background:#eef0f3;padding:2px 5px;border-radius:3px;overflow-wrap:anywhere"
          >${plain(command)}</code
        >`
  if (url === undefined) return html`<p style="margin:0 0 10px">${label}: ${code}</p> `
  if (accent === undefined)
    return html`<p style="margin:0 0 10px;font-size:14px"><a class="link" href="${url}" style="color:#1a56b0">${label}</a> ${code}</p> `
  return html`<p style="margin:0 0 12px">
      <a
        href="${url}"
        style="display:inline-block;padding:12px 20px;background:${accent};color:#ffffff;text-decoration:none;border-radius:5px;font-weight:600"
        >${label}</a
      >
    </p>
    <p class="name" style="margin:0 0 14px;font-size:14px;color:#59636e">or: ${code}</p> `
}
