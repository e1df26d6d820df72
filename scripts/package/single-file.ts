/**
 * Owns making one executable of a part: its programs are bundled, put into a copy of Node together with the data and the native addon
 * they need, and run on a machine that has neither Node nor npm (Node's single executable applications).
 */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { rolldown } from 'rolldown'
import { SMALL_NODE_FLAGS } from '../../src/exporter/memory.ts'
import { ADDON } from '../../src/lib/single-file.ts'
import { assetFiles } from '../../src/remediator/console/assets.ts'
import { runProgram } from './run-program.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
/** Its own command: the library writes remarks about the file's sections to standard output. */
const POSTJECT = path.join(ROOT, 'node_modules/postject/dist/cli.js')
/** What Node looks for in itself (its documentation of single executables has it). */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
const BLOB = 'NODE_SEA_BLOB'

/** Of commands that src/cli/executables keeps from being run in a single executable. */
const NEEDS_FILES = /^src\/(?:stack|demo|rules|backtest)\/|^src\/cli\/(?:up|check|demo|backtest|rules)[.\w-]*[.]ts$/

interface Executable {
  /** Programs by the name they are asked for with; `cli` is what it runs of itself. */
  readonly programs: Readonly<Record<string, string>>
  readonly data: Readonly<Record<string, string>>
  /** Flags for Node, always in force. */
  readonly nodeFlags: readonly string[]
}

export const EXECUTABLES: Readonly<Record<string, Executable>> = {
  'procwarden-exporter': {
    programs: {
      cli: 'src/cli/executables/exporter.ts',
      'procwarden-exporter': 'src/exporter/procwarden-exporter.ts',
      'settings-program': 'src/exporter/settings-program.ts',
      'proc-scan-worker': 'src/exporter/sources/proc-scan-worker.ts',
    },
    data: { 'package.json': 'package.json', 'categories.yml': 'config/categories.yml' },
    nodeFlags: SMALL_NODE_FLAGS,
  },
  'procwarden-remediator': {
    programs: {
      cli: 'src/cli/executables/remediator.ts',
      'audit-verify-worker': 'src/remediator/console/audit-verify-worker.ts',
      'load-worker': 'src/remediator/checks/load-worker.ts',
    },
    data: { 'package.json': 'package.json', 'categories.yml': 'config/categories.yml', ...assetFiles() },
    nodeFlags: [],
  },
}

/** Writes the executable into `folder` and returns its path. */
export async function buildExecutable(name: string, folder: string): Promise<string> {
  const executable = EXECUTABLES[name]
  if (executable === undefined) throw new Error(`there is no executable ${name}; there are ${Object.keys(EXECUTABLES).join(', ')}`)
  const work = mkdtempSync(path.join(os.tmpdir(), 'procwarden-package-'))
  try {
    const assets: Record<string, string> = { [ADDON]: addonFile() }
    for (const [program, entry] of Object.entries(executable.programs)) {
      const source = path.join(work, `${program}.cjs`)
      const cache = path.join(work, `${program}.cache`)
      await bundle(path.join(ROOT, entry), source)
      await runProgram(process.execPath, [...executable.nodeFlags, path.join(import.meta.dirname, 'compile-program.cjs'), source, cache])
      assets[`${program}.cjs`] = source
      assets[`${program}.cache`] = cache
    }
    for (const [asset, file] of Object.entries(executable.data)) assets[asset] = path.resolve(ROOT, file)
    const blob = await makeBlob(work, assets, executable.nodeFlags)
    mkdirSync(folder, { recursive: true })
    const target = path.join(folder, name)
    copyFileSync(process.execPath, target)
    chmodSync(target, 0o755)
    await runProgram(process.execPath, [POSTJECT, target, BLOB, blob, '--sentinel-fuse', FUSE])
    return target
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** One file of CommonJS that needs nothing but Node's own modules: neither Node's loader nor npm's folders are there later. */
async function bundle(entry: string, target: string): Promise<void> {
  const build = await rolldown({
    input: entry,
    cwd: ROOT,
    platform: 'node',
    external: [/^node:/],
    onwarn: (warning, warn) => {
      if (warning.code === 'UNRESOLVED_IMPORT') throw new Error(`${entry}: ${warning.message}`)
      // What dependencies do in their own code is theirs. What finds files by its own place is looked for below.
      if (warning.code !== 'EVAL' && warning.code !== 'EMPTY_IMPORT_META') warn(warning)
    },
  })
  const { output } = await build.generate({ format: 'cjs', codeSplitting: false })
  await build.close()
  const [chunk, ...others] = output
  if (chunk === undefined || others.length > 0) throw new Error(`${entry} became ${output.length} files`)
  const faults = Object.keys(chunk.modules).filter(looksBesideItself)
  if (faults.length > 0)
    throw new Error(
      `${faults.join(', ')}: looks for files beside itself, and in a single executable there are none: see src/lib/single-file.ts`,
    )
  // A function, as Node's own loader would make of the file.
  writeFileSync(target, `(function (require, module, exports, __filename, __dirname) {${chunk.code}\n})`)
}

/** Of our own sources: whether one finds files by its own place and does not ask src/lib/single-file.ts. */
function looksBesideItself(module: string): boolean {
  const name = path.relative(ROOT, module)
  if (!name.startsWith('src/') || NEEDS_FILES.test(name)) return false
  const source = readFileSync(module, 'utf8')
  return (
    source.includes('import.meta') &&
    !source.includes('lib/single-file.ts') &&
    !source.includes("'./single-file.ts'") &&
    !source.includes("'../single-file.ts'")
  )
}

async function makeBlob(work: string, assets: Readonly<Record<string, string>>, execArgv: readonly string[]): Promise<string> {
  const config = path.join(work, 'sea-config.json')
  const output = path.join(work, 'program.blob')
  const main = path.join(import.meta.dirname, 'single-file-main.cjs')
  const settings = { main, output, assets, execArgv, execArgvExtension: 'none', disableExperimentalSEAWarning: true, useCodeCache: false }
  writeFileSync(config, JSON.stringify(settings))
  await runProgram(process.execPath, ['--experimental-sea-config', config])
  return output
}

/** For the C library that the Node in use is linked to. */
function addonFile(): string {
  const kind = isMusl() ? 'musl' : 'linux'
  return path.join(ROOT, 'node_modules', '@koromix', `koffi-linux-${process.arch}`, `${kind}_${process.arch}`, 'koffi.node')
}

function isMusl(): boolean {
  const report: { readonly header?: { readonly glibcVersionRuntime?: string } } = process.report.getReport()
  return report.header?.glibcVersionRuntime === undefined
}
