/** Owns what lies where in the Debian package: one folder that looks as the file system will, DEBIAN/ left aside. */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  lutimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { z } from 'zod'
import { runProgram } from './run-program.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const PROGRAM = 'usr/lib/procwarden'
const SHARED = 'usr/share/procwarden'
/** What the sources find beside themselves: the same files, where Debian wants what is alike on every machine. */
const SHARED_FOLDERS = ['config', 'prometheus', 'alertmanager', 'grafana'] as const
/** For development, for tests and pages of its own, or for another C library than Debian's. */
const UNNEEDED =
  /\/[.][^/]+$|[.](?:map|[cm]?ts|md|markdown|html|cc|hh|inc|def)$|\/(?:test|tests|__tests__|benchmarks?|examples?)$|\/koffi\/(?:vendor|lib|doc)$|\/musl_\w+$|\/CMakeLists[.]txt$/

/** Lays the whole tree into `root`, with every time set to `epochSeconds`. */
export async function layDebianTree(root: string, epochSeconds: number): Promise<void> {
  await layProgram(root)
  layShared(root)
  layConfiguration(root)
  copy('packaging/debian/procwarden.sh', root, 'usr/bin/procwarden', 0o755)
  for (const part of ['exporter', 'remediator'])
    copy(`packaging/systemd/procwarden-${part}.service`, root, `usr/lib/systemd/system/procwarden-${part}.service`)
  copy('packaging/systemd/procwarden.sysusers', root, 'usr/lib/sysusers.d/procwarden.conf')
  copy('packaging/polkit/procwarden.rules', root, 'usr/share/polkit-1/rules.d/procwarden.rules')
  copy('packaging/debian/copyright', root, 'usr/share/doc/procwarden/copyright')
  write(root, 'usr/share/doc/procwarden/NEWS.md.gz', gzipSync(readFileSync(path.join(ROOT, 'CHANGELOG.md')), { level: 9 }))
  await layCompletion(root)
  normalize(root, epochSeconds)
}

async function layProgram(root: string): Promise<void> {
  const program = path.join(root, PROGRAM)
  await runProgram('tsc', ['-p', path.join(ROOT, 'tsconfig.build.json'), '--outDir', path.join(program, 'dist')], { cwd: ROOT })
  // What the compiler leaves where it is: the console's own files for browsers.
  for (const file of globSync('src/**/*.{js,css,svg}', { cwd: ROOT })) copy(file, root, path.join(PROGRAM, file.replace(/^src/, 'dist')))
  copy('bin/procwarden', root, `${PROGRAM}/bin/procwarden`, 0o755)
  write(root, `${PROGRAM}/package.json`, packageFile())
  for (const folder of productionPackages()) {
    cpSync(path.join(ROOT, folder), path.join(program, folder), {
      recursive: true,
      // Packages below it are packages of their own, which are needed or not.
      filter: (source) => source === path.join(ROOT, folder) || !(path.basename(source) === 'node_modules' || UNNEEDED.test(source)),
    })
  }
  copy('node_modules/node/bin/node', root, `${PROGRAM}/node_modules/node/bin/node`, 0o755)
  // npm's package of Node has none.
  copy('packaging/LICENSE.nodejs.gz', root, 'usr/share/doc/procwarden/LICENSE.nodejs.gz')
}

/** What the program itself reads of it, and what an upgrade may compare. */
function packageFile(): string {
  const { name, version, description, license, type, engines } = z
    .object({
      name: z.string(),
      version: z.string(),
      description: z.string(),
      license: z.string(),
      type: z.string(),
      engines: z.record(z.string(), z.string()),
    })
    .parse(JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')))
  return `${JSON.stringify({ name, version, description, license, type, engines }, null, 2)}\n`
}

/** Folders of node_modules that the program needs on this platform, by the lock file. */
function productionPackages(): string[] {
  const lock = z
    .object({ packages: z.record(z.string(), z.looseObject({ dev: z.boolean().optional(), optional: z.boolean().optional() })) })
    .parse(JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')))
  const needed = Object.entries(lock.packages).filter(([folder, locked]) => folder !== '' && locked.dev !== true)
  const absent = needed.filter(([folder, locked]) => !existsSync(path.join(ROOT, folder)) && locked.optional !== true)
  if (absent.length > 0) throw new Error(`not installed: ${absent.map(([folder]) => folder).join(', ')}; run npm ci`)
  return needed.map(([folder]) => folder).filter((folder) => existsSync(path.join(ROOT, folder)))
}

function layShared(root: string): void {
  const patterns = [
    'config/*.{yml,json}',
    'prometheus/prometheus.yml',
    'prometheus/{rules,extra}/*.yml',
    'alertmanager/*.yml',
    'grafana/{dashboards,import}/**/*.json',
    'grafana/provisioning/**/*.yml',
  ]
  const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: ROOT }))
  for (const file of files) copy(file, root, path.join(SHARED, file))
  for (const folder of SHARED_FOLDERS) symlinkSync(`../../share/procwarden/${folder}`, path.join(root, PROGRAM, folder))
}

/** Configuration files of the package: what an administrator changes in them stays. */
function layConfiguration(root: string): void {
  for (const part of ['exporter', 'remediator']) {
    // The schema is found from wherever the file is copied to.
    const text = readFileSync(path.join(ROOT, `config/${part}.yml`), 'utf8')
    const schema = `/usr/share/procwarden/config/${part}.schema.json`
    write(root, `etc/procwarden/${part}.yml`, text.replace(/^(# yaml-language-server: \$schema=).*$/m, `$1${schema}`))
    copy(`packaging/debian/${part}.env`, root, `etc/procwarden/${part}.env`)
  }
}

/** From the command itself. */
async function layCompletion(root: string): Promise<void> {
  const launcher = path.join(root, PROGRAM, 'bin/procwarden')
  for (const [shell, file] of COMPLETIONS) write(root, file, await runProgram(launcher, ['completion', shell]))
}

const COMPLETIONS = [
  ['bash', 'usr/share/bash-completion/completions/procwarden'],
  ['zsh', 'usr/share/zsh/vendor-completions/_procwarden'],
  ['fish', 'usr/share/fish/vendor_completions.d/procwarden.fish'],
] as const

function copy(source: string, root: string, target: string, mode = 0o644): void {
  const file = path.join(root, target)
  mkdirSync(path.dirname(file), { recursive: true })
  copyFileSync(path.join(ROOT, source), file)
  chmodSync(file, mode)
}

function write(root: string, target: string, content: string | Uint8Array): void {
  const file = path.join(root, target)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, content, { mode: 0o644 })
}

/** Commands that packages bring for people: nothing here runs them, and they look for a Node that may not be there. */
const IS_LIBRARY = /\/node_modules\/(?!node\/bin\/node$)/

/** The same bytes whoever builds it: modes without the builder's umask, times that are given. Folders last, their times change. */
export function normalize(at: string, epochSeconds: number): void {
  const stats = lstatSync(at)
  if (stats.isSymbolicLink()) return lutimesSync(at, epochSeconds, epochSeconds)
  if (stats.isDirectory()) {
    for (const name of readdirSync(at)) normalize(path.join(at, name), epochSeconds)
    chmodSync(at, 0o755)
  } else {
    chmodSync(at, (stats.mode & 0o111) === 0 || IS_LIBRARY.test(at) ? 0o644 : 0o755)
  }
  utimesSync(at, epochSeconds, epochSeconds)
}
