import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../src/lib/config-file.ts'
import { RemediatorConfig } from '../../../src/remediator/config.ts'
import { maintenanceRemainingMs } from '../../../src/remediator/policies/maintenance.ts'
import { relationOf } from '../../../src/remediator/policies/overlap.ts'
import { fillQuery } from '../../../src/remediator/policies/query-text.ts'

function faultsOf(text: string): string {
  try {
    parseConfig(RemediatorConfig, text, 'r.yml')
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const policy = (more: string): string => `policies:\n  - name: p\n    match: [a="b"]\n${more.replaceAll(/^/gm, '    ')}\n`

describe('impossible ladders', () => {
  test.each([
    ['ladder: [kill, freeze]\nverify: [gone]', 'freeze after kill'],
    ['ladder: [kill, kill]\nverify: [gone]', 'kill after kill'],
    ['ladder: [thaw]\nverify: [alert-inactive]', 'thaw without freeze'],
    ['ladder: [quarantine]\nverify: [alert-inactive]', 'quarantine while the writer runs'],
    ['ladder: [freeze, thaw, quarantine]\nverify: [alert-inactive]', 'quarantine while the writer runs'],
    ['ladder: [freeze, restart]\nverify: [service-up]', 'restart of a frozen process'],
    ['ladder: [restart, kill]\nverify: [service-up]', 'kill after restart'],
    ['ladder: [notify, kill]\nverify: [gone]', 'kill after notify'],
    ['ladder: [{action: kill, from_attempt: 2}]\nverify: [gone]', 'the first attempt has no step'],
    ['ladder: [kill, {action: restart, from_attempt: 5}]\nverify: [gone]\nattempts: 3', 'joins in from attempt 5'],
    ['ladder: []', 'ladder'],
    ['ladder: [kill]\naction: kill\nverify: [gone]', 'not both'],
    ['grace_seconds: 1', 'a policy needs a ladder'],
    ['ladder: [freeze]\nverify: [gone]', 'gone cannot come true'],
    ['ladder: [kill]\nverify: [service-up]', 'service-up cannot come true'],
    ['ladder: [notify]\nverify: [gone]', 'has nothing to verify'],
    ['ladder: [kill]', 'verify is missing'],
    ['action: restart', 'verify is missing'],
    ['ladder: [{action: command, argv: ["rm -rf /"]}]\nverify: [alert-inactive]', 'no shell reads them'],
    ['ladder: [{action: restart, manager: command}]\nverify: [service-up]', 'say which'],
    ['ladder: [{action: restart, unit: "--force"}]\nverify: [service-up]', 'a unit'],
    ['ladder: [kill]\nverify: [{kind: promql, query: "up{g=\\"{{group}}\\"}"}]', 'brings its own quotes'],
    ['ladder: [kill]\nverify: [{kind: promql, query: "up{g={{ not a label }}}"}]', 'a placeholder is a label name'],
    ['ladder: [kill]\nverify: [gone]\nsnapshot: {paths: [../etc]}', 'an absolute path'],
    ['ladder: [kill]\nverify: [gone]\nmaintenance: [{from: "25:00", to: "01:00"}]', 'a time of day'],
    ['ladder: [kill]\nverify: [gone]\nmaintenance: [{from: "23:00", to: "01:00", time_zone: Mars/Olympus}]', 'time zone'],
  ])('%s', (more, fault) => {
    expect(faultsOf(policy(more))).toContain(fault)
  })

  test('ladders that can be walked are taken', () => {
    for (const more of [
      'ladder: [freeze, kill, quarantine]\nverify: [gone, {kind: alert-inactive, within_seconds: 400}]',
      'ladder: [{action: command, argv: [nice]}, {action: kill, from_attempt: 2}, {action: restart, from_attempt: 3}, notify]\nverify: [service-up]',
      'ladder: [freeze, thaw]\nverify: [alert-inactive]',
      'action: kill',
    ])
      expect(faultsOf(policy(more))).toBe('')
  })

  test('all faults of all policies are told at once, each with its line', () => {
    const text = [
      'mode: auto',
      'policies:',
      '  - name: One',
      '    match: [remediate]',
      '    ladder: [kill, kill]',
      '    nonsense: 1',
      '  - name: two',
      '    match: [x="y"]',
      '    ladder: [restart]',
      '  - name: two',
      '    match: [x="y"]',
      '    action: kill',
      'other: 1',
    ].join('\n')
    const lines = faultsOf(text).split('\n')
    for (const [line, what] of [
      [3, 'a policy name is'],
      [4, 'is not a matcher'],
      [5, 'kill after kill'],
      [5, 'verify is missing'],
      [6, 'there is no such key'],
      [9, 'verify is missing'],
      [10, 'a second policy is named "two"'],
      [11, 'never reached'],
      [13, 'other'],
    ] as const)
      expect(
        lines.some((each) => each.startsWith(`r.yml:${line}: `) && each.includes(what)),
        `${line}: ${what}`,
      ).toBe(true)
  })
})

describe("policies in each other's way", () => {
  test.each([
    [['a="1"'], ['a="1"'], 'same'],
    [['a="1"', 'b="2"'], ['a="1"'], 'within'],
    [['a="1"'], ['a="1"', 'b="2"'], 'covers'],
    [['a="1"'], ['a="2"'], 'apart'],
    [['a="1"'], ['b="2"'], 'crossing'],
    [['a=~"1|2"'], ['a=~"2|3"'], 'crossing'],
    [['a=~".+"'], ['a="1"'], 'covers'],
    [['a="1"'], ['a=~".+"'], 'within'],
    [['a!="1"'], ['a="1"'], 'apart'],
    [['a=~"node.*"'], ['a=~"python.*"'], 'apart'],
  ] as const)('%j and %j: %s', (first, second, relation) => {
    expect(relationOf(first, second)).toBe(relation)
  })

  test('what is said to come before may overlap; a name that is no later policy is told', () => {
    const two = (before: string): string =>
      `policies:\n  - {name: one, match: [a="1"], action: kill, before: [${before}]}\n  - {name: two, match: [b="2"], action: kill}\n`
    expect(faultsOf(two(''))).toContain('overlaps with "one"')
    expect(faultsOf(two('two'))).toBe('')
    expect(faultsOf(two('two, three'))).toContain('no later policy is named "three"')
  })
})

describe('maintenance windows', () => {
  type Window = Parameters<typeof maintenanceRemainingMs>[0][number]
  const window = (more: Partial<Window> & Pick<Window, 'from' | 'to'>): Window[] => [
    { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], time_zone: 'UTC', ...more },
  ]
  const at = (text: string): number => Date.parse(text)

  test.each([
    ['2026-01-05T02:30:00Z', { from: '02:00', to: '04:00' }, 90 * 60_000],
    ['2026-01-05T04:00:00Z', { from: '02:00', to: '04:00' }, 0],
    ['2026-01-05T23:30:00Z', { from: '22:00', to: '06:00' }, 6.5 * 3_600_000],
    ['2026-01-06T05:59:30Z', { from: '22:00', to: '06:00' }, 30_000],
    ['2026-01-06T05:59:00Z', { from: '22:00', to: '06:00', days: ['tue'] }, 0],
    ['2026-01-06T05:59:00Z', { from: '22:00', to: '06:00', days: ['mon'] }, 60_000],
    ['2026-01-05T01:30:00Z', { from: '02:00', to: '04:00', time_zone: 'Europe/Berlin' }, 90 * 60_000],
  ] satisfies Array<[string, Partial<Window> & Pick<Window, 'from' | 'to'>, number]>)('%s in %j leaves %d ms', (now, more, expected) => {
    expect(maintenanceRemainingMs(window(more), at(now))).toBe(expected)
  })
})

describe('queries about labels of strangers', () => {
  test('a value is one string of PromQL, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"} or vector(1) #', '\\', '\n', '{{other}}', '$&', '$1')),
        (value) => {
          const filled = fillQuery('up{group={{group}},other={{ other }}}', { group: value, other: 'x' })
          const match = /^up\{group=("(?:[^"\\\n]|\\.)*"),other="x"\}$/s.exec(filled)
          return match?.[1] !== undefined && JSON.parse(match[1]) === value
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('a label that is not there is the empty string, and so is one of the prototype', () => {
    expect(fillQuery('up{a={{a}},b={{constructor}}}', {})).toBe('up{a="",b=""}')
  })
})
