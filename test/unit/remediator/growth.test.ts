import { describe, expect, test } from 'vitest'
import { provenGrowth, type MemorySample } from '../../../src/remediator/checks/growth.ts'

const MB = 1_000_000

/** One sample a second; `bytesAt` gets the second. */
function series(seconds: number, bytesAt: (second: number) => number): MemorySample[] {
  return Array.from({ length: seconds }, (_, second) => ({ ms: second * 1000, bytes: bytesAt(second) }))
}

/** Reproducible noise of -1 to 1. */
function noise(second: number): number {
  return Math.sin(second * 12.9898) * Math.cos(second * 78.233)
}

describe('growth of memory', () => {
  test('a leak of 100 KB a second is told, and by about what it is', () => {
    const growth = provenGrowth(series(25, (second) => 80 * MB + second * 0.1 * MB + noise(second) * 0.2 * MB))
    expect(growth).toBeGreaterThan(250 * MB)
    expect(growth).toBeLessThanOrEqual(400 * MB)
  })

  test('the saw of a garbage collector is none', () => {
    expect(provenGrowth(series(24, (second) => 80 * MB + (second % 6) * 3 * MB))).toBeLessThan(100 * MB)
  })

  test('one that ends just before a collection is none either', () => {
    expect(provenGrowth(series(23, (second) => 80 * MB + (second % 12) * 2 * MB))).toBeLessThan(100 * MB)
  })

  test('noise is none', () => {
    expect(provenGrowth(series(25, (second) => 80 * MB + noise(second) * 4 * MB))).toBe(0)
  })

  test('what falls does not grow', () => {
    expect(provenGrowth(series(25, (second) => 80 * MB - second * 0.1 * MB))).toBe(0)
  })

  test('what stands still does not either', () => {
    expect(provenGrowth(series(25, () => 80 * MB))).toBe(0)
  })

  test('of too few samples nothing is said', () => {
    expect(provenGrowth(series(3, (second) => second * MB))).toBeUndefined()
  })
})
