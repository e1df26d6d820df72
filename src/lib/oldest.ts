/** Owns forgetting: maps and sets keep the order in which keys were put in, so the first are the oldest. */

/** Drops the oldest entries until fewer than `sizeMax` are left. */
export function dropOldest<Key>(from: { readonly size: number; keys(): Iterable<Key>; delete(key: Key): unknown }, sizeMax: number): void {
  if (from.size < sizeMax) return
  let surplus = from.size - sizeMax + 1
  for (const key of from.keys()) {
    if (surplus-- <= 0) return
    from.delete(key)
  }
}
