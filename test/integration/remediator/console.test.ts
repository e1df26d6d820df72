import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type ClientRequest } from 'node:http'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { databasePath } from '../../../src/remediator/store/database.ts'
import { post, signIn, tokenIn, visitor, type Visitor } from '../../support/console.ts'
import { accuse, alarm, startWith } from '../../support/policies.ts'
import { alertOf, incidentsOf, payloadOf, post as postAlerts, settledIncident, type TestRemediator } from '../../support/remediator.ts'
import { afterTest, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const KILL = { name: 'kill', match: ['alertname=~".+"'], ladder: ['kill'], verify: ['gone'] }
const HOSTILE = `<script>alert(1)</script>" onload="x\u202egpj.exe\u001b[31m`

async function started(options: Parameters<typeof startWith>[1] = {}): Promise<TestRemediator> {
  return startWith([KILL], { mode: 'confirm', ...options })
}

/** A frozen sleeper about which a person is asked. */
async function asked(remediator: TestRemediator) {
  const sleeper = await temporaryProcess('sleep', ['1000'])
  await accuse(remediator, sleeper.pid)
  const { id } = await settledIncident(remediator, ['awaiting_approval'])
  return { sleeper, id, route: `/incidents/${id}`, state: () => /\) (\w)/.exec(readFileSync(`/proc/${sleeper.pid}/stat`, 'latin1'))?.[1] }
}

describe('signing in', () => {
  test('nothing is shown to a stranger, and every page leads to the way in', async () => {
    const { url } = await started()
    for (const route of ['/', '/anomalies', '/cooldowns', '/checks', '/policies', '/audit', '/incidents/x']) {
      const response = await fetch(`${url}${route}`)
      const page = await response.text()
      expect([route, response.status]).toEqual([route, 401])
      expect(page).toContain('Sign in')
      expect(page).not.toContain('Audit trail')
    }
    expect((await fetch(`${url}/events`)).status).toBe(401)
    expect((await fetch(`${url}/incidents/x/evidence.json`)).status).toBe(404)
  })

  test('a made-up cookie, a wrong token and a token that may only hand in alerts are refused', async () => {
    const { url, stateDir } = await started({ config: { web: { webhook_token_scopes: ['receive'] } } })
    expect((await visitor(url, `procwarden-${new URL(url).port}=${'x'.repeat(43)}`).get('/')).status).toBe(401)
    for (const token of ['', 'wrong', tokenIn(stateDir, 'webhook')]) expect((await post(`${url}/sign-in`, { token })).status).toBe(401)
    const { cookie } = await signIn(url, tokenIn(stateDir, 'read'))
    expect(cookie).not.toContain(tokenIn(stateDir, 'read'))
  })

  test('only so many attempts', async () => {
    const { url } = await started()
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await post(`${url}/sign-in`, { token: 'guess' })).status))
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(5)
  })

  test('where it leads to afterwards is always a page of ours', async () => {
    const { url, stateDir } = await started()
    const token = tokenIn(stateDir, 'act')
    for (const next of ['https://evil.example/', '//evil.example', '/\\evil.example', '/.//evil.example', 'javascript:alert(1)'])
      expect([next, (await post(`${url}/sign-in`, { token, next })).headers.get('location')]).toEqual([next, '/'])
    expect((await post(`${url}/sign-in`, { token, next: '/audit?q=a' })).headers.get('location')).toBe('/audit?q=a')
  })

  test('signing out ends the session; so does another token', async () => {
    const { url, stateDir } = await started()
    const [alice, bob] = [await signIn(url, tokenIn(stateDir, 'act')), await signIn(url, tokenIn(stateDir, 'read'))]
    expect((await alice.submit('/', '/sign-out')).status).toBe(303)
    expect((await alice.get('/')).status).toBe(401)
    expect((await bob.get('/')).status).toBe(200)
    writeFileSync(path.join(stateDir, 'read-token'), 'a-token-that-is-quite-another')
    expect((await fetch(`${url}/-/reload`, { method: 'POST' })).status).toBe(200)
    expect((await bob.get('/')).status).toBe(401)
  })

  test('a link signs in once, by its button, and may not do more than the token that it was asked for with', async () => {
    const { url, stateDir } = await started()
    const link = async (token: string, scopes: string[]) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const response = await fetch(`${url}/api/sign-in-links`, { method: 'POST', headers, body: JSON.stringify({ by: 'carol', scopes }) })
      return ((await response.json()) as { path: string }).path
    }
    const route = await link(tokenIn(stateDir, 'read'), ['read', 'act'])
    // Whoever merely looks at links, as mail scanners do, does not use them up.
    for (let looks = 0; looks < 3; looks++) expect(await (await fetch(`${url}${route}`)).text()).toContain('Sign in')
    const response = await post(`${url}${route}`, {}, { origin: url })
    const carol = visitor(url, response.headers.get('set-cookie')?.split(';')[0] ?? '')
    const page = await (await carol.get('/')).text()
    expect(page).toContain('carol')
    expect(page).toContain('may only read')
    expect((await post(`${url}${route}`, {}, { origin: url })).status).toBe(410)
    expect(await (await fetch(`${url}${route}`)).text()).toContain('This link is over')
  })
})

