/** Owns the browser that looks at the console in tests: a real Chromium without a window, with a profile of its own. */
import axe from 'axe-core'
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core'
import { findBrowser } from '../../scripts/setup/browser.mjs'

/** Undefined where there is none: then tests that need one say so and are left out, but never where CI decides. */
export const BROWSER = findBrowser()

export const NO_BROWSER =
  'there is no Chromium: npm test fetches one on Debian and Ubuntu; elsewhere install it so that it is on PATH, or name it in PROCWARDEN_BROWSER'

const PATIENCE_MS = 120_000

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Playwright gives each a profile folder of its own, and removes it. */
export async function launchBrowser(): Promise<Browser> {
  if (BROWSER === undefined) throw new Error(NO_BROWSER)
  return chromium.launch({ executablePath: BROWSER, args: FLAGS, timeout: 60_000 })
}

/** Other tests load the machine: whatever a page takes is no fault of it. */
export async function patient(opening: Promise<BrowserContext>): Promise<BrowserContext> {
  const context = await opening
  context.setDefaultTimeout(PATIENCE_MS)
  return context
}

/** A window of somebody who is signed in. */
export async function signedIn(
  browser: Browser,
  url: string,
  token: string,
  name: string,
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  const context = await patient(browser.newContext(options))
  const page = await context.newPage()
  await page.goto(`${url}/`)
  await page.getByLabel('Token').fill(token)
  await page.getByLabel('Your name').fill(name)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
  await page.close()
  return context
}

/** What axe-core finds that is serious or critical, in sentences. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // Through the debugger, which the page's own policy does not bind.
  await page.evaluate(axe.source)
  const faults: unknown = await page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, help, nodes }) => nodes.map((node) => id + ': ' + help + ': ' + node.target.join(' ') + ' ' + (node.any[0]?.message ?? ''))))`)
  return faults as string[]
}
