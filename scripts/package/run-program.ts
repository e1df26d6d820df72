/** Owns running one program of packaging to its end: its output is shown only when it fails, and that ends packaging. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export interface RunOptions {
  readonly cwd?: string
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 10 * 60_000
const OUTPUT_BYTES_MAX = 50_000_000

/** What it wrote to standard output. Rejects with the whole of what it said when it fails. */
export async function runProgram(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      timeout: options.timeoutMs ?? TIMEOUT_MS,
      maxBuffer: OUTPUT_BYTES_MAX,
      encoding: 'utf8',
    })
    return stdout
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error && 'stdout' in error ? `\n${String(error.stdout)}${String(error.stderr)}` : ''
    throw new Error(`${file} ${args.join(' ')} failed${said === '' ? `: ${String(error)}` : said}`, { cause: error })
  }
}