describe('forms', () => {
  test('deny lets the process go on, and the record says who and how', async () => {
    const remediator = await started()
    const alice = await signIn(remediator.url, tokenIn(remediator.stateDir, 'act'))
    const { route, state } = await asked(remediator)
    expect(state()).toBe('T')
    const response = await alice.submit(route, `${route}/deny`)
    expect([response.status, response.headers.get('location')]).toEqual([303, route])
    expect(await (await alice.get(route)).text()).toContain('Denied. Nothing is done')
    await waitFor('the sleeper to go on', () => state() === 'S')
    const { timeline } = await settledIncident(remediator)
    expect(timeline.find(({ event }) => event === 'denied')).toMatchObject({ data: { by: 'alice', how: 'console' } })
  })

  test('thaw lets the process go on while the question stays', async () => {
    const remediator = await started()
    const alice = await signIn(remediator.url, tokenIn(remediator.stateDir, 'act'))
    const { route, state, sleeper } = await asked(remediator)
    await alice.submit(route, `${route}/thaw`)
    await waitFor('the sleeper to go on', () => state() === 'S')
    expect(await (await alice.get(route)).text()).toContain(`sleep (pid ${sleeper.pid}) runs again.`)
    await settledIncident(remediator, ['awaiting_approval'])
  })

  test('what two incidents have frozen goes on with the second', async () => {
    const remediator = await started()
    const alice = await signIn(remediator.url, tokenIn(remediator.stateDir, 'act'))
    const { route, state, sleeper } = await asked(remediator)
    await accuse(remediator, sleeper.pid, { labels: { alertname: 'Another' }, fingerprint: 'beef' })
    const other = await waitFor('the other question', async () =>
      (await incidentsOf(remediator)).find(({ alertname, status }) => alertname === 'Another' && status === 'awaiting_approval'),
    )
    await alice.submit(route, `${route}/thaw`)
    expect(await (await alice.get(route)).text()).toContain(`stays frozen: incident ${other.id} has stopped it as well.`)
    expect(state()).toBe('T')
    await alice.submit(`/incidents/${other.id}`, `/incidents/${other.id}/deny`)
    await waitFor('the sleeper to go on', () => state() === 'S')
  })

  test('none acts without its secret, from elsewhere, or for who may only read', async () => {
    const remediator = await started()
    const { url, stateDir } = remediator
    const [alice, bob] = [await signIn(url, tokenIn(stateDir, 'act')), await signIn(url, tokenIn(stateDir, 'read'), 'bob')]
    const { route, state } = await asked(remediator)
    const csrf = await fieldOf(alice, route, 'csrf')
    const approval = await fieldOf(alice, route, 'approval')
    const attempts: ReadonlyArray<readonly [what: string, fields: Record<string, string>, headers: Record<string, string>]> = [
      ['no cookie', { csrf }, {}],
      ['no secret', {}, { cookie: alice.cookie }],
      ['a wrong secret', { csrf: 'x'.repeat(43) }, { cookie: alice.cookie }],
      ['the secret of another session', { csrf: await fieldOf(bob, route, 'csrf', '/sign-out') }, { cookie: alice.cookie }],
      ['another origin', { csrf }, { cookie: alice.cookie, origin: 'http://127.0.0.1:1' }],
      ['no origin that can be told', { csrf }, { cookie: alice.cookie, origin: 'null' }],
      ['another port', { csrf }, { cookie: alice.cookie, 'sec-fetch-site': 'same-site' }],
      ['another site', { csrf }, { cookie: alice.cookie, 'sec-fetch-site': 'cross-site' }],
      ['who may only read', { csrf: await fieldOf(bob, route, 'csrf', '/sign-out') }, { cookie: bob.cookie }],
    ]
    for (const [what, fields, headers] of attempts) {
      const { status } = await post(`${url}${route}/approve`, fields, headers)
      expect([what, status]).toEqual([what, what === 'no cookie' ? 401 : 403])
    }
    expect(state()).toBe('T')
    await settledIncident(remediator, ['awaiting_approval'])
    const headers = { cookie: alice.cookie, 'sec-fetch-site': 'same-origin' }
    expect((await post(`${url}${route}/approve`, { csrf, approval }, headers)).status).toBe(303)
    expect(await settledIncident(remediator)).toMatchObject({ outcome: 'killed', approvedBy: 'alice' })
  })

  test('the kill switch: who and why', async () => {
    const { url, stateDir } = await started()
    const alice = await signIn(url, tokenIn(stateDir, 'act'))
    await alice.submit('/', '/pause', { why: '<b>deploying</b>' })
    expect(await (await alice.get('/')).text()).toContain('by alice (console)')
    expect(await (await alice.get('/')).text()).toContain('&lt;b&gt;deploying&lt;/b&gt;')
    await alice.submit('/', '/resume')
    expect(await (await alice.get('/')).text()).toContain('Kill switch')
  })

  test('a check is run, and the page says how it went; for who may only read there is no such form', async () => {
    const broken = { name: 'broken', kind: 'command', argv: ['false'] }
    const { url, stateDir } = await started({ config: { checks: { enabled: false, suite: [broken] } } })
    const person = await signIn(url, tokenIn(stateDir, 'act'))
    expect(await (await person.get('/checks')).text()).toContain('not run yet')
    expect((await person.submit('/checks', '/checks/broken/run')).status).toBe(303)
    const page = await waitFor('the verdict', async () => {
      const text = await (await person.get('/checks')).text()
      return text.includes('What did not pass lately') && !text.includes('not run yet') && text
    })
    expect(page).toMatch(/broken[\s\S]*failed/)
    const reader = await signIn(url, tokenIn(stateDir, 'read'))
    expect(await (await reader.get('/checks')).text()).not.toContain('/checks/broken/run')
  })

  test('verify finds what was changed in the store', async () => {
    const { url, stateDir } = await started()
    const alice = await signIn(url, tokenIn(stateDir, 'read'))
    await alice.submit('/audit', '/audit/verify')
    const verdict = (): Promise<string> =>
      waitFor(
        'the verdict',
        async () => /id="verification" data-region>([\s\S]*? verified [\s\S]*?)<\/p>/.exec(await (await alice.get('/audit')).text())?.[1],
        60_000,
      )
    expect(await verdict()).toContain('intact')
    const store = new DatabaseSync(databasePath(stateDir))
    store.exec("DROP TRIGGER audit_no_update; UPDATE audit SET text = 'nothing happened' WHERE seq = 1")
    store.close()
    await alice.submit('/audit', '/audit/verify')
    await waitFor('the other verdict', async () => !(await verdict()).includes('intact'), 60_000)
    expect(await verdict()).toContain('entry 1 in the store')
  }, 120_000)
})

