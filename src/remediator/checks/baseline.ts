/** Owns the healthy figures: saving them as baseline.json in the state folder, reading them back, and telling what drifts from them. */
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { UsageError, errnoOf, messageOf } from '../../lib/errors.ts'
import type { DriftLimits } from './config.ts'
import { inMs } from './words.ts'
import { CheckFigures, type CheckResult } from './result.ts'

const Baseline = z.strictObject({
  version: z.literal(1),
  at: z.iso.datetime(),
  checks: z.record(z.string(), CheckFigures),
})
export type Baseline = z.infer<typeof Baseline>

export function baselineFile(stateDir: string): string {
  return path.join(stateDir, 'baseline.json')
}

/** Undefined when none was saved. Throws UsageError, with the way out, when the file is no baseline. */
export function readBaseline(stateDir: string): Baseline | undefined {
  const file = baselineFile(stateDir)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw new UsageError(`cannot read the baseline ${file}: ${messageOf(error)}`, error)
  }
  try {
    return Baseline.parse(JSON.parse(text))
  } catch (error) {
    throw new UsageError(`${file} is no baseline: save a fresh one with procwarden checks baseline`, error)
  }
}

/** Read again only when the file has changed; what cannot be read is told to `onFault` and counts as none. */
export function createBaselineReader(stateDir: string, onFault: (why: string) => void): () => Baseline | undefined {
  let known: { readonly mark: string; readonly baseline: Baseline | undefined } | undefined
  return () => {
    const stat = statSync(baselineFile(stateDir), { throwIfNoEntry: false })
    const mark = stat === undefined ? '' : `${stat.ino}:${stat.mtimeMs}:${stat.size}`
    if (known?.mark === mark) return known.baseline
    let baseline: Baseline | undefined
    try {
      baseline = readBaseline(stateDir)
    } catch (error) {
      onFault(messageOf(error))
    }
    known = { mark, baseline }
    return baseline
  }
}

/** Whole or not at all. */
export function writeBaseline(stateDir: string, baseline: Baseline): void {
  const file = baselineFile(stateDir)
  try {
    writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(baseline, null, 2)}\n`, { mode: 0o600 })
    renameSync(`${file}.${process.pid}`, file)
  } catch (error) {
    throw new UsageError(`cannot save the baseline ${file}: ${messageOf(error)}`, error)
  }
}

/** Of several healthy runs the worst figures: what was healthy once is healthy. */
export function healthyFigures(runs: readonly CheckResult[]): CheckFigures {
  const worst = (read: (figures: CheckFigures) => number | undefined): number | undefined => {
    const values = runs.flatMap((run) => read(run.figures) ?? [])
    return values.length === 0 ? undefined : Math.max(...values)
  }
  return withoutUndefined({
    requests: worst((figures) => figures.requests),
    errorRatio: worst((figures) => figures.errorRatio),
    latencyP95Seconds: worst((figures) => figures.latencyP95Seconds),
    memoryBytes: worst((figures) => figures.memoryBytes),
    memoryGrowthBytesPerHour: worst((figures) => figures.memoryGrowthBytesPerHour),
  })
}

/** Sentences; none where nothing drifts. */
export function driftOf(figures: CheckFigures, healthy: CheckFigures | undefined, limits: DriftLimits): string[] {
  const { errorRatio, latencyP95Seconds: p95, memoryGrowthBytesPerHour: growth } = figures
  const baseline = healthyP95(healthy, limits)
  const sentences: string[] = []
  if (errorRatio !== undefined && errorRatio > limits.error_ratio)
    sentences.push(`${percent(errorRatio)} of its requests fail; more than ${percent(limits.error_ratio)} is drift`)
  if (p95 !== undefined && p95 > limits.p95_seconds)
    sentences.push(`its p95 is ${inMs(p95)}; more than ${inMs(limits.p95_seconds)} is drift`)
  if (p95 !== undefined && baseline !== undefined && p95 > baseline * limits.p95_ratio)
    sentences.push(`its p95 is ${inMs(p95)}, ${(p95 / baseline).toFixed(1)} times the healthy ${inMs(baseline)}`)
  if (growth !== undefined && growth > limits.memory_growth_bytes_per_hour)
    sentences.push(
      `memory grows by ${(growth / 1e6).toFixed(0)} MB an hour; more than ${(limits.memory_growth_bytes_per_hour / 1e6).toFixed(0)} MB is drift`,
    )
  return sentences
}

/** What a p95 is compared with. */
export function healthyP95(healthy: CheckFigures | undefined, limits: DriftLimits): number | undefined {
  const p95 = healthy?.latencyP95Seconds
  return p95 === undefined ? undefined : Math.max(p95, limits.healthy_p95_seconds_min)
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(ratio < 0.1 ? 1 : 0)} %`
}

function withoutUndefined<Value extends object>(value: { [Key in keyof Value]: Value[Key] | undefined }): CheckFigures {
  return CheckFigures.parse(Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)))
}
