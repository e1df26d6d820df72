/** Tests turning rule files into PrometheusRule objects: what Kubernetes would read differently, and what it would refuse. */
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseLabel, prometheusRules, type ObjectOptions } from '../../../src/rules/export.ts'

const OPTIONS: ObjectOptions = { name: 'procwarden', namespace: undefined, labels: {} }
const EMPTY = 'groups: []\n'

test('what YAML 1.1 would read as something else stays text, and numbers become text where the operator wants it', () => {
  const text = `groups:
  - name: g
    interval: 1m
    limit: 10
    rules:
      - alert: A
        expr: &e up == 0
        for: 5m
        labels: {answer: yes, time: '1:30', octal: '012', tilde: '~', tier: 3, on: off}
        annotations: {summary: "{{ $labels.instance }}: \\"down\\"\\nfor long"}
      - record: a:b
        expr: 5
      - record: a:c
        expr: *e
`
  const [object = ''] = prometheusRules([{ file: 'odd.yml', text }], OPTIONS, false).values()
  expect(parse(object, { version: '1.1' })).toEqual({
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'procwarden-odd', labels: { 'app.kubernetes.io/name': 'procwarden' } },
    spec: {
      groups: [
        {
          name: 'g',
          interval: '1m',
          limit: 10,
          rules: [
            {
              alert: 'A',
              expr: 'up == 0',
              for: '5m',
              labels: { answer: 'yes', time: '1:30', octal: '012', tilde: '~', tier: '3', on: 'off' },
              annotations: { summary: '{{ $labels.instance }}: "down"\nfor long' },
            },
            { record: 'a:b', expr: '5' },
            { record: 'a:c', expr: 'up == 0' },
          ],
        },
      ],
    },
  })
})

describe('refused', () => {
  test.each([
    [{ ...OPTIONS, namespace: 'Not A Name' }, '--namespace Not A Name'],
    [{ ...OPTIONS, name: 'UPPER' }, '--name UPPER'],
    [{ ...OPTIONS, name: '' }, '--name'],
    [{ ...OPTIONS, name: 'a'.repeat(254) }, '--name'],
  ])('%j', (options, words) => {
    expect(() => prometheusRules([{ file: 'a.yml', text: EMPTY }], options, true)).toThrow(words)
  })

  test('two files that would be one object', () => {
    const files = ['a b.yml', 'A-b.yaml'].map((file) => ({ file, text: EMPTY }))
    expect(() => prometheusRules(files, OPTIONS, false)).toThrow('procwarden-a-b')
  })

  test('two groups of one name in one object; in two objects they may be', () => {
    const files = ['a.yml', 'b.yml'].map((file) => ({ file, text: 'groups: [{name: g, rules: [{record: a, expr: up}]}]\n' }))
    expect(() => prometheusRules(files, OPTIONS, true)).toThrow('two groups are called g')
    expect(prometheusRules(files, OPTIONS, false).size).toBe(2)
  })

  test('what is no rule file', () => {
    expect(() => prometheusRules([{ file: 'a.yml', text: 'groups: [{name: g, rules: [{record: a}]}]' }], OPTIONS, false)).toThrow(
      'a.yml: groups.0.rules.0.expr',
    )
  })

  test.each(['no-value', 'key=a b', '=x', '-a=b', `${'k'.repeat(64)}=v`, 'a/b/c=d', 'key=-x'])('the label %s', (text) => {
    expect(() => parseLabel(text)).toThrow('no label of Kubernetes')
  })
})

test.each([
  ['release=monitoring', ['release', 'monitoring']],
  ['a.b/c=', ['a.b/c', '']],
  ['k=v_1.2-3', ['k', 'v_1.2-3']],
])('the label %s', (text, label) => {
  expect(parseLabel(text)).toEqual(label)
})