describe('pages', () => {
  test('a hostile name stays text on every page, and shows what it hides', async () => {
    const remediator = await started()
    const alice = await signIn(remediator.url, tokenIn(remediator.stateDir, 'act'))
    const labels = { alertname: 'Storm', group: HOSTILE, pid: '1' }
    await alarm(remediator, {
      labels,
      annotations: { summary: HOSTILE, description: HOSTILE, unit: HOSTILE, current: HOSTILE, runbook_url: 'javascript:alert(1)' },
    })
    const { id } = await settledIncident(remediator)
    for (const route of ['/', '/anomalies', '/audit', `/incidents/${id}`, `/?q=${encodeURIComponent(HOSTILE)}`]) {
      const response = await alice.get(route)
      const page = await response.text()
      expect([route, response.status]).toEqual([route, 200])
      expect(page).toContain('&lt;script&gt;alert(1)')
      expect(page).not.toMatch(/<script>alert|onload="x|href="javascript/)
      for (const hidden of ['\u202e', '\u001b']) expect(page).not.toContain(hidden)
    }
    expect(await (await alice.get(`/incidents/${id}`)).text()).toContain('\\u{202e}gpj.exe\\x1b[31m')
  })

  test('each tells browsers to run and load nothing but our own files, and all of those are there', async () => {
    const { url, stateDir } = await started()
    const alice = await signIn(url, tokenIn(stateDir, 'act'))
    for (const response of [await alice.get('/'), await fetch(`${url}/`)]) {
      const policy = response.headers.get('content-security-policy') ?? ''
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toContain('unsafe')
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'x-frame-options': 'DENY',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      })
      const page = await response.text()
      expect(page).not.toMatch(/<script(?![^>]* src=)|<style| style="| on\w+="|(?:src|href)="(?![/#])/)
      const files = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, file]) => file)
      expect(files.length).toBeGreaterThan(2)
      for (const file of files) expect([file, (await fetch(`${url}${file}`)).status]).toEqual([file, 200])
    }
  })

  test('what another site embeds is refused; a link that is followed from there comes to our page', async () => {
    const { url, stateDir } = await started()
    const alice = await signIn(url, tokenIn(stateDir, 'act'))
    const embeds: ReadonlyArray<Readonly<Record<string, string>>> = [
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' },
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    ]
    for (const headers of embeds)
      for (const route of ['/', '/events']) expect((await raw(url + route, { cookie: alice.cookie, ...headers })).status).toBe(403)
    const link = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    expect((await raw(`${url}/`, { cookie: alice.cookie, ...link, 'sec-fetch-site': 'same-site' })).status).toBe(200)
    expect((await raw(`${url}/audit`, { ...link, 'sec-fetch-site': 'cross-site' })).text).toContain('http-equiv="refresh"')
    expect((await raw(`${url}/audit`, { ...link, 'sec-fetch-site': 'same-origin' })).text).toContain('Sign in to')
    expect((await raw(`${url}/`, { cookie: alice.cookie, host: 'evil.example' })).status).toBe(403)
    expect((await raw(`${url}/`, { cookie: alice.cookie, host: `procwarden.localhost:${new URL(url).port}` })).status).toBe(200)
  })

  test('a search of what was before, in pages', async () => {
    const remediator = await startWith([{ name: 'tell', match: ['alertname=~".+"'], ladder: ['notify'] }])
    const alice = await signIn(remediator.url, tokenIn(remediator.stateDir, 'read'))
    const alerts = Array.from({ length: 120 }, (_, n) =>
      alertOf({ labels: { group: `program-${n}`, remediate: 'notify' }, fingerprint: `f${n}` }),
    )
    expect((await postAlerts(remediator.url, remediator.token, payloadOf(alerts))).status).toBe(200)
    await waitFor(
      'all of them',
      async () => (await incidentsOf(remediator)).filter(({ status }) => status === 'done').length === 120,
      60_000,
    )
    const seen = new Set<string>()
    let route: string | undefined = '/?q=PROGRAM-'
    for (let pages = 0; route !== undefined && pages < 9; pages++) {
      const page: string = await (await alice.get(route)).text()
      for (const [, id = ''] of page.matchAll(/<a href="\/incidents\/([^"]+)">/g)) seen.add(id)
      route = /rel="next" href="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&')
    }
    expect(route).toBeUndefined()
    expect(seen.size).toBe(120)
    expect(await (await alice.get('/?q=program-7&show=failed')).text()).toContain('Nothing was found.')
  }, 90_000)
})

