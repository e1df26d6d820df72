/** Owns starting a real Prometheus or Alertmanager for a test and ending it for certain. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { choosePort } from '../../../src/stack/ports.ts'

const READY_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 5_000
const POLL_MS = 50

export interface RunningProgram {
  readonly url: string
  stop(): Promise<void>
}

/** Starts `file` and waits for /-/ready below `url`. Throws with the program's own words when it ends before. */
export async function startProgram(file: string, args: readonly string[], url: string): Promise<RunningProgram> {
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-10_000)
  })
  const ended = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await ended
    clearTimeout(timer)
  }
  const deadline = Date.now() + READY_TIMEOUT_MS
  while (!(await answers(`${url}/-/ready`))) {
    if (child.exitCode === null && Date.now() < deadline) continue
    await stop()
    throw new Error(`${file} did not become ready: ${log}`)
  }
  return { url, stop }
}

/** A port of loopback that was free a moment ago. */
export function freePort(): Promise<number> {
  return choosePort('a test', 0)
}

/** True when the address answers with success; false after a moment's wait when it does not. */
async function answers(url: string): Promise<boolean> {
  try {
    if ((await fetch(url)).ok) return true
  } catch {
    // Not listening yet.
  }
  await new Promise((resolve) => {
    setTimeout(resolve, POLL_MS)
  })
  return false
}
