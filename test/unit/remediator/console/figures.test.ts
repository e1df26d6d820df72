import { expect, test } from 'vitest'
import { figure, shortFigure } from '../../../../src/remediator/console/figures.ts'

test.each([
  ['1288490188.8', 'bytes', '1.2 GiB'],
  ['806700', 'bytes per second', '788 KiB per second'],
  ['0.9993', 'share of all processors', '99.9 % of all processors'],
  ['0', 'passed (1) or failed (0)', 'failed'],
  ['0', 'reachable (1) or not (0)', 'not reachable'],
  ['1', 'reachable (1) or not (0)', 'reachable'],
  ['0.5', 'reachable (1) or not (0)', '0.5 reachable (1) or not (0)'],
  ['<b>', 'bytes', '<b>'],
])('%s %s is told as %s', (value, unit, told) => {
  expect(figure(value, unit)).toBe(told)
})

test.each([
  ['2981', 'files per 5 minutes', '2,981 per 5 min'],
  ['806700', 'bytes per second', '788 KiB/s'],
  ['0.9993', 'share of all processors', '99.9 %'],
])('%s %s is told in a table as %s', (value, unit, told) => {
  expect(shortFigure(value, unit)).toBe(told)
})
