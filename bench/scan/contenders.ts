/** Owns what is measured: each contender starts, does one round of its work when asked, and rests in between. */
import http from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Children, StartedProgram } from '../lib/children.ts'
import { scrape, startExporter } from '../lib/exporter.ts'
import { freePort } from '../lib/free-port.ts'
import { cpuMs, memoryUse, type MemoryUse } from '../lib/usage.ts'
import type { Peer } from '../lib/peers.ts'

export interface Round {
  /** CPU per scrape or iteration, in milliseconds. */
  readonly cpuMs: number
  /** Of each scrape; empty where there is nothing to wait for. */
  readonly latenciesMs: readonly number[]
  readonly memory: MemoryUse
}

export interface Contender {
  readonly name: string
  /** One round of `scrapes` scrapes. */
  round(scrapes: number): Promise<Round>
}

/** Between scrapes, so that what a scrape leaves behind (collecting garbage) is over and counted before the next begins. */
const PAUSE_MS = 150
const READY_TIMEOUT_MS = 30_000

export async function procwarden(children: Children): Promise<Contender> {
  const { program, url } = await startExporter(children)
  return scraped('procwarden', program, url)
}

/** Without a configuration it watches nothing, so it gets the one of its documentation that names every process by its comm. */
export async function processExporter(children: Children, peer: Peer, configFile: string): Promise<Contender> {
  const address = `127.0.0.1:${await freePort()}`
  const program = children.start(peer.file, ['-config.path', configFile, '-web.listen-address', address], peer.env)
  await program.line(/Listening on/i, READY_TIMEOUT_MS)
  return scraped('process-exporter', program, `http://${address}/metrics`)
}

/** It iterates by itself once per second, so it is halted between its rounds. */
export function appsPlugin(children: Children, peer: Peer): Contender {
  const conf = peer.folder === undefined ? undefined : `${peer.folder}/usr/lib/netdata/conf.d`
  const env = conf === undefined ? peer.env : { ...peer.env, NETDATA_STOCK_CONFIG_DIR: conf, NETDATA_USER_CONFIG_DIR: conf }
  const program = children.start(peer.file, ['1'], env)
  // The first line of what it prints for every iteration.
  const iteration = /^BEGIN netdata\.apps_cpu /
  return {
    name: 'apps.plugin',
    round: async (scrapes) => {
      program.signal('SIGCONT')
      await program.line(iteration, READY_TIMEOUT_MS)
      const before = cpuMs(program.pid)
      for (let count = 0; count < scrapes; count++) await program.line(iteration, READY_TIMEOUT_MS)
      const after = cpuMs(program.pid)
      const memory = memoryUse(program.pid)
      program.signal('SIGSTOP')
      return { cpuMs: (after - before) / scrapes, latenciesMs: [], memory }
    },
  }
}

/** The C program: it only reads, and parses and keeps nothing. */
export function reader(children: Children, file: string, mode: 'kept' | 'opened'): Contender {
  const program = children.start(file, [mode])
  return {
    name: mode === 'kept' ? 'C reader, descriptors kept' : 'C reader, open/read/close',
    round: (scrapes) =>
      measured(program, scrapes, async () => {
        const startMs = performance.now()
        const line = program.line(/^read \d+/)
        program.write('\n')
        await line
        return performance.now() - startMs
      }),
  }
}

function scraped(name: string, program: StartedProgram, url: string): Contender {
  const agent = new http.Agent({ keepAlive: true })
  return { name, round: (scrapes) => measured(program, scrapes, async () => (await scrape(url, agent)).milliseconds) }
}

async function measured(program: StartedProgram, scrapes: number, once: () => Promise<number>): Promise<Round> {
  const latenciesMs: number[] = []
  const before = cpuMs(program.pid)
  for (let count = 0; count < scrapes; count++) {
    latenciesMs.push(await once())
    await delay(PAUSE_MS)
  }
  return { cpuMs: (cpuMs(program.pid) - before) / scrapes, latenciesMs, memory: memoryUse(program.pid) }
}
