/** Owns ten programs that are busy and healthy: what an ordinary machine does all day. Each does real work until it is told to end. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

export interface Healthy {
  readonly name: string
  /** Groups that its processes bear: an action on them is permitted, and must not happen. */
  readonly groups: readonly string[]
  /** A shell script. It works in $FOLDER, which is watched, and may read the checkout at $ROOT. Run again and again. */
  readonly script: string
}

const PYTHON_LOAD = `import os, sqlite3, sys
folder = sys.argv[1]
database = sqlite3.connect(os.path.join(folder, 'bulk-%d.db' % os.getpid()))
database.execute('PRAGMA synchronous = FULL')
database.execute('CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)')
for n in range(1500):
    with database:
        database.executemany('INSERT INTO t (b) VALUES (?)', [('row %d %d' % (n, m),) for m in range(20)])
os.remove(os.path.join(folder, 'bulk-%d.db' % os.getpid()))
`
const PYTHON_ALLOCATE = `import time
for turn in range(40):
    kept = [bytes([turn % 255 + 1]) * 1_000_000 for _ in range(180)]
    time.sleep(0.4)
    del kept
    time.sleep(0.3)
`
const LOG_WRITER = `import logging, logging.handlers, sys, time
log = logging.getLogger()
log.addHandler(logging.handlers.RotatingFileHandler(sys.argv[1] + '/service.log', maxBytes=400_000, backupCount=5))
log.setLevel('INFO')
for n in range(60_000):
    log.info('request %d took %d ms and answered 200 with %d bytes', n, n * 7 % 93, n * 13 % 8192)
    if n % 200 == 0: time.sleep(0.03)
`
const SERVER = `const http = require('node:http'), { createHash } = require('node:crypto')
http.createServer((_request, response) => response.end(createHash('sha256').update('x'.repeat(20_000)).digest('hex'))).listen(0, '127.0.0.1', function () {
  const { port } = this.address()
  const end = Date.now() + 20_000
  const agent = new http.Agent({ keepAlive: true, maxSockets: 20 })
  const ask = () => { if (Date.now() > end) process.exit(0); http.get({ port, agent, host: '127.0.0.1' }, (answer) => answer.resume().on('end', ask)) }
  for (let client = 0; client < 20; client++) ask()
})
`
const PACKAGE = { name: 'a', version: '1.0.0', private: true, dependencies: {} }

export const HEALTHY: readonly Healthy[] = [
  {
    name: 'npm ci',
    groups: ['npm', 'npm-cli.js'],
    // Out of npm's own cache, as on a machine that has installed it before; a cache of its own makes it unpack everything.
    script:
      'rm -rf "$FOLDER/app" && mkdir -p "$FOLDER/app" && cp "$ROOT/package.json" "$ROOT/package-lock.json" "$FOLDER/app" && cp "$ROOT/.npmrc" "$FOLDER/app" 2>/dev/null; cd "$FOLDER/app" && npm ci --ignore-scripts --no-audit --no-fund --prefer-offline; rm -rf "$FOLDER/app"',
  },
  {
    name: 'make -j with a compiler',
    groups: ['make', 'cc1', 'as', 'gcc', 'cc', 'ld', 'collect2'],
    script: 'rm -f "$FOLDER"/compile/*.o; make -s -C "$FOLDER/compile" -j4 all',
  },
  {
    name: 'tar of a large tree',
    groups: ['tar'],
    script:
      'rm -rf "$FOLDER/unpacked"; mkdir -p "$FOLDER/unpacked"; tar -C "$FOLDER" -cf "$FOLDER/tree.tar" tree; tar -C "$FOLDER/unpacked" -xf "$FOLDER/tree.tar"; rm -f "$FOLDER/tree.tar"',
  },
  {
    name: 'a bulk load into SQLite',
    groups: ['bulk-load.py'],
    script: 'mkdir -p "$FOLDER/db"; python3 "$FOLDER/bulk-load.py" "$FOLDER/db"',
  },
  {
    name: 'gzip of a large file',
    groups: ['gzip'],
    script:
      '[ -f "$FOLDER/large" ] || head -c 60000000 /dev/urandom > "$FOLDER/large"; gzip -9 -c "$FOLDER/large" > "$FOLDER/large.gz"; rm -f "$FOLDER/large.gz"',
  },
  { name: 'a Node server under load', groups: ['node', 'loaded-server.cjs'], script: 'node "$FOLDER/loaded-server.cjs"' },
  { name: 'find over /', groups: ['find'], script: 'find / -xdev -name "*.nothing" 2>/dev/null; sleep 1' },
  {
    name: 'git clone',
    groups: ['git'],
    script: 'rm -rf "$FOLDER/clone"; git clone -q --no-hardlinks "$ROOT" "$FOLDER/clone"',
  },
  { name: 'a Python that allocates and frees', groups: ['allocates.py'], script: 'python3 "$FOLDER/allocates.py"' },
  { name: 'a log writer', groups: ['log-writer.py'], script: 'mkdir -p "$FOLDER/logs"; python3 "$FOLDER/log-writer.py" "$FOLDER/logs"' },
]

