/** Owns the contract of a check and running one program as a check. Never decides which checks there are. */
import { execa } from 'execa'

export interface CheckResult {
  readonly ok: boolean
  /** Shown only when the check failed. */
  readonly output: string
}

export interface Check {
  readonly name: string
  run(): Promise<CheckResult>
}

export interface CommandOptions {
  readonly cwd?: string
  /** Its standard input. */
  readonly input?: string
}

export interface CommandResult extends CheckResult {
  readonly stdout: string
  /** Undefined when it was ended by a signal or did not start. */
  readonly exitCode: number | undefined
}

const TIMEOUT_MS = 5 * 60_000
const OUTPUT_CHARACTERS_MAX = 50_000_000

/** Runs a program of node_modules/.bin or PATH to its end. */
export async function command(file: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const result = await execa(file, args, {
    all: true,
    reject: false,
    preferLocal: true,
    timeout: TIMEOUT_MS,
    maxBuffer: OUTPUT_CHARACTERS_MAX,
    cwd: options.cwd ?? '.',
    input: options.input ?? '',
  })
  const how = result.timedOut ? `no end after ${TIMEOUT_MS / 1000} s` : result.shortMessage
  return {
    ok: !result.failed,
    exitCode: result.exitCode,
    stdout: result.stdout,
    output: result.failed ? `${result.all}\n${how}` : result.all,
  }
}

/** A program that passes although it looked at nothing has checked nothing: its own count of files must say otherwise. */
export function sawFiles(result: CheckResult, count: RegExp): CheckResult {
  if (!result.ok) return result
  const files = Number(count.exec(result.output)?.[1] ?? 0)
  return files > 0 ? result : { ok: false, output: `${result.output}\nno file was checked` }
}
