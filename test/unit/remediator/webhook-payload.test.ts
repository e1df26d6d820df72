import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseWebhookPayload } from '../../../src/remediator/webhook-payload.ts'
import { alertOf, payloadOf } from '../../support/remediator.ts'

describe('webhook payload', () => {
  test('a payload of Alertmanager 0.25 gives its alerts', () => {
    const parsed = parseWebhookPayload(payloadOf([alertOf({ labels: { pid: '7' }, startsAt: new Date('2026-01-01T10:00:00Z') })]))
    expect(parsed).toMatchObject({
      ok: true,
      alerts: [{ status: 'firing', fingerprint: 'f00d', startsAt: '2026-01-01T10:00:00.000Z', labels: { pid: '7' } }],
    })
  })

  test('fields that are not known yet are no fault', () => {
    expect(parseWebhookPayload({ ...payloadOf([{ ...alertOf({}), novelty: 1 }]), more: true }).ok).toBe(true)
  })

  test('every fault is told, with its path', () => {
    const parsed = parseWebhookPayload(
      payloadOf([
        { ...alertOf({}), startsAt: 'yesterday' },
        { ...alertOf({ labels: { alertname: '' } }), fingerprint: '../x', labels: { alertname: '' } },
      ]),
    )
    expect(parsed.ok).toBe(false)
    expect(parsed).toMatchObject({
      faults: [
        expect.stringMatching(/^alerts\.0\.startsAt: /),
        expect.stringMatching(/^alerts\.1\.labels: .*alertname/),
        expect.stringMatching(/^alerts\.1\.fingerprint: /),
      ],
    })
  })

  test.each([null, 'text', 7, [], {}, { version: '3', alerts: [] }, { version: '4', status: 'firing', alerts: [] }])(
    '%j is refused',
    (body) => {
      expect(parseWebhookPayload(body).ok).toBe(false)
    },
  )

  test('anything at all is parsed or refused, never thrown', () => {
    fc.assert(
      fc.property(fc.anything(), (anything) => {
        expect([true, false]).toContain(parseWebhookPayload({ version: '4', status: 'firing', alerts: [anything] }).ok)
      }),
      { numRuns: 500 },
    )
  })
})
