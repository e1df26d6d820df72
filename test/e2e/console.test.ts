import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BROWSER, NO_BROWSER, accessibilityFaults, launchBrowser, patient, signedIn } from '../support/browser.ts'
import { startLoop, type TestLoop } from '../support/loop.ts'
import { startRunawayWriter } from '../support/runaway-writer.ts'
import { exitOf } from '../support/temporary.ts'
import { waitFor } from '../support/wait-for.ts'

const OUTPUT = path.resolve(import.meta.dirname, 'output')
/** From the first file to the question: counting, scraping, judging, sending, on a machine that is busy with other tests. */
const ASKED_MS_MAX = 120_000
const PAGES = ['/', '/anomalies', '/cooldowns', '/checks', '/policies', '/audit']

test('a browser is there where all tests must run', ({ skip }) => {
  skip(BROWSER === undefined && process.env['CI'] === undefined, NO_BROWSER)
  expect(BROWSER ?? NO_BROWSER).not.toBe(NO_BROWSER)
})

describe.skipIf(BROWSER === undefined)('the console, in a browser, on a real loop in mode confirm', () => {
  let loop: TestLoop
  let browser: Browser
  let alice: BrowserContext
  let url: string
  /** The path of the first storm's page. */
  let incident = '/incidents/none'

  beforeAll(async () => {
    mkdirSync(OUTPUT, { recursive: true })
    ;[loop, browser] = await Promise.all([startLoop({ mode: 'confirm', args: ['--scrape.interval', '1s'] }), launchBrowser()])
    url = loop.report.remediator
  }, 120_000)

  afterAll(async () => {
    await browser?.close()
    await loop?.stop()
  }, 60_000)

  const tokenOf = (name: string): string => readFileSync(path.join(loop.report.stateDir, `${name}-token`), 'utf8').trim()
  const stateOf = (pid: number): string => /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1] ?? ''
  const picture = (page: Page, name: string): Promise<unknown> => page.screenshot({ path: path.join(OUTPUT, `${name}.png`) })

  test('a wrong token is refused, the right one lets in, and the cookie is not the token', async () => {
    const context = await patient(browser.newContext())
    const page = await context.newPage()
    expect((await page.goto(`${url}/audit`))?.status()).toBe(401)
    await picture(page, 'console-sign-in')
    await page.getByLabel('Token').fill('a-wrong-token-of-some-length')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').getByText('This token is not right').waitFor()
    alice = await signedIn(browser, url, tokenOf('act'), 'alice', { viewport: { width: 1280, height: 800 } })
    const [cookie, ...others] = await alice.cookies()
    expect(others).toEqual([])
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', secure: false })
    expect(cookie?.value).not.toContain(tokenOf('act'))
    await context.close()
  }, 180_000)

  test('a storm appears by itself, is frozen, its chart shows it; another origin can do nothing; approving kills it and the audit says who', async () => {
    const page = await alice.newPage()
    await page.goto(`${url}/`)
    await page.locator('#live[data-state=live]').waitFor()
    const storm = await startRunawayWriter(folder('approved'), 80)
    // The page was loaded before there was anything to see, and is not loaded again.
    const card = page.locator('article', { hasText: `(pid ${storm.pid})` })
    await card.waitFor({ timeout: ASKED_MS_MAX })
    expect(await card.textContent()).toContain('It is frozen until you answer')
    expect(stateOf(storm.pid)).toBe('T')
    await picture(page, 'console-incidents')

    await card.getByRole('link').click()
    await page.getByRole('heading', { level: 1, name: new RegExp(`pid ${storm.pid}`) }).waitFor()
    await page.getByText('T (stopped)').waitFor()
    await page.locator('.plot.enhanced canvas').waitFor()
    const description = await page.locator('.plot svg.wide').getAttribute('aria-label')
    expect(description).toMatch(/^The highest measured value is [\d,]{3,} files per 5 minutes at .+ The limit is 100 files per 5 minutes\./)
    expect(description).toContain('frozen, asked')
    incident = page.url().replace(url, '')
    await picture(page, 'console-asked')

    await expectForeignOriginsToFail()
    expect(stateOf(storm.pid)).toBe('T')

    await page.getByRole('button', { name: /^Approve:/ }).click()
    expect(await exitOf(storm)).toBe('SIGTERM')
    await page.locator('#summary .badge', { hasText: 'killed' }).waitFor({ timeout: 90_000 })
    await page.locator('#moments').getByText('verified').waitFor({ timeout: 90_000 })
    await page.reload()
    await page.locator('.plot.enhanced canvas').waitFor()
    await page.screenshot({ path: `${OUTPUT}/console.png`, clip: { x: 0, y: 0, width: 1280, height: 960 }, fullPage: true })
    await page.getByRole('link', { name: 'in the audit trail' }).click()
    await page.getByText('alice approved.').waitFor()
    await page.getByRole('button', { name: 'Verify now' }).click()
    await page.locator('#verification').getByText('intact').waitFor()
    await page.close()
  }, 300_000)

  test('denying thaws: the program goes on as if nothing had been', async () => {
    const { page, storm } = await askedAbout(folder('denied'))
    await page.getByRole('button', { name: /^Deny:/ }).click()
    await page.locator('#summary .badge', { hasText: 'denied' }).waitFor({ timeout: 90_000 })
    await expectToWrite(storm.pid, folder('denied'))
    storm.kill('SIGKILL')
    await page.close()
  }, 300_000)

  test('nobody answers: the question expires, and the program goes on', async () => {
    const file = path.join(path.dirname(loop.report.stateDir), 'remediator.yml')
    const config = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    writeFileSync(file, JSON.stringify({ ...config, approval: { expire_seconds: 10 } }))
    expect((await fetch(`${url}/-/reload`, { method: 'POST' })).status).toBe(200)
    const { page, storm } = await askedAbout(folder('expired'))
    await page.locator('#summary .badge', { hasText: 'expired' }).waitFor({ timeout: 90_000 })
    await expectToWrite(storm.pid, folder('expired'))
    storm.kill('SIGKILL')
    await page.close()
  }, 300_000)

  test('a read token looks and does not touch', async () => {
    const bob = await signedIn(browser, url, tokenOf('read'), 'bob')
    for (const each of [...PAGES, incident]) {
      const page = await (await bob.request.get(`${url}${each}`)).text()
      expect(page).toContain('(may only read)')
      // Signing out and verifying change nothing; filters only look.
      const actions = [...page.matchAll(/method="post" action="([^"]+)"/g)].map(([, action]) => action)
      expect([each, ...actions.filter((action) => action !== '/audit/verify')]).toEqual([each, '/sign-out'])
    }
    await bob.close()
  }, 180_000)

  test.for([
    { colorScheme: 'light', width: 1280 },
    { colorScheme: 'dark', width: 1280 },
    { colorScheme: 'light', width: 360 },
  ] as const)('no accessibility fault and no overflow, $colorScheme at $width px', { timeout: 300_000 }, async ({ colorScheme, width }) => {
    const context = await patient(
      browser.newContext({ colorScheme, viewport: { width, height: 800 }, storageState: await alice.storageState() }),
    )
    const page = await context.newPage()
    const found: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') found.push(`${page.url()} ${message.text()}`)
    })
    for (const each of [...PAGES, incident]) {
      await page.goto(`${url}${each}`)
      await page.locator('#live[data-state=live]').waitFor()
      // A narrow window has the same elements and colours: where they break into lines is all that differs.
      if (width > 1_000) found.push(...(await accessibilityFaults(page)).map((fault) => `${each} ${fault}`))
      if ((await page.evaluate<number>('document.documentElement.scrollWidth')) > width) found.push(`${each} is wider than ${width} px`)
      await picture(page, `console-${colorScheme}-${width}-${each.split('/')[1] || 'first'}`)
    }
    await context.close()
    const stranger = await patient(browser.newContext({ colorScheme, viewport: { width, height: 800 } }))
    const signIn = await stranger.newPage()
    await signIn.goto(`${url}/sign-in`)
    found.push(...(await accessibilityFaults(signIn)))
    await stranger.close()
    expect(found).toEqual([])
  })

  test('without a script everything can be read, and forms act', async () => {
    const context = await patient(browser.newContext({ javaScriptEnabled: false, storageState: await alice.storageState() }))
    const page = await context.newPage()
    await page.goto(`${url}${incident}`)
    expect(await page.locator('.plot svg.wide path.current').getAttribute('d')).toMatch(/^M/)
    await page.goto(`${url}/`)
    await page.getByText('Kill switch').click()
    await page.getByLabel('Why it is paused').fill('deploying')
    await page.getByRole('button', { name: 'Pause everything' }).click()
    await page.getByText('by alice (console)').waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByText('Resumed').waitFor()
    await context.close()
  }, 180_000)

  function folder(name: string): string {
    const made = path.join(loop.watched, name)
    mkdirSync(made, { recursive: true })
    return made
  }

  async function askedAbout(directory: string) {
    const storm = await startRunawayWriter(directory, 20)
    const asking = await waitFor(
      'the question',
      () =>
        loop
          .incidents()
          .find(({ target, status }) => status === 'awaiting_approval' && target?.kind === 'process' && target.pid === storm.pid),
      ASKED_MS_MAX,
    )
    const page = await alice.newPage()
    await page.goto(`${url}/incidents/${asking.id}`)
    await page.locator('#live[data-state=live]').waitFor()
    return { storm, page }
  }

  async function expectToWrite(pid: number, directory: string): Promise<void> {
    const before = readdirSync(directory).length
    await waitFor('the program to write again', () => readdirSync(directory).length > before)
    expect(stateOf(pid)).not.toBe('T')
  }

  /** A page that another server on the same host serves, in the browser of somebody who is signed in. */
  async function expectForeignOriginsToFail(): Promise<void> {
    const evil = await serveEvil(url, incident)
    const page = await alice.newPage()
    await page.goto(evil.url)
    const result = JSON.parse((await page.locator('#result:not(:empty)').textContent()) ?? '{}') as Record<string, string>
    // Whatever was tried, no letter of an answer was read.
    expect(Object.entries(result).filter(([, outcome]) => outcome !== 'blocked')).toEqual([])
    expect(Object.keys(result).length).toBeGreaterThan(6)
    await page.locator('button').click()
    await page.waitForURL(`${url}/**`)
    expect(await page.textContent('body')).toContain('answers only to its own address')
    await page.close()
    evil.server.close()
    evil.server.closeAllConnections()
  }
})

