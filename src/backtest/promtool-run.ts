/** Owns running `promtool test rules` on one generated file. Never decides what is replayed and never keeps the file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { execa } from 'execa'
import { OperationalError } from '../lib/errors.ts'
import { groupOrder } from './group-order.ts'
import { parseAnswers, type Answer } from './promtool-answer.ts'

export interface TestFile {
  readonly ruleFiles: readonly string[]
  readonly evaluationSeconds: number
  readonly spacingSeconds: number
  readonly inputs: ReadonlyArray<{ readonly series: string; readonly values: string }>
  readonly queries: ReadonlyArray<{ readonly expr: string; readonly atSeconds: number }>
}

const OUTPUT_CHARACTERS_MAX = 400_000_000

/** What promtool answered to the queries, those without an answer left out. Throws an OperationalError when it did not run through. */
export async function runPromtool(promtool: string, test: TestFile, signal: AbortSignal | undefined): Promise<Answer[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'procwarden-replay-'))
  try {
    const file = path.join(folder, 'replay.test.yml')
    writeFileSync(file, testFileText(test))
    const result = await execa(promtool, ['test', 'rules', file], {
      all: true,
      reject: false,
      stdin: 'ignore',
      maxBuffer: OUTPUT_CHARACTERS_MAX,
      // One replay takes one core, and the caller decides how many run at a time.
      env: { GOMAXPROCS: '2' },
      ...(signal === undefined ? {} : { cancelSignal: signal }),
    })
    signal?.throwIfAborted()
    // 1 is also the code for answers that nobody expected: all of ours.
    if (result.exitCode !== 0 && result.exitCode !== 1)
      throw new OperationalError(`promtool ended unexpectedly: ${result.shortMessage ?? ''}`, { reason: 'replay' })
    return parseAnswers(result.all)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** JSON is YAML. One test in the file, its clock beginning at 0. */
function testFileText({ ruleFiles, evaluationSeconds, spacingSeconds, inputs, queries }: TestFile): string {
  return JSON.stringify({
    rule_files: ruleFiles.map((file) => path.resolve(file)),
    evaluation_interval: `${evaluationSeconds}s`,
    group_eval_order: groupOrder(ruleFiles),
    tests: [
      {
        interval: `${spacingSeconds}s`,
        input_series: inputs,
        promql_expr_test: queries.map(({ expr, atSeconds }) => ({ expr, eval_time: `${atSeconds}s` })),
      },
    ],
  })
}
