import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseWebhookPayload } from '../../../src/remediator/webhook-payload.ts'
import { alertOf, payloadOf } from '../../support/remediator.ts'

/** As it comes over the wire, and with the alerts as a list. */
function parsed(body: unknown) {
  return listed(parseWebhookPayload(Buffer.from(JSON.stringify(body) ?? '')))
}

function listed(answer: ReturnType<typeof parseWebhookPayload>) {
  return answer.ok ? { ...answer, alerts: [...answer.alerts] } : answer
}

describe('webhook payload', () => {
  test('a payload of Alertmanager 0.25 gives its alerts', () => {
    const answer = parsed(payloadOf([alertOf({ labels: { pid: '7' }, startsAt: new Date('2026-01-01T10:00:00Z') })]))
    expect(answer).toMatchObject({
      ok: true,
      alerts: [{ status: 'firing', fingerprint: 'f00d', startsAt: '2026-01-01T10:00:00.000Z', labels: { pid: '7' } }],
    })
  })

  test('fields that are not known yet are no fault', () => {
    expect(parsed({ ...payloadOf([{ ...alertOf({}), novelty: 1 }]), more: true }).ok).toBe(true)
  })

  test('every fault is told, with its path', () => {
    const answer = parsed(
      payloadOf([
        { ...alertOf({}), startsAt: 'yesterday' },
        { ...alertOf({ labels: { alertname: '' } }), fingerprint: '../x', labels: { alertname: '' } },
      ]),
    )
    expect(answer.ok).toBe(false)
    expect(answer).toMatchObject({
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
      expect(parsed(body).ok).toBe(false)
    },
  )

  test('anything at all is parsed or refused, never thrown', () => {
    fc.assert(
      fc.property(fc.anything(), (anything) => {
        expect([true, false]).toContain(parsed({ version: '4', status: 'firing', alerts: [anything] }).ok)
      }),
      { numRuns: 500 },
    )
  })

  test('whatever the text looks like, the alerts are those that JSON.parse finds', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('"', '\\', '\\"', ']', '}],"alerts":[{', '\\\\', 'alerts', '\u{1f600}'),
    )
    const alert = fc.record({
      status: fc.constantFrom('firing', 'resolved'),
      labels: fc.dictionary(texts, texts, { maxKeys: 4 }).map((labels) => ({ ...labels, alertname: 'A' })),
      annotations: fc.dictionary(texts, texts, { maxKeys: 3 }),
      startsAt: fc.constant('2026-01-01T00:00:00.000Z'),
      fingerprint: fc.constantFrom('f00d', 'beef'),
      novelty: fc.jsonValue(),
    })
    const payload = fc.record({
      more: fc.jsonValue(),
      version: fc.constant('4'),
      status: fc.constant('firing'),
      inner: fc.record({ alerts: fc.array(fc.jsonValue()) }),
      alerts: fc.array(alert, { minLength: 1, maxLength: 5 }),
      last: fc.jsonValue(),
    })
    fc.assert(
      fc.property(payload, fc.constantFrom(undefined, 1, '\t'), (body, indent) => {
        const answer = listed(parseWebhookPayload(Buffer.from(JSON.stringify(body, undefined, indent))))
        const { alerts } = JSON.parse(JSON.stringify(body))
        expect(answer).toMatchObject({
          ok: true,
          count: alerts.length,
          alerts: alerts.map(({ status, labels, annotations, startsAt, fingerprint }: Record<string, unknown>) => ({
            status,
            labels,
            annotations,
            startsAt,
            fingerprint,
          })),
        })
      }),
      { numRuns: 100 },
    )
  })

  test('a text that JSON.parse refuses is refused, wherever it is broken', () => {
    const whole = JSON.stringify(payloadOf([alertOf({ labels: { path: 'a"]}\\' } }), alertOf({})]))
    const characters = fc.constantFrom('', '"', '[', ']', '{', '}', ',', ':', '\\', ' ', 'a', '0')
    const isJson = (text: string): boolean => {
      try {
        JSON.parse(text)
        return true
      } catch {
        return false
      }
    }
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(3), characters, (at, cut, put) => {
        const text = whole.slice(0, at) + put + whole.slice(at + cut)
        const answer = parseWebhookPayload(Buffer.from(text))
        expect(isJson(text) || (!answer.ok && answer.faults[0] === 'body: it is not JSON')).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  test('two lists of alerts are refused: which one is meant?', () => {
    const text = JSON.stringify(payloadOf([alertOf({})]))
    expect(parseWebhookPayload(Buffer.from(`${text.slice(0, -1)},"alerts":[]}`)).ok).toBe(false)
  })
})
