/** Owns a program that creates files when told to, and says when they exist: for tests that count exactly. */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { exitOf, temporaryProcess } from './temporary.ts'

export interface FilesToCreate {
  readonly dir: string
  readonly count?: number
  /** Further names, as hexadecimal bytes. */
  readonly names?: readonly string[]
  readonly prefix?: string
}

export interface TestWriter {
  readonly pid: number
  /** Resolves when the files exist. */
  create(files: FilesToCreate): Promise<void>
  /** Resolves when the program has ended. */
  end(): Promise<void>
}

const PROGRAM = fileURLToPath(new URL('../fixtures/file-writer.mjs', import.meta.url))

/** Its group is `file-writer.mjs`. */
export async function startWriter(
  options: { readonly uid?: number; readonly gid?: number; readonly cwd?: string } = {},
): Promise<TestWriter> {
  const child = await temporaryProcess(process.execPath, [PROGRAM], { ...options, stdio: ['pipe', 'pipe', 'inherit'] })
  const { stdin, stdout } = child
  if (!stdin || !stdout) throw new Error('the writer has no pipes')
  const lines = createInterface({ input: stdout })
  return {
    pid: child.pid,
    create: async (files) => {
      const done = once(lines, 'line')
      stdin.write(`${JSON.stringify(files)}\n`)
      await done
    },
    end: async () => {
      stdin.end()
      await exitOf(child)
    },
  }
}
