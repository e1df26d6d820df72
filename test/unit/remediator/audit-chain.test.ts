import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ChainChecker, GENESIS, hashEntry, headFingerprint } from '../../../src/remediator/audit/chain.ts'
import type { AuditEntry } from '../../../src/remediator/model.ts'

function chainOf(texts: readonly string[]): AuditEntry[] {
  const entries: AuditEntry[] = []
  for (const [index, text] of texts.entries()) {
    const unhashed = {
      seq: index + 1,
      at: '2026-01-01T00:00:00.000Z',
      event: 'note',
      incident: null,
      text,
      data: { index },
      prev: entries.at(-1)?.hash ?? GENESIS,
    }
    entries.push({ ...unhashed, hash: hashEntry(unhashed) })
  }
  return entries
}

function firstFault(entries: readonly AuditEntry[]): number | undefined {
  const checker = new ChainChecker()
  return entries.map((entry) => checker.check(entry)).find((fault) => fault !== undefined)?.seq
}

describe('the audit chain', () => {
  test('a chain as it was written is intact', () => {
    expect(firstFault(chainOf(['one', 'two', 'three']))).toBeUndefined()
  })

  test('any changed field, dropped, swapped or inserted entry is found at its place', () => {
    const texts = fc.array(fc.string(), { minLength: 2, maxLength: 12 })
    fc.assert(
      fc.property(texts, fc.nat(), fc.constantFrom('change', 'drop', 'swap', 'insert'), (words, at, how) => {
        const entries = chainOf(words)
        const index = at % (entries.length - 1)
        const [entry, following] = [entries[index], entries[index + 1]]
        if (!entry || !following) throw new Error('two entries at least')
        if (how === 'change') entries[index] = { ...entry, text: `${entry.text}!` }
        if (how === 'drop') entries.splice(index, 1)
        if (how === 'swap') entries.splice(index, 2, following, entry)
        if (how === 'insert') entries.splice(index, 0, { ...entry, text: 'forged' })
        expect(firstFault(entries)).toBe(index + 1)
      }),
    )
  })

  test('a changed entry with a recomputed hash is found at the next one', () => {
    const entries = chainOf(['one', 'two', 'three'])
    const forged = { ...entries[1], text: 'never happened' } as AuditEntry
    entries[1] = { ...forged, hash: hashEntry(forged) }
    expect(firstFault(entries)).toBe(3)
  })

  test('the fingerprint of a head is exact in a float', () => {
    expect(Number.isSafeInteger(headFingerprint('f'.repeat(64)))).toBe(true)
  })
})
