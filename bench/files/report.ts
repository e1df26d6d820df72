/** Owns the table that `npm run bench:files` prints, and the judgement against the targets. Never measures. */
import { median } from '../lib/statistics.ts'
import { figure, formatTable, formatVerdicts, type Verdict } from '../lib/table.ts'
import { CHOKIDAR, FANOTIFY } from './contenders.ts'
import { slowDown, type Measurement, type Result, type Round, type SlowDown } from './measure.ts'

/** Every figure is the median over rounds, but counts are those of the worst round. */
export interface Summary {
  readonly name: string
  readonly created: number
  readonly attributed: number | undefined
  readonly cpuMs: number
  /** Of chokidar alone; undefined where that was not measured. */
  readonly cpuRatio: number | undefined
  readonly growthBytes: number
  readonly writerWall: SlowDown
  readonly writerCpu: SlowDown
  readonly pairsCreated: number
  readonly pairsDeleted: number
}

export function summaries(measurement: Measurement): Summary[] {
  const chokidar = measurement.results.find(({ name }) => name === CHOKIDAR)
  return measurement.results.map((result) => summaryOf(result, measurement, chokidar))
}

/** The targets at 100,000 creations by one writer and 2,000 pairs. */
export function verdicts(measurement: Measurement): Verdict[] {
  const { files, pairs } = measurement
  const own = summaries(measurement).find(({ name }) => name === FANOTIFY)
  return [
    { target: 'creations counted', measured: own?.created, limit: files, unit: '', exactly: true },
    { target: 'creations attributed to their process', measured: own && (own.attributed ?? 0), limit: files, unit: '', exactly: true },
    { target: 'CPU against chokidar alone', measured: own?.cpuRatio, limit: 1 / 40, unit: 'x' },
    { target: 'growth of anonymous memory', measured: own && own.growthBytes / 1e6, limit: 10, unit: ' MB' },
    { target: 'writer slowed, best of rounds', measured: own && (own.writerWall.best - 1) * 100, limit: 15, unit: ' %' },
    { target: 'creations of pairs counted', measured: own?.pairsCreated, limit: pairs, unit: '', exactly: true },
    { target: 'deletions of pairs counted', measured: own?.pairsDeleted, limit: pairs, unit: '', exactly: true },
  ]
}

export function formatReport(measurement: Measurement): string {
  const { files, pairs, alone } = measurement
  const header = [
    '',
    'counted',
    'attributed',
    'CPU ms',
    'ratio',
    'growth MB',
    'writer slowed',
    'best',
    'its CPU',
    'pairs created',
    'deleted',
  ]
  const rows = summaries(measurement).map((summary) => [
    summary.name,
    String(summary.created),
    summary.attributed === undefined ? '-' : String(summary.attributed),
    figure(summary.cpuMs),
    summary.cpuRatio === undefined ? '-' : `${figure(summary.cpuRatio)}x`,
    figure(summary.growthBytes / 1e6),
    percent(summary.writerWall.median),
    percent(summary.writerWall.best),
    percent(summary.writerCpu.median),
    String(summary.pairsCreated),
    String(summary.pairsDeleted),
  ])
  const writer = `the writer alone: ${figure(median(alone.map(({ wallMs }) => wallMs)))} ms, ${figure(median(alone.map(({ cpuMs }) => cpuMs)))} ms of CPU`
  return [
    `${files} creations, ${pairs} create-and-unlink pairs, ${alone.length} rounds; ${writer}\n${formatTable([header, ...rows])}`,
    `targets\n${formatVerdicts(verdicts(measurement))}`,
  ].join('\n\n')
}

function summaryOf(result: Result, { files, pairs, alone }: Measurement, chokidar: Result | undefined): Summary {
  const of = (cost: (round: Round) => number): number => median(result.rounds.map(cost))
  const cpu = of((round) => round.cpuMs)
  const attributed = result.rounds.map((round) => round.attributed)
  return {
    name: result.name,
    created: worst(
      result.rounds.map((round) => round.creations.created),
      files,
    ),
    attributed: attributed.some((count) => count === undefined)
      ? undefined
      : worst(
          attributed.map((count) => count ?? 0),
          files,
        ),
    cpuMs: cpu,
    cpuRatio: chokidar && cpu / median(chokidar.rounds.map((round) => round.cpuMs)),
    growthBytes: of((round) => round.growthBytes),
    writerWall: slowDown(result, alone, 'wallMs'),
    writerCpu: slowDown(result, alone, 'cpuMs'),
    pairsCreated: worst(
      result.rounds.map((round) => round.pairs.created),
      pairs,
    ),
    pairsDeleted: worst(
      result.rounds.map((round) => round.pairs.deleted),
      pairs,
    ),
  }
}

/** The one furthest from what is due. */
function worst(counts: readonly number[], due: number): number {
  return counts.toSorted((a, b) => Math.abs(b - due) - Math.abs(a - due))[0] ?? Number.NaN
}

function percent(ratio: number): string {
  const slower = (ratio - 1) * 100
  return `${slower > 0 ? '+' : ''}${figure(slower)} %`
}
