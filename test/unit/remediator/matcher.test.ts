import { describe, expect, test } from 'vitest'
import { parseMatcher } from '../../../src/remediator/matcher.ts'

describe('matchers in the syntax of Alertmanager', () => {
  test.each([
    ['remediate="kill"', { remediate: 'kill' }, true],
    ['remediate="kill"', { remediate: 'killer' }, false],
    ['remediate=kill', { remediate: 'kill' }, true],
    ['remediate!="kill"', { remediate: 'kill' }, false],
    ['remediate!="kill"', {}, true],
    ['group=~"node|python.*"', { group: 'python3' }, true],
    ['group=~"node"', { group: 'node-app' }, false],
    ['group!~"node.*"', { group: 'node-app' }, false],
    ['remediate=~".+"', {}, false],
    ['group="say \\"hi\\""', { group: 'say "hi"' }, true],
    ['constructor=""', {}, true],
  ])('%s on %j is %s', (text, labels, expected) => {
    expect(parseMatcher(text).matches(labels)).toBe(expected)
  })

  test.each(['remediate', '="x"', 'a b="c"', 'a=~"("', 'a="b" or c="d"'])('%s is refused with a sentence', (text) => {
    expect(() => parseMatcher(text)).toThrow(text)
  })
})
