/** Owns the answers of Prometheus that pictures are drawn from, as the end-to-end test of the dashboards wrote them down. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { CommittedDashboard, DashboardPanel } from '../../test/support/dashboards.ts'

const Sample = z.tuple([z.number(), z.string()])
const Series = z.object({ metric: z.record(z.string(), z.string()), value: Sample.optional(), values: z.array(Sample).optional() })
export type Series = z.infer<typeof Series>

const Answers = z.object({ answers: z.record(z.string(), z.array(Series)) })
export type Answers = z.infer<typeof Answers>['answers']

export interface Line {
  readonly name: string
  /** Seconds since the epoch, and the value. */
  readonly points: ReadonlyArray<readonly [number, number]>
}

export function readAnswers(file: string): Answers {
  return Answers.parse(JSON.parse(readFileSync(file, 'utf8'))).answers
}

/** What a target's query returned. */
export function answerOf(answers: Answers, dashboard: CommittedDashboard, panel: DashboardPanel, refId: string): readonly Series[] {
  return answers[`${dashboard.uid}: panel "${panel.title}" ${refId}`] ?? []
}

/** All lines of a graph, under the names that its legend gives them. */
export function linesOf(answers: Answers, dashboard: CommittedDashboard, panel: DashboardPanel): Line[] {
  return panel.targets.flatMap((target) =>
    answerOf(answers, dashboard, panel, target.refId).map((series) => ({
      name: nameOf(series, target['legendFormat']),
      points: (series.values ?? (series.value ? [series.value] : [])).map(([at, value]) => [at, Number(value)] as const),
    })),
  )
}

function nameOf({ metric }: Series, legend: unknown): string {
  if (typeof legend === 'string') return legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? '').trim()
  return Object.entries(metric)
    .map(([label, value]) => `${label}="${value}"`)
    .join(', ')
}
