import { describe, expect, test } from 'vitest'
import { collectorsOf, negotiateFormat } from '../../../src/exporter/negotiation.ts'

describe('the format', () => {
  test.each([
    [undefined, 'text'],
    ['', 'text'],
    ['*/*', 'text'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-text; version=0.0.1', 'text'],
    ['application/openmetrics-text;version=1.0.0;q=0', 'text'],
    ['application/openmetrics-text;version=1.0.0;q=0.2,text/plain;q=0.9', 'text'],
    ['application/openmetrics-text;version=1.0.0;q=high', 'text'],
    // What Prometheus 2.42 and 3 send.
    [
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      'openmetrics',
    ],
    [
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      'openmetrics',
    ],
    [`application/openmetrics-text,${'x'.repeat(5000)}`, 'text'],
  ])('%s asks for %s', (accept, format) => {
    expect(negotiateFormat(accept)).toBe(format)
  })
})

describe('collect[]', () => {
  test('is read once or more, encoded or not; without it nothing is left out', () => {
    expect(collectorsOf('/metrics')).toBeUndefined()
    expect(collectorsOf('/metrics?x=1')).toBeUndefined()
    expect(collectorsOf('/metrics?collect[]=a&collect%5B%5D=b&collect[]=a')).toEqual(new Set(['a', 'b']))
    expect(collectorsOf('/metrics?collect[]=')).toEqual(new Set(['']))
  })
})
