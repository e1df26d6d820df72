/** Owns the frame that all pages share: navigation, the strip that tells how procwarden is, banners, and the foot. */
import type { Status } from '../../api/schemas.ts'
import type { HumanAlertView } from '../../people-view.ts'
import type { Assets } from '../assets.ts'
import { whole } from '../figures.ts'
import { html, type Html, type Value } from '../html.ts'
import { SECTIONS, type PageContent, type Visit } from '../page.ts'
import type { Notice } from '../sessions.ts'
import { timeAgo } from '../time.ts'
import { badge, modeMeaning } from '../words.ts'
import { actionForm } from './forms.ts'

export interface Frame {
  readonly host: string
  readonly assets: Assets
  readonly status: Status
  readonly humanAlerts: readonly HumanAlertView[]
}

const BANNERS_MAX = 5

export function wholePage(content: PageContent, visit: Visit, notice: Notice | undefined, frame: Frame): Html {
  const { title, section, body, hasChart = false } = content
  const waiting = frame.status.incidents.awaiting_approval
  const count = waiting > 0 ? `(${waiting}) ` : ''
  return html`<!doctype html>
    <html lang="en">
      ${head(`${count}${title} · procwarden`, frame.assets, hasChart)}
      <body data-live="/events" data-seq="${frame.status.audit.length}">
        <a class="skip" href="#main">Skip to the content</a>
        <header class="top">
          <a class="brand" href="/"><img src="${frame.assets.href('icon.svg')}" alt="" width="20" height="20" />procwarden</a>
          <nav aria-label="Pages">
            <ul>
              ${Object.entries(SECTIONS).map(
                ([key, { path, title: name }]) =>
                  html`<li><a href="${path}" ${key === section && html` aria-current="page"`}>${name}</a></li>`,
              )}
            </ul>
          </nav>
          <div class="who">
            <span title="this machine">${frame.host}</span>
            <span>${visit.session.name}${!visit.mayAct && ' (may only read)'}</span>
            <form method="post" action="/sign-out">
              <input type="hidden" name="csrf" value="${visit.session.csrf}" /><button class="link" type="submit">Sign out</button>
            </form>
          </div>
        </header>
        <div id="strip" class="strip" data-region>${strip(visit, frame.status)}</div>
        <div id="banners" data-region>${banners(visit, frame.humanAlerts)}</div>
        <main id="main" tabindex="-1">${notice && html`<p class="notice ${notice.tone}" role="status">${notice.text}</p>`} ${body}</main>
        ${foot(frame)}
      </body>
    </html>`
}

export function head(title: string, assets: Assets, hasChart = false, more?: Value): Html {
  const script = (name: Parameters<Assets['href']>[0]): Html => html`<script src="${assets.href(name)}" type="module"></script>`
  return html`<head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${title}</title>
    ${more}
    <link rel="icon" href="${assets.href('icon.svg')}" type="image/svg+xml" />
    ${hasChart && html`<link rel="stylesheet" href="${assets.href('dist/uPlot.min.css')}" />`}
    <link rel="stylesheet" href="${assets.href('console.css')}" />
    ${script('console.js')}
    ${hasChart && [html`<script src="${assets.href('dist/uPlot.iife.min.js')}" defer></script>`, script('chart.js')]}
  </head>`
}

function strip(visit: Visit, { mode, pause, incidents, audit, leader, mailsWaiting, cooldowns }: Status): Value {
  const working = incidents.queued + incidents.deferred
  return html`<dl class="figures">
      <div>
        <dt>Mode</dt>
        <dd><strong>${mode ?? 'not running'}</strong>${mode && html` <span class="quiet">${modeMeaning(mode)}</span>`}</dd>
      </div>
      <div>
        <dt>Waiting for you</dt>
        <dd>
          ${incidents.awaiting_approval > 0 ? badge({ word: whole(incidents.awaiting_approval), shape: '▲', tone: 'ask' }) : 'nothing'}
        </dd>
      </div>
      <div>
        <dt>In work</dt>
        <dd>${whole(working)}</dd>
      </div>
      <div>
        <dt>Cooling down</dt>
        <dd>${whole(cooldowns)}</dd>
      </div>
      ${
        mailsWaiting > 0 &&
        html`<div>
          <dt>Mails waiting</dt>
          <dd>${whole(mailsWaiting)}</dd>
        </div>`
      }
      <div>
        <dt>Audit trail</dt>
        <dd>
          <a href="/audit">${whole(audit.length)} entries</a
          >${!audit.intactAtStart && [' ', badge({ word: 'broken', shape: '✕', tone: 'bad' })]}
        </dd>
      </div>
      ${
        !leader &&
        html`<div>
          <dt>Role</dt>
          <dd>stands by for another remediator</dd>
        </div>`
      }
    </dl>
    ${killSwitch(visit, pause)}`
}

function killSwitch(visit: Visit, pause: Status['pause']): Html {
  if (pause) {
    return html`<div class="switch paused">
      <p>
        ${badge({ word: 'paused', shape: '❚❚', tone: 'bad' })} by ${pause.by}
        ${timeAgo(pause.at, visit.nowMs)}${pause.why !== '' && `: ${pause.why}`}. Nothing is acted upon.
      </p>
      ${actionForm(visit, { action: '/resume', label: 'Resume', tone: 'primary' })}
    </div>`
  }
  const why = html`<label class="quiet-label"
    ><span class="hidden">Why it is paused</span><input name="why" placeholder="why (optional)" maxlength="500"
  /></label>`
  return html`<div class="switch">
    <p>${badge({ word: 'running', shape: '●', tone: 'good' })}</p>
    ${
      visit.mayAct &&
      html`<details id="pause">
        <summary>Kill switch</summary>
        ${actionForm(visit, { action: '/pause', label: 'Pause everything', tone: 'danger', fields: why })}
      </details>`
    }
  </div>`
}

function banners(visit: Visit, alerts: readonly HumanAlertView[]): Value {
  if (alerts.length === 0) return undefined
  const rest = alerts.length - BANNERS_MAX
  return html`<section class="alarm" aria-labelledby="alarm-title">
    <h2 id="alarm-title">
      <span aria-hidden="true">▲</span> ${alerts.length === 1 ? 'A person is needed' : `A person is needed: ${alerts.length} times`}
    </h2>
    <ul>
      ${alerts.slice(0, BANNERS_MAX).map(
        ({ incident, at, text }) =>
          html`<li>
            <p><a href="/incidents/${incident}">${text}</a> <span class="quiet">${timeAgo(at, visit.nowMs)}</span></p>
            ${acknowledgeForm(visit, incident)}
          </li>`,
      )}
    </ul>
    ${rest > 0 && html`<p class="quiet">and ${rest} more, below</p>`}
  </section>`
}

export function acknowledgeForm(visit: Visit, incident: string): Html | undefined {
  return actionForm(visit, {
    action: `/incidents/${incident}/acknowledge`,
    label: 'Acknowledge',
    description: `Acknowledge incident ${incident}`,
  })
}

function foot({ status, assets }: Frame): Html {
  return html`<footer class="foot">
    <p>procwarden ${status.version}</p>
    <p id="live" role="status" class="live">Reload the page to see what is new.</p>
    <p><a href="/metrics">Metrics</a> · <a href="${assets.href('LICENSE')}">Licence of uPlot</a></p>
  </footer>`
}
