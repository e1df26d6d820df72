/** Owns a child process that creates files when told to. */
import { spawn, type SpawnOptions } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterTest, endProcess } from './temporary.ts'

export interface Writer {
  readonly pid: number
  /** Resolves when the files exist. */
  create(job: {
    readonly dir: string
    readonly count?: number
    readonly prefix?: string
    readonly names?: readonly string[]
  }): Promise<void>
  end(): Promise<void>
}

/** Its group is `file-writer.mjs`. */
export async function startWriter(options: SpawnOptions = {}): Promise<Writer> {
  const script = fileURLToPath(new URL('../fixtures/file-writer.mjs', import.meta.url))
  const child = spawn(process.execPath, [script], { ...options, stdio: ['pipe', 'pipe', 'inherit'] })
  afterTest(() => endProcess(child))
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const create: Writer['create'] = async (job) => {
    child.stdin.write(`${JSON.stringify(job)}\n`)
    const { done } = await answers.next()
    if (done === true) throw new Error('the writer has ended')
  }
  await create({ dir: '/' })
  const { pid } = child
  if (pid === undefined) throw new Error('the writer has no pid')
  return { pid, create, end: () => endProcess(child) }
}
