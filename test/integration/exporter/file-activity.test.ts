import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { FilesView } from '../../../src/exporter/api/files.ts'
import { mayUseFanotify, scrape, seriesValue, startExporter, type TestExporter } from '../../support/exporter.ts'
import { afterTest, endProcess, exitOf, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'
import { startWriter } from '../../support/writer.ts'

const run = promisify(execFile)
const fanotify = mayUseFanotify()
const CREATED = 'procwarden_files_created_total'
const DELETED = 'procwarden_files_deleted_total'
const BY_GROUP = 'procwarden_group_files_created_total'
const BY_PROCESS = 'procwarden_process_files_created_total'

const inFolder = (text: string, name: string, directory: string): number | undefined =>
  seriesValue(text, `procwarden_files_${name}_total`, `directory="${directory}"`)

const filesOf = async ({ url }: TestExporter): Promise<FilesView> => {
  const answer: unknown = await (await fetch(`${url}/api/files`)).json()
  return answer as FilesView
}

function configFile(text: string): string {
  const file = `${temporaryDirectory()}/exporter.yml`
  writeFileSync(file, text)
  return file
}

/** A shell script that runs to its end, under the name that its group will have. */
async function runScript(name: string, body: string, cwd: string): Promise<void> {
  const script = `${temporaryDirectory()}/${name}`
  writeFileSync(script, body)
  const child = await temporaryProcess('sh', [script], { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
  expect(await exitOf(child)).toBe(0)
}

describe.runIf(fanotify)('fanotify', () => {
  test('deletions, moves and pairs of creation and deletion are counted, each of them', async () => {
    const root = temporaryDirectory()
    const outside = temporaryDirectory()
    writeFileSync(`${outside}/old`, 'x')
    const exporter = await startExporter({ filesWatch: [root] })
    for (let index = 0; index < 2000; index++) {
      writeFileSync(`${root}/f${index}`, '')
      unlinkSync(`${root}/f${index}`)
    }
    renameSync(`${outside}/old`, `${root}/in`)
    renameSync(`${root}/in`, `${root}/within`)
    const text = await scrape(exporter.url)
    expect(['created', 'deleted', 'moved'].map((name) => inFolder(text, name, root))).toEqual([2000, 2000, 2])
  })

  test('a loop that runs a utility for each file is named itself, group and pid', async () => {
    const root = temporaryDirectory()
    const exporter = await startExporter({ filesWatch: [root] })
    const script = `${temporaryDirectory()}/storm-loop.sh`
    writeFileSync(script, 'i=0\nwhile [ $i -lt 300 ]; do touch "f$i"; cp /etc/hostname "c$i"; i=$((i+1)); done\nread wait\n')
    const loop = await temporaryProcess('sh', [script], { cwd: root, stdio: ['pipe', 'ignore', 'inherit'] })
    const text = await waitFor('all files', async () => {
      const now = await scrape(exporter.url)
      return inFolder(now, 'created', root) === 600 && now
    })
    expect(seriesValue(text, BY_GROUP, 'group="storm-loop.sh"')).toBe(600)
    expect(seriesValue(text, BY_PROCESS, `pid="${loop.pid}"`)).toBe(600)
    const { recent } = await filesOf(exporter)
    expect(recent.writers[0]).toMatchObject({ group: 'storm-loop.sh', pid: loop.pid, filesCreated: 600 })
  })

  test('a writer that forks a child for each file is named itself, and so is one whose children are other programs', async () => {
    const root = temporaryDirectory()
    const exporter = await startExporter({ filesWatch: [root] })
    await runScript('subshells.sh', 'i=0\nwhile [ $i -lt 200 ]; do ( echo x > "s$i" ); i=$((i+1)); done\n', root)
    await runScript('programs.sh', 'i=0\nwhile [ $i -lt 200 ]; do sed -n "w p$i" /etc/hostname; i=$((i+1)); done\n', root)
    const text = await scrape(exporter.url)
    expect(inFolder(text, 'created', root)).toBe(400)
    expect(seriesValue(text, BY_GROUP, 'group="subshells.sh"')).toBe(200)
    // The first few of programs that nothing is known of are their own.
    expect(seriesValue(text, BY_GROUP, 'group="programs.sh"')).toBeGreaterThanOrEqual(195)
  })

  test('unpacking, checking out and installing are counted for programs of a known kind', { timeout: 60_000 }, async () => {
    const root = temporaryDirectory()
    const source = temporaryDirectory()
    for (let index = 0; index < 60; index++) writeFileSync(`${source}/file${index}.js`, `export default ${index}\n`)
    writeFileSync(`${source}/package.json`, '{"name": "thing", "version": "1.0.0"}')
    const git = ['-c', 'user.name=t', '-c', 'user.email=t@example.org']
    for (const args of [
      ['init', '-q'],
      ['add', '-A'],
      [...git, 'commit', '-qm', 'one'],
    ])
      await run('git', args, { cwd: source })
    await run('tar', ['--exclude=.git', '-cf', `${source}/.git/all.tar`, '.'], { cwd: source })
    for (const name of ['unpacked', 'cloned', 'installed']) mkdirSync(`${root}/${name}`)
    writeFileSync(`${root}/installed/package.json`, '{"name": "user", "version": "1.0.0"}')
    const exporter = await startExporter({ configFile: configFile(`files:\n  watch: [{ path: ${root}, ignore: [] }]\n`) })
    await run('tar', ['-xf', `${source}/.git/all.tar`, '-C', `${root}/unpacked`])
    await run('git', ['clone', '-q', '--no-checkout', source, '.'], { cwd: `${root}/cloned` })
    await run('git', ['checkout', '-q', 'HEAD', '--', '.'], { cwd: `${root}/cloned` })
    const flags = ['--offline', '--no-audit', '--no-fund', '--install-links', '--cache', `${temporaryDirectory()}/cache`]
    await run('npm', ['install', ...flags, source], { cwd: `${root}/installed` })
    const text = await scrape(exporter.url)
    expect(inFolder(text, 'created', `${root}/unpacked`)).toBe(61)
    expect(inFolder(text, 'created', `${root}/cloned`)).toBe(61)
    expect(inFolder(text, 'created', `${root}/installed/node_modules`)).toBeGreaterThanOrEqual(61)
    const categoryOf = (group: string): string | undefined =>
      new RegExp(`^procwarden_group_info\\{group="${group}",category="([a-z]*)"`, 'm').exec(text)?.[1]
    expect(seriesValue(text, BY_GROUP, 'group="tar"')).toBe(61)
    expect(categoryOf('tar')).toBe('backup')
    expect(seriesValue(text, BY_GROUP, 'group="git"')).toBeGreaterThanOrEqual(61)
    expect(categoryOf('git')).toBe('development')
    // npm is npm while it starts and after it has written its title over its command line.
    expect(seriesValue(text, BY_GROUP, 'group="npm"')).toBeGreaterThanOrEqual(61)
    expect(categoryOf('npm')).toBe('development')
  })

  test('the demo of a file storm shows at once: pid, group, rate and that its files are all the same', async () => {
    const root = temporaryDirectory()
    const exporter = await startExporter({ filesWatch: [root] })
    const cli = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))
    const options = ['--dir', root, '--rate', '50', '--max', '100', '--state.dir', temporaryDirectory()]
    const demo = spawn(process.execPath, [cli, 'demo', 'file-storm', ...options], { stdio: ['ignore', 'pipe', 'ignore'] })
    afterTest(() => endProcess(demo))
    const lines = createInterface({ input: demo.stdout })
    const [line] = await once(lines, 'line')
    const pid = Number(/pid (\d+)/.exec(String(line))?.[1])
    await waitFor('a few files', () => readdirSync(root).length >= 5)
    const seen = (await filesOf(exporter)).recent.writers.find((writer) => writer.pid === pid)
    expect(seen).toMatchObject({ group: 'file-storm.ts', directories: [{ directory: root }] })
    expect(seen?.filesCreated).toBeGreaterThanOrEqual(5)
    const writer = await waitFor('all to be examined', async () => {
      const now = (await filesOf(exporter)).recent.writers.find((one) => one.pid === pid)
      return now?.filesExamined === 100 && now
    })
    expect(writer).toMatchObject({ filesCreated: 100, duplicateShare: 0.99 })
    expect(writer.filesCreatedPerSecond).toBeGreaterThan(5)
    expect(writer.examples[0]).toMatch(/^document-\d+-\d+\.txt$/)
  })

  test('what is ignored is told apart, and who made it', async () => {
    const root = temporaryDirectory()
    mkdirSync(`${root}/node_modules/thing`, { recursive: true })
    const exporter = await startExporter({ filesWatch: [root] })
    const writer = await startWriter()
    await writer.create({ dir: `${root}/node_modules/thing`, count: 40 })
    const text = await scrape(exporter.url)
    expect(inFolder(text, 'created', root)).toBe(0)
    expect(inFolder(text, 'ignored', root)).toBe(40)
    const { recent } = await filesOf(exporter)
    expect(recent.writers.find(({ pid }) => pid === writer.pid)).toMatchObject({ filesCreated: 0, filesIgnored: 40 })
  })

  test('events that the kernel dropped are told, and the files are found', { timeout: 60_000 }, async () => {
    const root = temporaryDirectory()
    mkdirSync(`${root}/deep`)
    for (let index = 0; index < 50; index++) writeFileSync(`${root}/old${index}`, '')
    const events = Number(readFileSync('/proc/sys/fs/fanotify/max_queued_events', 'utf8'))
    const file = configFile(`files:\n  queue_limit: kernel\n  watch: [{ path: ${root} }]\n`)
    const exporter = await startExporter({ configFile: file })
    // Synchronous, so that the exporter in this very process cannot read meanwhile.
    for (let index = 0; index < events; index++) writeFileSync(`${root}/new${index}`, '')
    for (let index = 0; index < 3000; index++) writeFileSync(`${root}/deep/new${index}`, '')
    const text = await waitFor('the repair', async () => {
      const now = await scrape(exporter.url)
      return inFolder(now, 'created', `${root}/deep`) === 3000 && now
    })
    expect(inFolder(text, 'created', root)).toBe(events)
    expect(seriesValue(text, 'procwarden_file_watch_overflows_total')).toBeGreaterThan(0)
    expect(seriesValue(text, 'procwarden_file_watch_repaired_files_total')).toBeGreaterThan(0)
    expect(seriesValue(text, BY_GROUP, 'group="unknown"')).toBe(seriesValue(text, 'procwarden_file_watch_repaired_files_total'))
    expect(exporter.log.lines.filter(({ message }) => message.includes('dropped file events'))).toHaveLength(1)
  })

  test('half a million events in a burst: none is lost, and what is held does not grow with them', { timeout: 120_000 }, async () => {
    const root = mkdtempSync('/dev/shm/procwarden-test-')
    afterTest(() => rmSync(root, { recursive: true, force: true }))
    const exporter = await startExporter({ filesWatch: [root] })
    const before = process.memoryUsage()
    for (let round = 0; round < 250; round++) {
      // The event loop stands still for all of it: the kernel holds every event.
      for (let index = 0; index < 1000; index++) {
        writeFileSync(`${root}/${round}-${index}`, '')
        unlinkSync(`${root}/${round}-${index}`)
      }
    }
    const text = await waitFor('all events', async () => {
      const now = await scrape(exporter.url)
      return inFolder(now, 'deleted', root) === 250_000 && now
    })
    expect(inFolder(text, 'created', root)).toBe(250_000)
    expect(seriesValue(text, 'procwarden_file_watch_overflows_total')).toBe(0)
    const after = process.memoryUsage()
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(100e6)
  })

  test('the longest names, and folders whose names are no text', async () => {
    const root = temporaryDirectory()
    const exporter = await startExporter({ filesWatch: [root] })
    const strange = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0x0a, 0xfe])])
    mkdirSync(strange)
    for (const name of ['a'.repeat(255), 'ü'.repeat(127)]) writeFileSync(`${root}/${name}`, '')
    writeFileSync(Buffer.concat([strange, Buffer.from('/file')]), 'same content')
    writeFileSync(Buffer.concat([strange, Buffer.from('/'), Buffer.from([0xc3, 0x28])]), 'same content')
    const text = await waitFor('the copy', async () => {
      const now = await scrape(exporter.url)
      return now.includes(`procwarden_files_duplicates_total{directory="${root}/\\\\xff\\n\\\\xfe"} 1\n`) && now
    })
    expect(inFolder(text, 'created', root)).toBe(2)
    expect(text).toContain(`${CREATED}{directory="${root}/\\\\xff\\n\\\\xfe"} 2\n`)
  })

  test.runIf(process.getuid?.() === 0)('several file systems, one mounted later, a bind mount of a folder and an overlay', async () => {
    const base = temporaryDirectory()
    for (const name of ['disk', 'later', 'bound', 'upper', 'lower', 'work', 'merged']) mkdirSync(`${base}/${name}`)
    await mounted(['-t', 'tmpfs', 'none', `${base}/disk`], `${base}/disk`)
    for (const name of ['shown', 'hidden', 'later']) mkdirSync(`${base}/disk/${name}`)
    await mounted(['--bind', `${base}/disk/shown`, `${base}/bound`], `${base}/bound`)
    const exporter = await startExporter({ filesWatch: [`${base}/later`, `${base}/bound`, `${base}/merged`] })
    writeFileSync(`${base}/bound/1`, '')
    // The same folder by its other path counts; what lies outside of it does not, whatever the kernel calls it.
    writeFileSync(`${base}/disk/shown/2`, '')
    writeFileSync(`${base}/disk/hidden/3`, '')
    writeFileSync(`${base}/disk/later/4`, '')
    await mounted(['-t', 'tmpfs', 'none', `${base}/later`], `${base}/later`)
    const overlay = `lowerdir=${base}/lower,upperdir=${base}/upper,workdir=${base}/work,index=on,nfs_export=on`
    await mounted(['-t', 'overlay', '-o', overlay, 'none', `${base}/merged`], `${base}/merged`)
    const text = await waitFor('files on what was mounted later', async () => {
      for (const name of ['later', 'merged']) writeFileSync(`${base}/${name}/${process.hrtime.bigint()}`, '')
      const now = await scrape(exporter.url)
      return ['later', 'merged'].every((name) => (inFolder(now, 'created', `${base}/${name}`) ?? 0) > 0) && now
    })
    expect(inFolder(text, 'created', `${base}/bound`)).toBe(2)
    await run('umount', [`${base}/later`])
    writeFileSync(`${base}/later/under`, '')
  })

  test('a copy is one of its own: what another process made before says nothing about it', async () => {
    const root = temporaryDirectory()
    const exporter = await startExporter({ filesWatch: [root] })
    const program = `${temporaryDirectory()}/unpacker.cjs`
    // Forty files that differ, and twice that number of one content when told to; then it waits to be looked at.
    writeFileSync(
      program,
      `const fs = require('fs'), [, , folder, loops] = process.argv
       fs.mkdirSync(folder)
       for (let n = 0; n < 40; n++) fs.writeFileSync(folder + '/f' + n, 'content '.repeat(n + 1))
       for (let n = 0; n < Number(loops); n++) fs.writeFileSync(folder + '/copy' + n, 'the same')
       setInterval(() => undefined, 1000)`,
    )
    const unpack = (folder: string, loops: number) => temporaryProcess(process.execPath, [program, `${root}/${folder}`, String(loops)])
    const first = await unpack('first', 0)
    const figures = (text: string, pid: number) =>
      ['examined', 'duplicates'].map((name) =>
        seriesValue(text, `procwarden_process_files_${name}_total`, `group="unpacker.cjs",pid="${pid}"`),
      )
    const examined = async (pid: number, count: number) =>
      waitFor('all files to be compared', async () => {
        const found = figures(await scrape(exporter.url), pid)
        return found[0] === count && found
      })
    expect(await examined(first.pid, 40)).toEqual([40, 0])
    const second = await unpack('second', 0)
    expect(await examined(second.pid, 40)).toEqual([40, 0])
    const looping = await unpack('third', 80)
    // The first of the eighty is no copy.
    expect(await examined(looping.pid, 120)).toEqual([120, 79])
  })

  test('with many files already there it starts as fast as without any', { timeout: 120_000 }, async () => {
    const full = mkdtempSync('/dev/shm/procwarden-test-')
    afterTest(() => rmSync(full, { recursive: true, force: true }))
    const writer = await startWriter()
    await writer.create({ dir: full, count: 1_000_000 })
    // Listing them takes several seconds of CPU; how long it is waited for depends on what else the machine does.
    const before = process.cpuUsage()
    const exporter = await startExporter({ filesWatch: [full], filesBackend: 'fanotify', processes: false })
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(1000)
    await writer.create({ dir: full, count: 3, prefix: 'new' })
    expect(inFolder(await scrape(exporter.url), 'created', full)).toBe(3)
  })
})

