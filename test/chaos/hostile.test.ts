import { existsSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { verifyAudit } from '../../src/remediator/audit/verify.ts'
import { mirrorPath } from '../../src/remediator/audit/mirror.ts'
import { Database, databasePath } from '../../src/remediator/store/database.ts'
import { alertOf, incidentsOf, payloadOf, post, spawnRemediator } from '../support/remediator.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { isWhole } from './extent.ts'

const PAYLOADS = isWhole ? 100_000 : 1_500
const SIDE_BY_SIDE = 16

let canary: string
beforeEach(() => {
  canary = path.join(temporaryDirectory(), 'canary')
})

/** What breaks shells, PromQL, HTML, SQL, mail headers, paths, terminals and parsers. */
const hostileTexts = (): string[] => [
  `$(touch ${canary})`,
  `\`touch ${canary}\``,
  `'; touch ${canary}; '`,
  `x"} or vector(1) or {a="`,
  '<script>alert(1)</script>',
  "'; DROP TABLE incidents; --",
  'a\r\nBcc: everyone@example.org\r\n\r\nbody',
  '../../../../etc/passwd',
  '\u001b]0;owned\u0007\u001b[2J',
  '\u0000',
  '\ud800',
  '__proto__',
  'constructor',
  '${jndi:ldap://x}',
  '{{ .Labels }}',
  '%s%n%x',
  '-1',
  '1e309',
  '0x1',
  '∞',
  'x'.repeat(70_000),
]

const hostile = (): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...hostileTexts()) },
    { weight: 2, arbitrary: fc.jsonValue({ depthSize: 'small' }) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 50 }) },
  )

const FIELDS = ['status', 'labels', 'annotations', 'startsAt', 'endsAt', 'generatorURL', 'fingerprint'] as const
const LABELS = [
  'alertname',
  'severity',
  'remediate',
  'instance',
  'job',
  'group',
  'pid',
  'directory',
  'service',
  'probe',
  '__proto__',
  'kind',
] as const

/** A payload as Alertmanager sends it, with one to three places replaced, as text; some of it damaged as bytes are. */
function mutated(): fc.Arbitrary<string> {
  const change = fc.oneof(
    fc.record({ kind: fc.constant('label' as const), name: fc.oneof(fc.constantFrom(...LABELS), fc.string()), value: hostile() }),
    fc.record({
      kind: fc.constant('annotation' as const),
      name: fc.oneof(fc.constantFrom('summary', 'threshold', 'unit'), fc.string()),
      value: hostile(),
    }),
    fc.record({ kind: fc.constant('field' as const), name: fc.constantFrom(...FIELDS), value: hostile() }),
    fc.record({
      kind: fc.constant('top' as const),
      name: fc.constantFrom('version', 'status', 'alerts', 'groupKey', 'receiver'),
      value: hostile(),
    }),
  )
  const damage = fc.option(fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), how: fc.constantFrom('cut', 'insert', 'repeat') }), {
    freq: 6,
  })
  return fc.tuple(fc.array(change, { minLength: 1, maxLength: 3 }), damage, fc.nat(1_000_000)).map(([changes, damaged, number]) => {
    const alert: Record<string, unknown> = alertOf({ fingerprint: number.toString(16), labels: { group: 'sleep', pid: '4194303' } })
    const payload: Record<string, unknown> = payloadOf([alert])
    for (const { kind, name, value } of changes) {
      const target = kind === 'top' ? payload : kind === 'field' ? alert : alert[kind === 'label' ? 'labels' : 'annotations']
      if (typeof target === 'object' && target !== null)
        Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true })
    }
    const text = JSON.stringify(payload)
    if (damaged === null) return text
    const at = Math.floor(damaged.at * text.length)
    if (damaged.how === 'cut') return text.slice(0, at)
    return damaged.how === 'insert' ? `${text.slice(0, at)}\u0000"}]${text.slice(at)}` : text.slice(0, at) + text
  })
}

describe('hostile payloads', () => {
  test(
    `${PAYLOADS} mutated ones are answered with 2xx or 4xx; nothing crashes, nothing leaks into a shell, the trail stays whole`,
    async () => {
      const stateDir = temporaryDirectory()
      const remediator = await spawnRemediator(stateDir, ['--mode', 'observe'])
      const codes = new Map<number, number>()
      const bodies = mutated()
      for (let sent = 0; sent < PAYLOADS; sent += 500) {
        const batch = fc.sample(bodies, { numRuns: Math.min(500, PAYLOADS - sent), seed: sent + 1 })
        const waiting = batch.values()
        const sender = async (): Promise<void> => {
          for (const body of waiting) {
            const { status } = await post(remediator.url, remediator.token, body)
            codes.set(status, (codes.get(status) ?? 0) + 1)
            if (status >= 500) throw new Error(`answered ${status} to ${body.slice(0, 2_000)}`)
          }
        }
        await Promise.all(Array.from({ length: SIDE_BY_SIDE }, sender))
      }
      expect([...codes.values()].reduce((sum, count) => sum + count, 0)).toBe(PAYLOADS)
      // Both kinds must have come up, or the mutations are not worth their name.
      expect(codes.get(200)).toBeGreaterThan(PAYLOADS / 20)
      expect(codes.get(400)).toBeGreaterThan(PAYLOADS / 20)
      expect(remediator.child.exitCode).toBeNull()
      expect((await fetch(`${remediator.url}/metrics`)).status).toBe(200)
      expect((await incidentsOf(remediator)).length).toBeGreaterThan(0)
      expect(existsSync(canary)).toBe(false)
      // oxlint-disable-next-line no-control-regex -- what would drive a terminal is what is looked for
      expect(remediator.output()).not.toMatch(/[\u0000-\u0008\u000e-\u001f]/)
      const database = Database.openForReading(databasePath(stateDir))
      expect(verifyAudit(database, mirrorPath(stateDir), { mirroredMin: 0 })).toMatchObject({ intact: true })
      database.close()
    },
    isWhole ? 3_600_000 : 300_000,
  )
})
