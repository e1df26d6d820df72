/** Owns copying the bytes of one open file to another: by descriptor, so that no name can be swapped meanwhile. */
import { fsyncSync, readSync, writeSync } from 'node:fs'

const CHUNK_BYTES = 1_048_576

/** At most `bytesMax`, from the source's beginning, on disk on return. Returns how many. Throws the system's error. */
export function copyBytes(source: number, target: number, bytesMax = Infinity): number {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  let at = 0
  while (at < bytesMax) {
    const read = readSync(source, chunk, 0, Math.min(chunk.length, bytesMax - at), at)
    if (read === 0) break
    for (let written = 0; written < read;) written += writeSync(target, chunk, written, read - written)
    at += read
  }
  fsyncSync(target)
  return at
}
