/** Owns reading a folder of labelled series: CSV files (`timestamp,value`) and windows.json, in the layout of the Numenta benchmark. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import type { Sample } from '../../src/backtest/replay.ts'

export interface LabelledSeries {
  readonly name: string
  readonly samples: readonly Sample[]
  /** Unix seconds; an anomaly lies within. */
  readonly windows: ReadonlyArray<readonly [from: number, to: number]>
  readonly days: number
}

const Windows = z.record(z.string(), z.array(z.tuple([z.string(), z.string()])))
const DAY = 86_400

/** Undefined when there is no such folder. Throws when a file of windows.json is missing or has no sample. */
export function readDataset(folder: string): LabelledSeries[] | undefined {
  const index = path.join(folder, 'windows.json')
  if (!existsSync(index)) return undefined
  return Object.entries(Windows.parse(JSON.parse(readFileSync(index, 'utf8')))).map(([name, windows]) => {
    const samples = parseCsv(readFileSync(path.join(folder, name), 'utf8'))
    const [first, last] = [samples[0], samples.at(-1)]
    if (first === undefined || last === undefined) throw new Error(`${name} has no samples`)
    return {
      name,
      samples,
      windows: windows.map(([from, to]) => [seconds(from), seconds(to)] as const),
      days: (last[0] - first[0]) / DAY,
    }
  })
}

/** In order of time; a later line about the same moment wins. */
function parseCsv(text: string): Sample[] {
  const rows = text
    .split('\n')
    .map((line) => line.split(','))
    .map(([time = '', value = '']) => [seconds(time), value.trim() === '' ? Number.NaN : Number(value)] as const)
    .filter(([time, value]) => Number.isFinite(time) && Number.isFinite(value))
  return [...new Map(rows.map((row) => [row[0], row] as const)).values()].toSorted((a, b) => a[0] - b[0])
}

/** "2014-02-26 13:45:00.000000", which is UTC. */
function seconds(text: string): number {
  return Date.parse(`${text.trim().slice(0, 19).replace(' ', 'T')}Z`) / 1000
}
