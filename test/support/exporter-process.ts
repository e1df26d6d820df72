/** Owns running the exporter as a process of its own, so that it can be another user. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { ExporterOptions } from '../../src/exporter/main.ts'
import { afterTest, endProcess } from './temporary.ts'

export interface ExporterProcess {
  readonly url: string
  stderr(): string
}

export function exporterAs(user: { readonly uid?: number; readonly gid?: number }, options: ExporterOptions): Promise<ExporterProcess> {
  return start([], user, options)
}

/** Behind a command that changes what it may do and goes on to run its arguments, such as unshare or prlimit. */
export function exporterBehind(wrapper: readonly string[], options: ExporterOptions): Promise<ExporterProcess> {
  return start(wrapper, {}, options)
}

async function start(
  wrapper: readonly string[],
  user: { readonly uid?: number; readonly gid?: number },
  options: ExporterOptions,
): Promise<ExporterProcess> {
  const code = `
    const { runExporter } = await import('${new URL('../../src/exporter/main.ts', import.meta.url).href}')
    const exporter = await runExporter(JSON.parse(process.argv[1]))
    process.stdout.write(exporter.url + '\\n')`
  const all = { listenAddress: '127.0.0.1:0', ...options }
  // env runs its arguments as they are.
  const child = spawn('env', [...wrapper, process.execPath, '--input-type=module', '-e', code, JSON.stringify(all)], {
    ...user,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  afterTest(() => endProcess(child))
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const lines = createInterface({ input: child.stdout })
  const [url] = await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(() => {
      throw new Error(`the exporter did not start: ${stderr}`)
    }),
  ])
  return { url: String(url), stderr: () => stderr }
}
