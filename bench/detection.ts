/**
 * Owns `npm run bench:detection`: replays labelled machine series through the shipped rules and through others' ideas, and
 * prints precision, recall, F1 and false alarms, beside what chance would give.
 * Flags: --data FOLDER (windows.json and its CSV files; PROCWARDEN_BENCH_DATA; ../shared/nab beside the checkout)
 * --step SECONDS (between evaluations, at most 300)  --per-series  --json
 */
import path from 'node:path'
import { parseArgs } from 'node:util'
import { readDataset, type LabelledSeries } from './detection/dataset.ts'
import { runDetectors, type Detector } from './detection/detectors.ts'
import { formatRows, formatSeries, type Row } from './detection/report.ts'
import { chanceScores, f1, precision, recall, scoreSeries, sumScores } from './detection/score.ts'

const CHANCE_STEPS = 40

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: process.env['PROCWARDEN_BENCH_DATA'] ?? path.resolve(import.meta.dirname, '../../shared/nab') },
    step: { type: 'string', default: '300' },
    'per-series': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

const all = readDataset(flags.data)
if (all === undefined) {
  say(`skipped: there is no ${path.join(flags.data, 'windows.json')}. Give a folder of labelled series with --data.`)
} else {
  const startedMs = performance.now()
  const detectors = await runDetectors({ all, stepSeconds: Number(flags.step), say })
  say(`replayed in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`)
  const rows = detectors.flatMap((detector) => rowsOf(all, detector))
  if (flags.json) process.stdout.write(`${JSON.stringify({ rows, series: perSeries(all, detectors) }, undefined, 2)}\n`)
  else {
    process.stdout.write(`${formatRows(rows)}\n`)
    if (flags['per-series']) process.stdout.write(`\n${formatSeries(perSeries(all, detectors))}\n`)
  }
}

/** The detector over all series; the shipped ones also over either half of them, and moved in time. */
function rowsOf(series: readonly LabelledSeries[], detector: Detector): Row[] {
  const score = (part: readonly LabelledSeries[]) => sumScores(part.map((one) => scoreSeries(one, detector.firings.get(one) ?? [])))
  const rows = [row(detector.name, detector.shipped, score(series))]
  if (!detector.shipped || detector.name.startsWith(' ')) return rows
  const half = (parity: number) => series.filter((_, index) => index % 2 === parity)
  const chance = sumScores(series.flatMap((one) => chanceScores(one, detector.firings.get(one) ?? [], CHANCE_STEPS)))
  return [
    ...rows,
    row('  even series alone', true, score(half(0))),
    row('  odd series alone', true, score(half(1))),
    row(`  moved in time (chance)`, true, chance),
  ]
}

function row(name: string, shipped: boolean, score: Parameters<typeof f1>[0]): Row {
  return {
    name,
    shipped,
    precision: precision(score),
    recall: recall(score),
    f1: f1(score),
    found: score.found,
    windows: score.windows,
    falseAlarms: score.falseAlarms,
    falseAlarmsPerDay: score.falseAlarms / score.days,
  }
}

function perSeries(series: readonly LabelledSeries[], detectors: readonly Detector[]) {
  return series.map((one) => ({
    name: one.name,
    scores: detectors.map((detector) => ({ detector: detector.name.trim(), ...scoreSeries(one, detector.firings.get(one) ?? []) })),
  }))
}

function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`)
}
