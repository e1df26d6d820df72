/** Owns `procwarden approve` and `procwarden deny`: a person's answer, taken to the remediator that asks. */
import os from 'node:os'
import path from 'node:path'
import { Command, Option } from 'commander'
import { z } from 'zod'
import { UsageError, messageOf } from '../lib/errors.ts'
import { readToken } from '../lib/token.ts'
import { findRunningLoop, tokenFile } from '../stack/state-dir.ts'
import { stateDirOption } from './options.ts'

interface Flags {
  readonly 'state.dir': string
  readonly 'remediator.url'?: string
}

const TIMEOUT_MS = 10_000
const Answer = z.object({ error: z.string().optional(), summary: z.string().nullable().optional() })

export function approvalCommands(): Command[] {
  return [command('approve', 'let an incident that asks have its action'), command('deny', 'have nothing done about an incident that asks')]
}

function command(name: 'approve' | 'deny', description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<id>', 'the incident, as procwarden incidents shows it')
    .addOption(stateDirOption())
    .addOption(new Option('--remediator.url <url>', 'the remediator to tell (default: that of the loop running on the state folder)'))
    .action(async (id: string, flags: Flags) => {
      await tell(name, id, flags)
      process.stdout.write(`${name === 'approve' ? 'Approved' : 'Denied'}: ${id}\n`)
    })
}

async function tell(answer: 'approve' | 'deny', id: string, flags: Flags): Promise<void> {
  const stateDir = path.resolve(flags['state.dir'])
  const url = flags['remediator.url'] ?? findRunningLoop(stateDir)?.remediator
  if (url === undefined)
    throw new UsageError(`no loop runs on ${stateDir}: name its folder with --state.dir, or the remediator with --remediator.url`)
  const token = readToken(tokenFile(stateDir), { create: false })
  let response: Response
  try {
    response = await fetch(new URL(`/api/incidents/${encodeURIComponent(id)}/${answer}`, url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ by: `${os.userInfo().username} (command line)` }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
  } catch (error) {
    throw new UsageError(`the remediator at ${url} does not answer: ${messageOf(error)}`, error)
  }
  if (response.ok) return
  const body = Answer.safeParse(await response.json().catch(() => ({})))
  throw new UsageError(body.data?.error ?? `the remediator answered ${response.status}`)
}