/** Writes what the programs need into the folder: their sources, a tree with many files, something to compile. */
export function prepareHealthy(folder: string): void {
  for (const [name, text] of [
    ['bulk-load.py', PYTHON_LOAD],
    ['allocates.py', PYTHON_ALLOCATE],
    ['log-writer.py', LOG_WRITER],
    ['loaded-server.cjs', SERVER],
    ['package.json', JSON.stringify(PACKAGE)],
  ] as const)
    writeFileSync(path.join(folder, name), text)
  plantTree(path.join(folder, 'tree'))
  const compile = path.join(folder, 'compile')
  mkdirSync(compile)
  const units = Array.from({ length: 160 }, (_, index) => `unit${index}`)
  for (const unit of units)
    writeFileSync(
      path.join(compile, `${unit}.c`),
      `#include <stdio.h>\n#include <stdlib.h>\nint ${unit}(int x) { return printf("%d", x * ${unit.length}); }\n`,
    )
  writeFileSync(path.join(compile, 'Makefile'), `all: ${units.map((unit) => `${unit}.o`).join(' ')}\n%.o: %.c\n\tcc -O2 -c -o $@ $<\n`)
}

/** 5,000 files as a source tree has them: most differ, every tenth is empty, every twentieth is the same licence. */
function plantTree(tree: string): void {
  for (let index = 0; index < 5_000; index++) {
    const folder = path.join(tree, `package${index % 50}`, `part${index % 7}`)
    mkdirSync(folder, { recursive: true })
    // Scattered: not all of one folder.
    const dice = (Math.imul(index, 2_654_435_761) >>> 8) % 20
    const text = dice === 7 ? 'The licence.\n'.repeat(80) : dice % 10 === 0 ? '' : `module ${index}\n`.repeat((index % 90) + 1)
    writeFileSync(path.join(folder, `module${index}.py`), text)
  }
}

export interface RunningHealthy {
  /** How often each has done its work, by name. */
  readonly rounds: ReadonlyMap<string, number>
  /** Processes that were ended or stopped by a signal, with what they were. */
  readonly hurt: () => readonly string[]
  stop(): Promise<void>
}

/** All of them over and over, side by side. */
export function startHealthy(programs: readonly Healthy[], folder: string): RunningHealthy {
  const rounds = new Map<string, number>()
  const hurt: string[] = []
  const over = new AbortController()
  const root = path.resolve(import.meta.dirname, '../..')
  const environment = {
    ...process.env,
    FOLDER: folder,
    ROOT: root,
    npm_config_cache: path.join(folder, 'npm-cache'),
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.directory',
    GIT_CONFIG_VALUE_0: '*',
  }
  const children = new Set<ReturnType<typeof spawn>>()
  const workers = programs.map(async ({ name, script }) => {
    while (!over.signal.aborted) {
      // A process group of its own, so that all of it can be ended.
      const child = spawn('nice', ['sh', '-c', script], { stdio: 'ignore', env: environment, detached: true })
      children.add(child)
      const ended = await new Promise<string>((resolve) => child.once('exit', (code, signal) => resolve(signal ?? String(code))))
      children.delete(child)
      if (over.signal.aborted) return
      rounds.set(name, (rounds.get(name) ?? 0) + 1)
      // A shell tells that its program died by a signal with 128 and the signal's number.
      if (ended.startsWith('SIG') || Number(ended) > 128) hurt.push(`${name}: ${ended}`)
    }
  })
  return {
    rounds,
    hurt: () => hurt,
    stop: async () => {
      over.abort()
      for (const child of children) endGroup(child.pid)
      await Promise.all(workers)
    },
  }
}

function endGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/** Which of them this machine can run. */
export function canRun({ script }: Healthy): boolean {
  const tools = ['npm', 'make', 'python3', 'git', 'gzip', 'find', 'tar', 'node'].filter((tool) =>
    new RegExp(`(?:^|[ ;&])${tool} `).test(script),
  )
  const all = tools.includes('make') ? [...tools, 'cc'] : tools
  return all.every((tool) => {
    try {
      execFileSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })
}
