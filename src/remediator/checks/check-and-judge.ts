/** Owns making a whole result of a run: when it was, how long it took, and how it is away from what is healthy. */
import type { Clock } from '../../lib/clock.ts'
import { driftOf } from './baseline.ts'
import type { DriftLimits } from './config.ts'
import type { CheckDefinition } from './definition.ts'
import type { CheckFigures, CheckResult, CheckTrigger } from './result.ts'
import type { CheckTools } from './check-tools.ts'
import { runCheck } from './run-check.ts'

export interface Circumstances {
  readonly trigger: CheckTrigger
  readonly clock: Pick<Clock, 'nowMs'>
  readonly healthy: CheckFigures | undefined
  readonly limits: DriftLimits
}

export async function checkAndJudge(
  definition: CheckDefinition,
  { trigger, clock, healthy, limits }: Circumstances,
  tools: CheckTools,
  signal: AbortSignal,
): Promise<CheckResult> {
  const at = new Date(clock.nowMs()).toISOString()
  const begunMs = performance.now()
  const measured = await runCheck(definition, tools, signal)
  const { name, kind, program = null } = definition
  return {
    check: name,
    kind,
    program,
    at,
    trigger,
    ...measured,
    durationSeconds: (performance.now() - begunMs) / 1000,
    drift: measured.outcome === 'passed' ? driftOf(measured.figures, healthy, limits) : [],
  }
}
