/** Owns what promtool says about rule files, with the line of each fault. promtool judges; nothing of PromQL is judged here. */
import { execa } from 'execa'
import type { Fault } from './fault.ts'
import type { Rule } from './rule-files.ts'

const PROMTOOL_TIMEOUT_MS = 60_000

/** One promtool for each file, for it stops within a file at its first fault of form. `rules` give the lines it does not. */
export async function ruleFaults(promtool: string, files: readonly string[], rules: readonly Rule[]): Promise<Fault[]> {
  const found: Fault[] = []
  for (const file of files) {
    const result = await execa(promtool, ['check', 'rules', '--lint=none', file], {
      all: true,
      reject: false,
      timeout: PROMTOOL_TIMEOUT_MS,
    })
    if (!result.failed) continue
    const faults = parsePromtool(result.all, file, rules)
    found.push(...(faults.length > 0 ? faults : [{ file, line: undefined, message: result.all.trim() || (result.shortMessage ?? '') }]))
  }
  return found
}

/**
 * promtool 2.42 writes `FILE: 5:15: group "a", rule 1, "foo": could not parse ...`, `FILE: group "a", rule 2, "b": ...`,
 * and for faults of form `FILE: yaml: unmarshal errors:` with lines `line 10: ...` below.
 */
export function parsePromtool(output: string, file: string, rules: readonly Rule[]): Fault[] {
  const lines = output.split('\n')
  return lines.flatMap((text): Fault[] => {
    const below = /^\s+line (\d+): (.*)$/.exec(text)
    if (below !== null) return [{ file, line: Number(below[1]), message: below[2] ?? '' }]
    if (!text.startsWith(`${file}: `)) return []
    const message = text.slice(file.length + 2)
    if (message.endsWith('unmarshal errors:')) return []
    const [, number, positioned] = /^(\d+):\d+: (.*)$/.exec(message) ?? []
    if (positioned !== undefined) return [{ file, line: Number(number), message: positioned }]
    return [{ file, line: lineOfRule(message, file, rules), message }]
  })
}

function lineOfRule(message: string, file: string, rules: readonly Rule[]): number | undefined {
  const [, group, index] = /^group "(.*?)", rule (\d+), /.exec(message) ?? []
  return rules.filter((rule) => rule.file === file && rule.group === group)[Number(index) - 1]?.line
}
