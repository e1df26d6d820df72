/** Owns `procwarden audit verify`: whether the record is whole, also against what a Prometheus saw. Exit code 0: intact, 1: broken. */
import path from 'node:path'
import { Command, Option } from 'commander'
import { OperationalError, UsageError } from '../lib/errors.ts'
import { AnchorCheck, readAnchors, trailName, type Anchor } from '../remediator/audit/anchors.ts'
import { mirrorPath } from '../remediator/audit/mirror.ts'
import { settledVerdict, verifyAudit, type AuditVerdict } from '../remediator/audit/verify.ts'
import { firstAuditHash } from '../remediator/store/audit/first-audit-hash.ts'
import { lastAuditEntry } from '../remediator/store/audit/last-audit-entry.ts'
import { parseMoment, stateDirOption } from './options.ts'
import { readStore } from './read-store.ts'

interface Flags {
  readonly 'state.dir': string
  readonly json?: boolean
  readonly 'prometheus.url'?: string
  readonly 'prometheus.instance'?: string
  readonly since?: string
}

/** What Prometheus keeps unless told otherwise. */
const ANCHORS_DAYS = 15

export function auditVerifyCommand(): Command {
  return new Command('verify')
    .description('check every entry of the audit trail; exit code 0: intact, 1: broken')
    .addOption(stateDirOption())
    .addOption(new Option('--json', 'the verdict as JSON'))
    .addOption(new Option('--prometheus.url <url>', 'compare with the anchors that this Prometheus holds: finds a rewritten history'))
    .addOption(new Option('--prometheus.instance <name>', 'the remediator there (default: those that published this trail)'))
    .addOption(new Option('--since <when>', `anchors since then (default: ${ANCHORS_DAYS} days)`).argParser(parseMoment))
    .action(async (flags: Flags) => {
      const anchors = flags['prometheus.url'] === undefined ? undefined : await anchorsFor(flags['prometheus.url'], flags)
      const verdict = await look(flags['state.dir'], anchors)
      const report = anchors === undefined ? verdict : { ...verdict, anchors: anchors.length }
      process.stdout.write(flags.json === true ? `${JSON.stringify(report)}\n` : `${sentence(verdict, anchors)}\n`)
      process.exitCode = verdict.intact ? 0 : 1
    })
}

/** The anchors first: what is written after them is only more. */
async function anchorsFor(url: string, flags: Flags): Promise<Anchor[]> {
  if (!URL.canParse(url)) throw new UsageError(`--prometheus.url ${url} is not an address such as http://127.0.0.1:9090`)
  const trail = readStore(flags['state.dir'], (database) => trailName(firstAuditHash(database) ?? ''))
  const untilMs = Date.now()
  const sinceMs = flags.since === undefined ? untilMs - ANCHORS_DAYS * 86_400_000 : Date.parse(flags.since)
  try {
    return await readAnchors({ url, trail, instance: flags['prometheus.instance'], sinceMs, untilMs })
  } catch (error) {
    if (error instanceof OperationalError) throw new UsageError(error.message, error)
    throw error
  }
}

async function look(stateDir: string, anchors: readonly Anchor[] | undefined): Promise<AuditVerdict> {
  const mirror = mirrorPath(path.resolve(stateDir))
  const mirroredMin = readStore(stateDir, (database) => lastAuditEntry(database)?.seq ?? 0)
  let check: AnchorCheck | undefined
  const verdict = await settledVerdict(() => {
    check = anchors && new AnchorCheck(anchors)
    const options = { mirroredMin, ...(check ? { onEntry: check.add.bind(check) } : {}) }
    return readStore(stateDir, (database) => verifyAudit(database, mirror, options))
  })
  const fault = verdict.fault ?? check?.fault
  return fault ? { ...verdict, intact: false, fault } : verdict
}

function sentence(verdict: AuditVerdict, anchors: readonly Anchor[] | undefined): string {
  const compared = anchors === undefined ? '' : `, and ${anchors.length} anchors in Prometheus agree`
  if (verdict.fault === null) return `The audit trail is intact: ${verdict.length} entries, head ${verdict.head.slice(0, 16)}${compared}.`
  const { where, seq, what } = verdict.fault
  const place = { store: 'in the store', mirror: 'in its NDJSON mirror', prometheus: 'against Prometheus' }[where]
  const good = where === 'prometheus' ? '' : ` The ${verdict.length} entries the store holds before any fault are good.`
  return `The audit trail is broken at entry ${seq} ${place}: ${what}.${good}`
}