describe.each(fanotify ? (['fanotify', 'chokidar'] as const) : (['chokidar'] as const))('%s', (filesBackend) => {
  test('copies are found by their content, and the largest set of them is shown', async () => {
    const root = temporaryDirectory()
    const exporter = await startExporter({ filesWatch: [root], filesBackend })
    const document = 'the same again\n'.repeat(200)
    for (let index = 0; index < 30; index++) writeFileSync(`${root}/copy${index}`, document)
    writeFileSync(`${root}/other`, document.replaceAll('same', 'SAME'))
    writeFileSync(`${root}/unique`, 'no other is as long')
    const text = await waitFor('all to be examined', async () => {
      const now = await scrape(exporter.url)
      return inFolder(now, 'examined', root) === 32 && now
    })
    expect(inFolder(text, 'duplicates', root)).toBe(29)
    const { recent, largestDuplicateSet } = await filesOf(exporter)
    expect(largestDuplicateSet).toMatchObject({ copies: 30, sizeBytes: document.length, wastedBytes: 29 * document.length })
    expect(largestDuplicateSet?.examples[0]).toMatch(new RegExp(`^${root}/copy\\d+$`))
    expect(recent.directories[0]).toMatchObject({ directory: root, filesCreated: 32, filesExamined: 32, duplicateShare: 0.906 })
    expect(recent.directories[0]?.bytes).toBeGreaterThan(30 * document.length)
  })

  test('links, pipes and files that may not be read are left alone, and reading leaves no trace', async () => {
    const root = temporaryDirectory()
    const exporter = await startExporter({ filesWatch: [root], filesBackend })
    const secret = `${temporaryDirectory()}/secret`
    writeFileSync(secret, 'same content')
    await run('sh', ['-c', 'ln -s "$0" link; mkfifo pipe; printf "same content" > a; printf "same content" > b', secret], { cwd: root })
    const accessed = statSync(`${root}/a`).atimeMs
    const text = await waitFor('both to be examined', async () => {
      const now = await scrape(exporter.url)
      return inFolder(now, 'examined', root) === 2 && now
    })
    expect(inFolder(text, 'duplicates', root)).toBe(1)
    expect(statSync(`${root}/a`).atimeMs).toBe(accessed)
  })

  test('a root that is removed while it is watched is watched again when it is made anew', async () => {
    const root = `${temporaryDirectory()}/root`
    mkdirSync(root)
    const exporter = await startExporter({ filesWatch: [root], filesBackend })
    writeFileSync(`${root}/1`, '')
    await waitFor('the first file', async () => inFolder(await scrape(exporter.url), 'created', root) === 1)
    rmSync(root, { recursive: true })
    await waitFor('the deletion', async () => inFolder(await scrape(exporter.url), 'deleted', root) === 1)
    mkdirSync(root)
    const created = await waitFor('files of the new folder', async () => {
      writeFileSync(`${root}/${process.hrtime.bigint()}`, '')
      const now = inFolder(await scrape(exporter.url), 'created', root) ?? 0
      return now > 1 && now
    })
    expect(created).toBeLessThanOrEqual(1 + readdirSync(root).length)
  })

  test('patterns of paths are ignored, and the defaults can be switched off', async () => {
    const root = temporaryDirectory()
    for (const name of ['node_modules', 'dist', 'src/dist']) mkdirSync(`${root}/${name}`, { recursive: true })
    const file = configFile(`files:\n  backend: ${filesBackend}\n  ignore: ['/dist', '**/*.map']\n  watch: [{ path: ${root} }]\n`)
    const exporter = await startExporter({ configFile: file })
    for (const name of ['dist/1', 'src/dist/2', 'src/dist/3.map', 'node_modules/4']) writeFileSync(`${root}/${name}`, '')
    const text = await waitFor('the last file', async () => {
      const now = await scrape(exporter.url)
      return inFolder(now, 'created', `${root}/node_modules`) === 1 && inFolder(now, 'created', `${root}/src/dist`) === 1 && now
    })
    expect(text).not.toContain(`${CREATED}{directory="${root}/dist"}`)
    expect(text).toContain(`${DELETED}{directory="${root}"} 0\n`)
  })
})

test.runIf(process.getuid?.() === 0)('a root that may not be read is said, and takes no other with it', async () => {
  const { exporterAs } = await import('../../support/exporter-process.ts')
  const [closed, open] = [temporaryDirectory(), temporaryDirectory()]
  chmodSync(closed, 0o000)
  chmodSync(open, 0o777)
  const exporter = await exporterAs({ uid: 65_534, gid: 65_534 }, { filesWatch: [closed, `${closed}/below`, open] })
  writeFileSync(`${open}/1`, '')
  await waitFor('the file in the other root', async () => inFolder(await scrape(exporter.url), 'created', open) === 1)
  expect(exporter.stderr()).toContain(`${closed}/below`)
})

async function mounted(args: readonly string[], point: string): Promise<void> {
  await run('mount', args)
  afterTest(() =>
    run('umount', ['--lazy', point]).then(
      () => undefined,
      () => undefined,
    ),
  )
}
