import { describe, expect, test } from 'vitest'
import { crashRun, type CrashPlan, type CrashReport } from './crash-run.ts'
import { isWhole } from './extent.ts'

/** Kills at every boundary this often; besides, two kills in a row, and kills at moments that no boundary marks. */
const ROUNDS = isWhole ? 6 : 1
const PAIRS = isWhole ? 60 : 2
const MOMENTS = isWhole ? 60 : 2
const RUNS_MIN = isWhole ? 200 : 20
/** Two at a time keep two cores busy: most of a run is a remediator that starts. */
const SIDE_BY_SIDE = 2

describe('the crash matrix', () => {
  test(
    'SIGKILL at every boundary loses no alert, repeats no action and leaves the trail whole',
    async () => {
      const undisturbed = await crashRun({ deaths: [] })
      expect(undisturbed).toMatchObject({ faults: [], outcome: 'killed' })
      const all = plans(undisturbed.boundaries)
      expect(all.length).toBeGreaterThanOrEqual(RUNS_MIN)
      const reports = await sideBySide(all)
      expect(reports.filter(({ report }) => report.faults.length > 0)).toEqual([])
      // A matrix in which nobody died has proven nothing: each boundary must have been the death of somebody.
      const deaths = new Set(reports.flatMap(({ report }) => report.killedAt))
      for (const stage of ['recover', 'admit', 'match-policy', 'identify', 'guard', 'approve', 'snapshot', 'act', 'verify'])
        expect([...deaths]).toContain(`before ${stage}`)
    },
    isWhole ? 3_600_000 : 600_000,
  )
})

function plans(boundaries: number): CrashPlan[] {
  const single = Array.from({ length: boundaries * ROUNDS }, (_, index) => ({ deaths: [String((index % boundaries) + 1)] }))
  // Strides that are prime to the count of boundaries come to different pairs each time.
  const pairs = Array.from({ length: PAIRS }, (_, index) => ({
    deaths: [String(((index * 7) % boundaries) + 1), String(((index * 5) % boundaries) + 1)],
  }))
  const moments = Array.from({ length: MOMENTS }, (_, index) => ({ deaths: [`${Math.round((index * 150) / MOMENTS)}ms`] }))
  return [...single, ...pairs, ...moments]
}

async function sideBySide(all: readonly CrashPlan[]): Promise<Array<{ plan: CrashPlan; report: CrashReport }>> {
  const waiting = all.entries()
  const reports: Array<{ plan: CrashPlan; report: CrashReport }> = []
  const worker = async (): Promise<void> => {
    for (const [, plan] of waiting) reports.push({ plan, report: await crashRun(plan) })
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker))
  return reports
}
