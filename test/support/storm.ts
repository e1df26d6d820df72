/** Owns storms of files as quarantine meets them: a folder with a writer's files in it, a policy that clears up, what came of it. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { answer } from './people.ts'
import type { TestRemediator } from './remediator.ts'
import { temporaryDirectory } from './temporary.ts'
import { startWriter } from './writer.ts'

/** Ends the writer and moves its files. */
export const clearUp = (step: Readonly<Record<string, unknown>> = {}) => ({
  name: 'clean',
  match: ['remediate="kill"'],
  ladder: ['kill', { action: 'quarantine', ...step }],
  verify: ['gone'],
})

/** A folder that had files before the writer began, and has the writer's since. */
export async function storm(names: readonly string[] = [], folder = temporaryDirectory()) {
  writeFileSync(path.join(folder, 'letter.txt'), 'older')
  // Birth times and start times are told in steps of 10 ms.
  await delay(50)
  const writer = await startWriter()
  await writer.create({ dir: folder, count: 40, prefix: 'doc-', names: names.map((name) => Buffer.from(name).toString('hex')) })
  return { folder, writer }
}

/** Of an alert about such a folder. */
export const stormLabels = (folder: string) => ({ group: 'file-writer.mjs', directory: folder })

/** Rolls an incident back, or only some of its files. */
export async function rollBack(remediator: TestRemediator, id: string, only?: readonly string[]) {
  const response = await answer(remediator, id, 'rollback', only === undefined ? {} : { only })
  return (await response.json()) as { done: string[]; failed: string[]; cannot: string[] }
}
