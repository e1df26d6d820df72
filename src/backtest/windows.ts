/** Owns reading the times at which something was truly wrong: as JSON or CSV. */
import path from 'node:path'
import { z } from 'zod'
import { UsageError, messageOf } from '../lib/errors.ts'
import { parseMoment } from './csv.ts'
import type { Span } from './score.ts'

const Pairs = z.array(z.tuple([z.string().or(z.number()), z.string().or(z.number())]))
const ByFile = z.record(z.string(), Pairs)

/**
 * `[["2014-02-26 13:45", "2014-02-27 06:25"], ...]`, or such a list under the name of the series' file, or CSV lines
 * `from,to`. Throws UsageError.
 */
export function parseWindows(text: string, name: string, seriesFile: string): Span[] {
  const trimmed = text.trim()
  if (!/^[[{]/.test(trimmed)) return csvWindows(trimmed, name)
  let json: unknown
  try {
    json = JSON.parse(trimmed)
  } catch (error) {
    throw new UsageError(`${name}: neither JSON nor CSV: ${messageOf(error)}`, error)
  }
  const list = Pairs.safeParse(json)
  if (list.success) return list.data.map((pair, index) => spanOf(pair[0], pair[1], `${name}: window ${index + 1}`))
  const byFile = ByFile.safeParse(json)
  if (!byFile.success) throw new UsageError(`${name}: expected a list of [from, to], or such lists by the name of a file`)
  return ofFile(byFile.data, name, seriesFile).map((pair, index) => spanOf(pair[0], pair[1], `${name}: window ${index + 1}`))
}

function ofFile(byFile: z.infer<typeof ByFile>, name: string, seriesFile: string): z.infer<typeof Pairs> {
  const resolved = path.resolve(seriesFile)
  const keys = Object.keys(byFile)
  const key =
    keys.find((each) => resolved.endsWith(`${path.sep}${path.normalize(each)}`)) ??
    keys.find((each) => path.basename(each) === path.basename(seriesFile))
  if (key === undefined)
    throw new UsageError(`${name} has no windows for ${path.basename(seriesFile)}; it has ${keys.slice(0, 5).join(', ')}`)
  return byFile[key] ?? []
}

function csvWindows(text: string, name: string): Span[] {
  return text.split(/\r?\n/).flatMap((line, index): Span[] => {
    const [from = '', to = ''] = line.split(/[,;\t]/)
    if (line.trim() === '' || (index === 0 && parseMoment(from) === undefined)) return []
    return [spanOf(from, to, `${name}:${index + 1}`)]
  })
}

function spanOf(from: string | number, to: string | number, place: string): Span {
  // Fractions of seconds as Python writes them, without the T.
  const span = { from: parseMoment(String(from)), to: parseMoment(String(to)) }
  if (span.from === undefined || span.to === undefined) throw new UsageError(`${place}: "${from}" to "${to}" are no two moments`)
  if (span.from > span.to) throw new UsageError(`${place}: it ends before it begins`)
  return { from: span.from, to: span.to }
}
