/** Owns what is measured: each contender watches one folder and tells what it has counted there. */
import { closeSync, openSync, readSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import type { Children, StartedProgram } from '../lib/children.ts'
import { startExporter } from '../lib/exporter.ts'
import type { Peer } from '../lib/peers.ts'

export interface Counts {
  readonly created: number
  readonly deleted: number
}

export interface Watching {
  readonly pid: number
  /** What was counted so far in the folder. */
  counts(): Promise<Counts>
  /** Of what was created, by the process `pid`; undefined where processes are not known. */
  attributed?(pid: number): Promise<number | undefined>
}

export interface Contender {
  readonly name: string
  /** Resolves when it watches `directory`, which exists; `scratch` is a folder beside it that is not watched. */
  start(children: Children, directory: string, scratch: string): Promise<Watching>
}

export const FANOTIFY = 'procwarden, fanotify'
export const CHOKIDAR = 'chokidar alone'

/** The exporter with what counting files and naming their writers takes; its other collectors follow what else the machine does. */
const OTHER_COLLECTORS = ['host', 'lifecycle', 'probes', 'services'].map((name) => `--no-collector.${name}`)

export function exporter(backend: 'fanotify' | 'chokidar'): Contender {
  return {
    name: `procwarden, ${backend}`,
    start: async (children, directory) => {
      const flags = ['--collector.files.watch', directory, '--collector.files.backend', backend, ...OTHER_COLLECTORS]
      const { program, url } = await startExporter(children, flags)
      return {
        pid: program.pid,
        // Only what the others tell as well: a scrape of all processes has a bench of its own.
        counts: async () => {
          const text = await (await fetch(`${url}?collect[]=files`)).text()
          const inFolder = (name: string): number => seriesValue(text, `procwarden_files_${name}_total{directory="${directory}"}`) ?? 0
          return { created: inFolder('created'), deleted: inFolder('deleted') }
        },
        attributed: async (pid) => {
          const text = await (await fetch(url)).text()
          const count = text.match(new RegExp(`^procwarden_process_files_created_total\\{group=".*",pid="${pid}"\\} (\\d+)$`, 'm'))?.[1]
          return count === undefined ? undefined : Number(count)
        },
      }
    },
  }
}

/** `library` is chokidar, or the folder of @parcel/watcher. */
export function watcher(name: string, library: string): Contender {
  return {
    name,
    start: async (children, directory) => {
      const program = children.start(process.execPath, [path.join(import.meta.dirname, 'watcher.ts'), library, directory])
      await program.line(/^ready$/)
      return { pid: program.pid, counts: () => asked(program) }
    },
  }
}

export function inotifywait(peer: Peer): Contender {
  return {
    name: 'inotifywait',
    start: async (children, directory, scratch) => {
      const output = path.join(scratch, `inotifywait-${path.basename(directory)}`)
      const args = ['--monitor', '--event', 'create', '--event', 'delete', '--format', '%e', '--outfile', output, directory]
      const program = children.start(peer.file, args, peer.env)
      await program.line(/Watches established/)
      return { pid: program.pid, counts: async () => countLines(output) }
    },
  }
}

function seriesValue(text: string, series: string): number | undefined {
  const start = text.indexOf(`\n${series} `)
  return start < 0 ? undefined : Number.parseFloat(text.slice(start + series.length + 2))
}

const countsSchema = z.object({ created: z.number(), deleted: z.number() })

async function asked(program: StartedProgram): Promise<z.infer<typeof countsSchema>> {
  const line = program.line(/^\{/)
  program.write('\n')
  return countsSchema.parse(JSON.parse(await line))
}

function countLines(file: string): { created: number; deleted: number } {
  const buffer = Buffer.alloc(1 << 16)
  const fd = openSync(file, 'r')
  let [created, deleted] = [0, 0]
  try {
    for (let size = readSync(fd, buffer); size > 0; size = readSync(fd, buffer)) {
      // "CREATE" and "DELETE" differ in their first letter, and no other word holds a C or a D of this kind.
      for (const byte of buffer.subarray(0, size)) {
        if (byte === 0x43) created++
        if (byte === 0x44) deleted++
      }
    }
  } finally {
    closeSync(fd)
  }
  return { created, deleted }
}