describe('live', () => {
  test('a change is told, only so many listen, and the end of the remediator ends it at once', async () => {
    const remediator = await started()
    const { url, stateDir } = remediator
    const alice = await signIn(url, tokenIn(stateDir, 'act'))
    const listeners = await Promise.all(Array.from({ length: 8 }, () => listen(url, alice.cookie)))
    expect(listeners.filter(({ status }) => status === 200)).toHaveLength(4)
    expect(listeners.filter(({ status }) => status === 503)).toHaveLength(4)
    const [first] = listeners.filter(({ status }) => status === 200)
    const before = first?.text().length ?? 0
    await alarm(remediator, { labels: { group: 'x' } })
    await waitFor('the change', () => (first?.text().length ?? 0) > before)
    expect(first?.text()).toMatch(/event: change\ndata: \d+\n\n$/)
    const ended = Promise.all(listeners.map(({ ended: end }) => end))
    const begun = performance.now()
    await remediator.close()
    await ended
    // An open stream would have it wait for all of its 3 s.
    expect(performance.now() - begun).toBeLessThan(2_500)
  })

  test('who signs out, or does not read, is let go', async () => {
    const { url, stateDir } = await started()
    const alice = await signIn(url, tokenIn(stateDir, 'act'))
    const listener = await listen(url, alice.cookie)
    await alice.submit('/', '/sign-out')
    await listener.ended
    expect((await listen(url, alice.cookie)).status).toBe(401)
  })
})

async function fieldOf(who: Visitor, page: string, field: string, action = `${page}/approve`): Promise<string> {
  const html = await (await who.get(page)).text()
  const form = html.slice(html.indexOf(`action="${action}"`))
  return new RegExp(`name="${field}" value="([^"]+)"`).exec(form)?.[1] ?? ''
}

/** fetch sets some of these headers itself, as browsers do. */
async function raw(url: string, headers: Readonly<Record<string, string>>): Promise<{ readonly status: number; readonly text: string }> {
  const [response] = await once(httpRequest(url, { headers, agent: false }).end(), 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  return { status: Number(response.statusCode), text }
}

async function listen(url: string, cookie: string) {
  const request: ClientRequest = httpRequest(`${url}/events`, { headers: { cookie }, agent: false }).end()
  afterTest(() => void request.destroy())
  const [response] = await once(request, 'response')
  let text = ''
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => (text += chunk))
  response.on('error', () => undefined)
  return { status: Number(response.statusCode), text: () => text, ended: new Promise<void>((resolve) => response.on('close', resolve)) }
}
