/** Owns `procwarden audit`: whether the record is whole. Exit code 0: intact, 1: broken. */
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { mirrorPath } from '../remediator/audit/mirror.ts'
import { verifyAudit, type AuditVerdict } from '../remediator/audit/verify.ts'
import { lastAuditEntry } from '../remediator/store/audit-entries.ts'
import { readStore } from './incidents.ts'
import { stateDirOption } from './options.ts'

interface Flags {
  readonly 'state.dir': string
  readonly json?: boolean
}

/** A running remediator writes the mirror a moment after the store. */
const LOOKS = 3
const BETWEEN_LOOKS_MS = 300

export function auditCommand(): Command {
  const verify = new Command('verify')
    .description('check every entry of the audit trail; exit code 0: intact, 1: broken')
    .addOption(stateDirOption())
    .addOption(new Option('--json', 'the verdict as JSON'))
    .exitOverride()
    .action(async (flags: Flags) => {
      const verdict = await look(flags['state.dir'])
      process.stdout.write(flags.json === true ? `${JSON.stringify(verdict)}\n` : `${sentence(verdict)}\n`)
      process.exitCode = verdict.intact ? 0 : 1
    })
  return new Command('audit').description('the record of everything that was decided and done').addCommand(verify)
}

async function look(stateDir: string): Promise<AuditVerdict> {
  const mirror = mirrorPath(path.resolve(stateDir))
  const mirroredMin = readStore(stateDir, (database) => lastAuditEntry(database)?.seq ?? 0)
  for (let looks = 1; ; looks++) {
    const verdict = readStore(stateDir, (database) => verifyAudit(database, mirror, mirroredMin))
    if (verdict.intact || looks === LOOKS) return verdict
    await delay(BETWEEN_LOOKS_MS)
  }
}

function sentence(verdict: AuditVerdict): string {
  if (verdict.fault === null) return `The audit trail is intact: ${verdict.length} entries, head ${verdict.head.slice(0, 16)}.`
  const where = verdict.fault.where === 'store' ? 'in the store' : 'in its NDJSON mirror'
  return `The audit trail is broken at entry ${verdict.fault.seq} ${where}: ${verdict.fault.what}. The ${verdict.length} entries the store holds before any fault are good.`
}
