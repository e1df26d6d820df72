/** Owns reading the kernel's small files about the machine: absent is an answer, not a failure. */
import { readFileSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'

/** As readText and at a fifth of its cost, for files of /proc that the kernel writes from memory and that no device can hold up. */
export function readTextNow(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** The file's text, or undefined when it is absent, forbidden, or its driver has no answer (EINVAL, EIO, ENODATA, ...). */
export async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
}

/** As readText, the first line without blanks around it; undefined also when that is empty. */
export async function readWord(path: string): Promise<string | undefined> {
  const word = (await readText(path))?.split('\n', 1)[0]?.trim()
  return word === '' ? undefined : word
}

/** The whole number in the file. */
export async function readInteger(path: string): Promise<number | undefined> {
  const word = await readWord(path)
  return word !== undefined && /^-?\d+$/.test(word) ? Number(word) : undefined
}

/** Names in a folder, at most `max` of them, numbers in their order; empty where there is no such folder. */
export async function listNames(path: string, max: number): Promise<string[]> {
  const names = await readdir(path).catch((): string[] => [])
  return names.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true })).slice(0, max)
}
