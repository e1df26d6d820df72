/** Owns forms that act: each carries the session's secret and the page to come back to, and says what it does. */
import { html, type Html, type Value } from '../html.ts'
import type { Visit } from '../page.ts'

export interface ActionForm {
  readonly action: string
  readonly label: string
  /** What the button does, for who cannot see where it stands. */
  readonly description?: string
  readonly tone?: 'primary' | 'danger' | 'plain'
  /** Further fields. */
  readonly fields?: Value
  /** Asked before it is done, where there is a script. */
  readonly question?: string
  /** Sent along as a hidden field. */
  readonly hidden?: Readonly<Record<string, string>>
}

/** Nothing for who may only read. */
export function actionForm(visit: Visit, form: ActionForm): Html | undefined {
  if (!visit.mayAct) return undefined
  const { action, label, description, tone = 'plain', fields, question, hidden = {} } = form
  const hiddenFields = Object.entries({ csrf: visit.session.csrf, back: visit.request.originalUrl, ...hidden })
  return html`<form class="act" method="post" action="${action}" data-question="${question ?? ''}">
    ${hiddenFields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)} ${fields}
    <button class="${tone}" type="submit" ${description === undefined ? undefined : html` aria-label="${description}"`}>${label}</button>
  </form>`
}
