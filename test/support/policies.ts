/** Owns remediators that run with a test's own policies, and alerts that accuse a process. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { stringify } from 'yaml'
import type { RemediatorOptions } from '../../src/remediator/config.ts'
import type { RemediatorHooks } from '../../src/remediator/main.ts'
import { alertOf, payloadOf, post, startRemediator, type AlertInput, type TestRemediator } from './remediator.ts'
import { temporaryDirectory } from './temporary.ts'

/** A remediator with these policies, and whatever else the configuration is to say. */
export function startWith(
  policies: readonly Readonly<Record<string, unknown>>[],
  {
    config = {},
    ...options
  }: Partial<RemediatorOptions> & { readonly config?: Readonly<Record<string, unknown>>; readonly hooks?: RemediatorHooks } = {},
): Promise<TestRemediator> {
  const configFile = path.join(temporaryDirectory(), 'remediator.yml')
  writeFileSync(configFile, stringify({ ...config, policies }))
  return startRemediator({ configFile, ...options })
}

/** An alert against one process; its program is `sleep` unless the labels say otherwise. */
export async function accuse(remediator: TestRemediator, pid: number, input: AlertInput = {}): Promise<void> {
  await alarm(remediator, { ...input, labels: { group: 'sleep', pid: String(pid), ...input.labels } })
}

export async function alarm(remediator: TestRemediator, input: AlertInput): Promise<void> {
  const response = await post(remediator.url, remediator.token, payloadOf([alertOf(input)]))
  if (response.status !== 200) throw new Error(`the webhook answered ${response.status}`)
}

/** A script of the test's own, to be named in a policy. */
export function script(lines: readonly string[]): string {
  const file = path.join(temporaryDirectory(), 'script.sh')
  writeFileSync(file, `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o755 })
  return file
}
