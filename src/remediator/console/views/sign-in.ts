/** Owns the pages before one is signed in. */
import type { Assets } from '../assets.ts'
import { html, type Html, type Value } from '../html.ts'
import { head } from './layout.ts'

export interface SignInShown {
  readonly assets: Assets
  readonly host: string
  /** The page to go on to. */
  readonly next: string
  readonly fault?: string | undefined
  /** Whom the web configuration has let in. */
  readonly admitted?: string | undefined
}

export function signInPage({ assets, host, next, fault, admitted }: SignInShown): Html {
  const nextField = html`<input type="hidden" name="next" value="${next}" />`
  return alone(
    'Sign in',
    assets,
    html`<h1>Sign in to ${host}</h1>
      ${fault !== undefined && html`<p class="notice bad" role="alert">${fault}</p>`}
      ${
        admitted !== undefined &&
        html`<form method="post" action="/sign-in" class="stack">
          ${nextField}<input type="hidden" name="as" value="admitted" /><button class="primary" type="submit">Go on as ${admitted}</button>
        </form>`
      }
      <form method="post" action="/sign-in" class="stack">
        ${nextField}
        <label>Token <input type="password" name="token" autocomplete="current-password" required maxlength="500" autofocus /></label>
        <label>Your name, for the record <input name="name" autocomplete="username" maxlength="60" placeholder="optional" /></label>
        <button class="${admitted === undefined ? 'primary' : 'plain'}" type="submit">Sign in</button>
      </form>
      <p class="quiet">
        On the machine itself, <code>procwarden console</code> prints a link that signs you in. Or take the token from the state folder:
        <code>act-token</code> may act, <code>read-token</code> may only read.
      </p>`,
  )
}

/** What a sign-in link opens: following it does nothing yet, so that whoever merely looks at links does not use it up. */
export function linkPage(assets: Assets, host: string, code: string, isGood: boolean): Html {
  if (!isGood) {
    return alone(
      'Link is over',
      assets,
      html`<h1>This link is over</h1>
        <p>It works once, and for two minutes. <code>procwarden console</code> makes another; or <a href="/">sign in with a token</a>.</p>`,
    )
  }
  return alone(
    'Sign in',
    assets,
    html`<h1>Sign in to ${host}</h1>
      <form method="post" action="/sign-in/${code}" class="stack"><button class="primary" type="submit" autofocus>Sign in</button></form>`,
  )
}

/** For links from elsewhere: a browser shows the session's cookie only to a request that our own page makes. */
export function againPage(assets: Assets, address: string): Html {
  return alone('One moment', assets, html`<p><a href="${address}">Go on</a></p>`, html`<meta http-equiv="refresh" content="0" />`)
}

export function messagePage(assets: Assets, title: string, text: Value): Html {
  return alone(
    title,
    assets,
    html`<h1>${title}</h1>
      <p>${text}</p>
      <p><a href="/">To the incidents</a></p>`,
  )
}

function alone(title: string, assets: Assets, body: Value, meta?: Value): Html {
  return html`<!doctype html>
    <html lang="en">
      ${head(`${title} · procwarden`, assets, false, meta)}
      <body class="alone">
        <main id="main">
          <p class="brand"><img src="${assets.href('icon.svg')}" alt="" width="20" height="20" />procwarden</p>
          ${body}
        </main>
      </body>
    </html>`
}
