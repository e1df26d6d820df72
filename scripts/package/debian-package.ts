/** Owns making a .deb of a tree: control files, sums, and dpkg-deb so that the same tree always gives the same bytes. */
import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { normalize } from './debian-tree.ts'
import { runProgram } from './run-program.ts'

const SCRIPTS = path.resolve(import.meta.dirname, '../../packaging/debian')

/** What Debian calls the platforms that Node runs on. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'armhf',
  ppc64: 'ppc64el',
  s390x: 's390x',
  riscv64: 'riscv64',
}

const MAINTAINER = 'procwarden <noreply@procwarden.invalid>'
const CHANGELOG = 'usr/share/doc/procwarden/changelog.gz'

export interface PackageOptions {
  readonly version: string
  /** Seconds since the Unix epoch that all files carry. */
  readonly epochSeconds: number
  readonly outDir: string
}

/** The path of the package that `root`, laid by debian-tree.ts, became. */
export async function makeDebianPackage(root: string, { version, epochSeconds, outDir }: PackageOptions): Promise<string> {
  const architecture = ARCHITECTURES[process.arch]
  if (architecture === undefined) throw new Error(`Debian has no name for ${process.arch}`)
  writeFileSync(path.join(root, CHANGELOG), gzipSync(changelog(version, epochSeconds), { level: 9 }))
  const files = filesUnder(root, '').filter((file) => !file.startsWith('DEBIAN/'))
  rmSync(path.join(root, 'DEBIAN'), { recursive: true, force: true })
  mkdirSync(path.join(root, 'DEBIAN'))
  const put = (name: string, text: string): void => writeFileSync(path.join(root, 'DEBIAN', name), text)
  put('control', control({ version, architecture, installedKib: installedKib(root, files) }))
  put(
    'conffiles',
    files
      .filter((file) => file.startsWith('etc/'))
      .map((file) => `/${file}\n`)
      .join(''),
  )
  put('md5sums', files.map((file) => sumLine(root, file)).join(''))
  for (const script of ['postinst', 'prerm', 'postrm']) {
    copyFileSync(path.join(SCRIPTS, script), path.join(root, 'DEBIAN', script))
    chmodSync(path.join(root, 'DEBIAN', script), 0o755)
  }
  normalize(root, epochSeconds)
  mkdirSync(outDir, { recursive: true })
  const target = path.join(outDir, `procwarden_${version}_${architecture}.deb`)
  // zstd: dpkg of Debian 12 and Ubuntu 22.04 know it, and it is ten times as fast as xz. One thread: more give other bytes.
  const compression = ['-Zzstd', '-z9', '--threads-max=1']
  await runProgram('dpkg-deb', [...compression, '--root-owner-group', '--build', root, target], {
    env: { SOURCE_DATE_EPOCH: String(epochSeconds), LC_ALL: 'C' },
  })
  return target
}

function control(of: { readonly version: string; readonly architecture: string; readonly installedKib: number }): string {
  return `Package: procwarden
Version: ${of.version}
Architecture: ${of.architecture}
Maintainer: ${MAINTAINER}
Installed-Size: ${of.installedKib}
Depends: libc6 (>= 2.28), libstdc++6 (>= 8), libgcc-s1, passwd
Recommends: polkitd
Suggests: prometheus, prometheus-alertmanager, grafana, smartmontools
Section: admin
Priority: optional
Homepage: https://github.com/procwarden/procwarden
Description: notices the program that loops, leaks or storms, and stops it
 An exporter measures every process and every file created, Prometheus judges
 with the rules that are shipped, and a remediator acts on the alerts within
 policies: kill, freeze, restart, quarantine. Out of the box it only observes.
 .
 This package holds both parts as services, with a Node.js of their own, and
 the rules, routes and dashboards under /usr/share/procwarden.
`
}

/** What Debian's own programs read of a change; people have the file beside it. */
function changelog(version: string, epochSeconds: number): string {
  // deb-changelog(5) wants the zone in numbers, which JavaScript's GMT is not.
  const date = new Date(epochSeconds * 1000).toUTCString().replace('GMT', '+0000')
  return `procwarden (${version}) unstable; urgency=medium\n\n  * What has changed is in NEWS.md.gz.\n\n -- ${MAINTAINER}  ${date}\n`
}

function sumLine(root: string, file: string): string {
  const at = path.join(root, file)
  if (lstatSync(at).isSymbolicLink()) return ''
  return `${createHash('md5').update(readFileSync(at)).digest('hex')}  ${file}\n`
}

function installedKib(root: string, files: readonly string[]): number {
  return files.reduce((sum, file) => sum + Math.ceil(lstatSync(path.join(root, file)).size / 1024), 0)
}

function filesUnder(root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const file = path.join(folder, entry.name)
      return entry.isDirectory() ? filesUnder(root, file) : [file]
    })
}
