/** Owns a past that a program did not have: days of levels, and the hours that the rules would have written of them, as blocks of Prometheus. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { findTool } from '../../src/stack/tools.mjs'
import { temporaryDirectory } from './temporary.ts'

const MINUTE = 60
const DAYS = 8

/** Between which two values a signal of the program has always been. */
export interface CalmSignal {
  readonly signal: string
  readonly group: string
  readonly instance: string
  readonly calm: readonly [low: number, high: number]
}

/** Eight days of one level a minute up to this minute, into the folder of a Prometheus that does not run yet. */
export function writeHistory(data: string, job: string, signals: readonly CalmSignal[]): void {
  const now = Math.floor(Date.now() / 1000 / MINUTE) * MINUTE - MINUTE
  const lines: string[] = []
  const family = (name: string, stepSeconds: number, value: (signal: CalmSignal, at: number) => number): void => {
    lines.push(`# TYPE ${name} gauge`)
    const last = Math.floor(now / stepSeconds) * stepSeconds
    for (const signal of signals) {
      const labels = `signal="${signal.signal}",group="${signal.group}",instance="${signal.instance}",job="${job}"`
      for (let at = last - DAYS * 86_400; at <= last; at += stepSeconds) lines.push(`${name}{${labels}} ${value(signal, at)} ${at}`)
    }
  }
  family('procwarden:signal:hour_max', 3600, ({ calm }) => calm[1])
  family('procwarden:signal:hour_mean', 3600, ({ calm }) => (calm[0] + calm[1]) / 2)
  family('procwarden:signal:hour_min', 3600, ({ calm }) => calm[0])
  family('procwarden:signal:level', MINUTE, ({ calm }, at) => calm[(at / MINUTE) % 2] ?? calm[0])
  const file = path.join(temporaryDirectory(), 'history.txt')
  writeFileSync(file, `${lines.join('\n')}\n# EOF\n`)
  execFileSync(findTool('promtool') ?? 'promtool', ['tsdb', 'create-blocks-from', 'openmetrics', '-q', file, data], { stdio: 'ignore' })
}
