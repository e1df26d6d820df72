/** Owns `procwarden approvals`: what waits for an answer, what is remembered of earlier ones, and taking that back. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { UsageError } from '../lib/errors.ts'
import { viewOpenApprovals, type ApprovalView } from '../remediator/people-view.ts'
import { revokeApproval } from '../remediator/revoke-approval.ts'
import type { RememberedApproval } from '../remediator/store/first-approvals/first-approval-row.ts'
import { listRememberedApprovals } from '../remediator/store/first-approvals/list-remembered-approvals.ts'
import { stateDirOption } from './options.ts'
import { readStore } from './read-store.ts'
import { ask, findRemediator, remediatorOptions, whoami, type RemediatorFlags } from './remediator-client.ts'
import { writeStore } from './store-writer.ts'
import { paragraph, table, terminalWidth } from './table.ts'

interface ListFlags {
  readonly 'state.dir': string
  readonly json?: boolean
}

interface RevokeFlags extends RemediatorFlags {
  readonly json?: boolean
}

interface Listed {
  readonly waiting: readonly ApprovalView[]
  readonly remembered: readonly RememberedApproval[]
}

export function approvalsCommand(): Command {
  const list = new Command('list')
    .description('list what waits for your answer, and what is remembered of earlier ones')
    .addOption(stateDirOption())
    .addOption(new Option('--json', 'both lists as JSON'))
    .action((flags: ListFlags) => {
      const listed = readStore(flags['state.dir'], (database): Listed => ({
        waiting: viewOpenApprovals(database),
        remembered: listRememberedApprovals(database),
      }))
      process.stdout.write(flags.json === true ? `${JSON.stringify(listed, null, 2)}\n` : page(listed, terminalWidth()))
    })
  return new Command('approvals')
    .description('what waits for your answer, and what is remembered of earlier ones')
    .addCommand(list, { isDefault: true })
    .addCommand(revokeCommand())
}

function revokeCommand(): Command {
  const command = new Command('revoke')
    .description('forget a remembered answer: the next time you are asked again')
    .argument('<number>', 'as procwarden approvals shows it', parseNumber)
    .addOption(new Option('--json', 'what was forgotten, as JSON'))
    .addOption(stateDirOption())
  for (const option of remediatorOptions()) command.addOption(option)
  return command.action(async (id: number, flags: RevokeFlags) => {
    const url = findRemediator(flags)
    const body = { by: whoami(), how: 'cli' }
    const forgotten = url === undefined ? inStore(id, flags) : await ask(url, `/api/first-approvals/${id}/revoke`, flags, body)
    process.stdout.write(
      flags.json === true ? `${JSON.stringify(forgotten, null, 2)}\n` : `Revoked: ${id}. The next time you are asked again.\n`,
    )
  })
}

function inStore(id: number, flags: RevokeFlags): unknown {
  return writeStore(flags['state.dir'], 'approvals', (store) => {
    const forgotten = revokeApproval(id, { by: whoami(), how: 'cli' }, store)
    if (!forgotten) throw new UsageError(`there is no remembered answer ${id}: procwarden approvals lists them`)
    return forgotten
  })
}

function page({ waiting, remembered }: Listed, width: number): string {
  return [...waitingPart(waiting, width), '', ...rememberedPart(remembered, width)].join('\n').concat('\n')
}

function waitingPart(waiting: readonly ApprovalView[], width: number): string[] {
  if (waiting.length === 0) return ['Nothing waits for your answer.']
  return [
    'Waits for your answer:',
    ...waiting.flatMap(({ id, incident, action, target, policy, why, frozen, expiresAt, onExpiry }) => {
      const meanwhile = frozen > 0 ? 'frozen meanwhile' : 'runs on meanwhile'
      const then = { deny: 'nothing is done', approve: 'it is done all the same', 'leave-frozen': 'it stays frozen' }[onExpiry]
      return [
        ...paragraph(`${action} ${target}? Policy ${policy}; asked because ${why}.`, width, 2),
        ...paragraph(`Until ${expiresAt.slice(0, 19).replace('T', ' ')} UTC, then ${then}; ${meanwhile}.`, width, 4),
        `    procwarden approve ${incident} --question ${id}`,
        `    procwarden deny ${incident} --question ${id}`,
      ]
    }),
  ]
}

function rememberedPart(remembered: readonly RememberedApproval[], width: number): string[] {
  if (remembered.length === 0) return ['No answer is remembered.']
  const rows = remembered.map(({ id, answer, standing, action, group, policy, by, at }) => [
    String(id),
    `${answer === 'approve' ? 'yes' : 'no'}${standing ? ', always' : ''}`,
    action,
    group,
    policy,
    by,
    at.slice(0, 10),
  ])
  const lines = table(['NUMBER', 'ANSWER', 'ACTION', 'PROGRAM', 'POLICY', 'BY', 'SINCE'], rows, width)
  return ['Remembered answers (procwarden approvals revoke NUMBER):', lines.trimEnd()]
}

function parseNumber(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('write the number of a remembered answer.')
  return Number(text)
}