async function serveEvil(url: string, incident: string): Promise<{ readonly server: Server; readonly url: string }> {
  const script = `const url = ${JSON.stringify(url)}, incident = ${JSON.stringify(incident)}
    const attempts = {
      read: () => fetch(url + '/', { credentials: 'include' }).then((r) => r.text()),
      blind: () => fetch(url + '/', { credentials: 'include', mode: 'no-cors' }).then((r) => r.text()),
      evidence: () => fetch(url + incident + '/evidence.json', { credentials: 'include' }).then((r) => r.text()),
      api: () => fetch(url + '/api/incidents', { credentials: 'include' }).then((r) => r.text()),
      act: () => fetch(url + incident + '/approve', { method: 'POST', credentials: 'include', body: new URLSearchParams({ csrf: 'x' }) }).then((r) => r.text()),
      actBlind: () => fetch(url + incident + '/approve', { method: 'POST', credentials: 'include', mode: 'no-cors', body: new URLSearchParams({ csrf: 'x' }) }).then((r) => r.text()),
      signOut: () => fetch(url + '/sign-out', { method: 'POST', credentials: 'include', mode: 'no-cors' }).then((r) => r.text()),
      events: () => new Promise((done, fail) => { const e = new EventSource(url + '/events', { withCredentials: true }); e.onmessage = done; e.addEventListener('change', done); e.onerror = fail }),
      frame: () => new Promise((done, fail) => { const f = document.createElement('iframe'); f.src = url + '/'; f.onload = () => { try { done(f.contentDocument.body.textContent.length) } catch { fail() } }; document.body.append(f) }),
      script: () => new Promise((done, fail) => { const s = document.createElement('script'); s.src = url + incident + '/evidence.json'; s.onload = done; s.onerror = fail; document.head.append(s) }),
    }
    Promise.all(Object.entries(attempts).map(([name, attempt]) => attempt().then((got) => [name, got === '' || got === undefined ? 'blocked' : 'read ' + String(got).slice(0, 80)], () => [name, 'blocked'])))
      .then((all) => { document.getElementById('result').textContent = JSON.stringify(Object.fromEntries(all)) })`
  const html = `<!doctype html><html><body><form method="post" action="${url}${incident}/approve"><input name="csrf" value="x"><button>Win a prize</button></form>
    <pre id="result"></pre><script>${script}</script></body></html>`
  const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(html))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}
