/** Owns `procwarden console`: a link into the console that signs in once, without a token being typed into a browser. */
import os from 'node:os'
import { Command, Option } from 'commander'
import { execa } from 'execa'
import { z } from 'zod'
import { UsageError, messageOf } from '../lib/errors.ts'
import { stateDirOption } from './options.ts'
import { ask, remediatorOptions, requireRemediator, type RemediatorFlags } from './remediator-client.ts'

interface Flags extends RemediatorFlags {
  readonly open?: boolean
  readonly readOnly?: boolean
  readonly json?: boolean
}

const Link = z.object({ path: z.string(), expiresAt: z.string() })
const OPEN_TIMEOUT_MS = 10_000

export function consoleCommand(): Command {
  const command = new Command('console')
    .description('print a link that signs you in to the console: it works once, for two minutes')
    .addOption(stateDirOption())
    .addOption(new Option('--open', 'open it in the browser as well'))
    .addOption(new Option('--read-only', 'sign in to look only'))
    .addOption(new Option('--json', 'print the link and when it expires as JSON'))
  for (const option of remediatorOptions()) command.addOption(option)
  return command.action(async (flags: Flags) => {
    const url = requireRemediator(flags)
    const scopes = flags.readOnly === true ? ['read'] : ['read', 'act']
    const { path, expiresAt } = Link.parse(await ask(url, '/api/sign-in-links', flags, { by: os.userInfo().username, scopes }))
    const link = new URL(path, url).href
    process.stdout.write(flags.json === true ? `${JSON.stringify({ link, expiresAt })}\n` : `${link}\n`)
    if (flags.open === true) await openInBrowser(link)
  })
}

async function openInBrowser(link: string): Promise<void> {
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open'
  try {
    await execa(opener, [link], { timeout: OPEN_TIMEOUT_MS, stdio: 'ignore' })
  } catch (error) {
    throw new UsageError(`the browser could not be opened (${messageOf(error)}): open the link above yourself`, error)
  }
}
