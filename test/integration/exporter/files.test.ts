import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { mayUseFanotify, scrape, seriesValue, startExporter, type TestExporter } from '../../support/exporter.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'
import { startWriter } from '../../support/writer.ts'

const FILES = 'procwarden_files_created_total'
const BY_PROCESS = 'procwarden_process_files_created_total'
const BY_GROUP = 'procwarden_group_files_created_total'
const WRITER = 'group="file-writer.mjs"'
const fanotify = mayUseFanotify()

const countIn = (text: string, directory: string): number | undefined => seriesValue(text, FILES, `directory="${directory}"`)

/** Asks until the folder has as many; chokidar tells of files when it gets to it. */
async function countBecomes(exporter: TestExporter, directory: string, count: number): Promise<string> {
  return waitFor(`${count} files in ${directory}`, async () => {
    const text = await scrape(exporter.url)
    return countIn(text, directory) === count && text
  })
}

describe.runIf(fanotify)('where fanotify is allowed', () => {
  test('it is chosen without a word, and every published process and every group is at 0 before its first file', async () => {
    const exporter = await startExporter({ filesWatch: [temporaryDirectory()] })
    const text = await scrape(exporter.url)
    expect(text).toContain('procwarden_file_watch_backend_info{backend="fanotify",reason="available"} 1\n')
    expect(seriesValue(text, 'procwarden_file_watch_overflows_total')).toBe(0)
    expect(seriesValue(text, BY_PROCESS, `pid="${process.pid}"`)).toBe(0)
    expect(seriesValue(text, BY_GROUP, 'group="unknown"')).toBe(0)
    expect(exporter.log.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([])
  })

  test('demanding it is obeyed', async () => {
    const exporter = await startExporter({ filesWatch: [temporaryDirectory()], filesBackend: 'fanotify' })
    expect(await scrape(exporter.url)).toContain('{backend="fanotify",reason="configured"} 1\n')
  })
})

describe.runIf(!fanotify)('where fanotify is not allowed', () => {
  test('chokidar takes its place, what is missing is said once, and nothing is claimed about processes', async () => {
    const exporter = await startExporter({ filesWatch: [temporaryDirectory()] })
    const text = await scrape(exporter.url)
    expect(text).toMatch(/procwarden_file_watch_backend_info\{backend="chokidar",reason="(?:denied|unsupported)"\} 1\n/)
    expect(exporter.log.lines.filter(({ message }) => message.includes('CAP_SYS_ADMIN'))).toHaveLength(1)
    expect(text).not.toContain(BY_PROCESS)
    expect(text).not.toContain(BY_GROUP)
  })

  test('demanding it fails at the start, with a way out', async () => {
    const options = { filesWatch: [temporaryDirectory()], filesBackend: 'fanotify' } as const
    await expect(startExporter(options)).rejects.toThrow(/fanotify is not/)
  })
})

describe.each(fanotify ? (['fanotify', 'chokidar'] as const) : (['chokidar'] as const))('%s', (filesBackend) => {
  const attributed = filesBackend === 'fanotify'

  test('counts by folder down to its depth, and by writer where that can be known', async () => {
    const root = temporaryDirectory()
    mkdirSync(`${root}/a/b/c/d`, { recursive: true })
    const exporter = await startExporter({ filesWatch: [root], filesBackend })
    expect(countIn(await scrape(exporter.url), root)).toBe(0)
    const writer = await startWriter()
    await writer.create({ dir: root, count: 3 })
    await writer.create({ dir: `${root}/a/b`, count: 4 })
    await writer.create({ dir: `${root}/a/b/c/d`, count: 5 })
    const text = await countBecomes(exporter, `${root}/a/b`, 9)
    expect(countIn(text, root)).toBe(3)
    expect(text).not.toContain(`directory="${root}/a/b/c`)
    expect(seriesValue(text, BY_PROCESS, WRITER, `pid="${writer.pid}"`)).toBe(attributed ? 12 : undefined)
    expect(seriesValue(text, BY_GROUP, WRITER)).toBe(attributed ? 12 : undefined)
  })

  test('files of new folders count; folders themselves, opened and rewritten files do not', async () => {
    const root = temporaryDirectory()
    writeFileSync(`${root}/old`, '')
    const exporter = await startExporter({ filesWatch: [root], filesBackend })
    mkdirSync(`${root}/new`)
    writeFileSync(`${root}/old`, 'rewritten')
    writeFileSync(`${root}/new/file`, '')
    writeFileSync(`${root}/last`, '')
    const text = await countBecomes(exporter, `${root}/new`, 1)
    expect(countIn(text, root)).toBe(1)
  })

  test('names with newlines, quotes and invalid UTF-8 count like any other', async () => {
    const root = temporaryDirectory()
    const strange = `${root}/new\nline "quoted" \\`
    mkdirSync(strange)
    const exporter = await startExporter({ filesWatch: [root], filesBackend })
    const writer = await startWriter()
    await writer.create({ dir: root, names: ['610a62', '225c', 'e29c93'] })
    // chokidar works on text and cannot tell what is not UTF-8; fanotify works on bytes.
    if (attributed) await writer.create({ dir: root, names: ['ff', 'fe', 'c328'] })
    await writer.create({ dir: strange, count: 2 })
    const label = strange.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    const text = await countBecomes(exporter, label, 2)
    expect(countIn(text, root)).toBe(attributed ? 6 : 3)
  })

  test('ignored names and excluded folders do not count', async () => {
    const root = temporaryDirectory()
    for (const name of ['node_modules/x', '.git', 'state', 'src']) mkdirSync(`${root}/${name}`, { recursive: true })
    const exporter = await startExporter({ filesWatch: [root], filesExclude: [`${root}/state`], filesBackend })
    for (const name of ['node_modules/x/1', '.git/2', 'state/3', '.git/4', 'src/5']) writeFileSync(`${root}/${name}`, '')
    const text = await countBecomes(exporter, `${root}/src`, 1)
    expect(text.split('\n').filter((line) => line.startsWith(`${FILES}{`))).toHaveLength(2)
    expect(countIn(text, root)).toBe(0)
  })

  test('a root may be a symbolic link, and is shown as it was written', async () => {
    const real = temporaryDirectory()
    const link = `${temporaryDirectory()}/link`
    symlinkSync(real, link)
    const exporter = await startExporter({ filesWatch: [link], filesBackend })
    writeFileSync(`${real}/file`, '')
    expect(await countBecomes(exporter, link, 1)).not.toContain(real)
  })

  test('a root that does not exist yet is said once and watched when it appears', async () => {
    const root = `${temporaryDirectory()}/later`
    const exporter = await startExporter({ filesWatch: [root], filesBackend })
    expect(countIn(await scrape(exporter.url), root)).toBe(0)
    mkdirSync(root)
    // Only what is created after it is found counts, so files are created until one does.
    await waitFor('the new root', async () => {
      writeFileSync(`${root}/${process.hrtime.bigint()}`, '')
      return (countIn(await scrape(exporter.url), root) ?? 0) > 0
    })
    expect(exporter.log.lines.filter(({ message }) => message.includes(root))).toHaveLength(1)
  })
})

describe('only fanotify', () => {
  test.runIf(fanotify)('counts what is gone before anybody looks', async () => {
    const root = temporaryDirectory()
    const exporter = await startExporter({ filesWatch: [root] })
    for (let round = 0; round < 20; round++) {
      mkdirSync(`${root}/gone${round}/deep/deeper`, { recursive: true })
      writeFileSync(`${root}/gone${round}/deep/deeper/1`, '')
      writeFileSync(`${root}/gone${round}/2`, '')
      rmSync(`${root}/gone${round}`, { recursive: true })
    }
    const text = await scrape(exporter.url)
    const counts = text.matchAll(new RegExp(`^${FILES}\\{directory="${root}/gone\\d+(?:/deep)?(?:/deeper)?"\\} (\\d+)$`, 'gm'))
    expect([...counts].reduce((sum, [, count]) => sum + Number(count), 0)).toBe(40)
  })

  test.runIf(fanotify)('the same name created again and again counts each time', async () => {
    const root = temporaryDirectory()
    const exporter = await startExporter({ filesWatch: [root] })
    for (let round = 0; round < 200; round++) {
      writeFileSync(`${root}/same`, '')
      rmSync(`${root}/same`)
    }
    expect(countIn(await scrape(exporter.url), root)).toBe(200)
  })

  test.runIf(fanotify)('a renamed folder counts under its new name', async () => {
    const root = temporaryDirectory()
    mkdirSync(`${root}/before`)
    const exporter = await startExporter({ filesWatch: [root] })
    writeFileSync(`${root}/before/1`, '')
    await countBecomes(exporter, `${root}/before`, 1)
    renameSync(`${root}/before`, `${root}/after`)
    const text = await waitFor('a file under the new name', async () => {
      writeFileSync(`${root}/after/${process.hrtime.bigint()}`, '')
      const now = await scrape(exporter.url)
      return (countIn(now, `${root}/after`) ?? 0) > 0 && now
    })
    expect(countIn(text, `${root}/before`)).toBeGreaterThanOrEqual(1)
  })

  test.runIf(fanotify)('100,000 files of one writer: exact, and in the very next scrape', { timeout: 60_000 }, async () => {
    const root = temporaryDirectory()
    const exporter = await startExporter({ filesWatch: [root] })
    const writer = await startWriter()
    const bystander = await startWriter()
    await bystander.create({ dir: root, count: 5, prefix: 'b' })
    await writer.create({ dir: root, count: 100_000 })
    const text = await scrape(exporter.url)
    expect(countIn(text, root)).toBe(100_005)
    expect(seriesValue(text, BY_PROCESS, `pid="${writer.pid}"`)).toBe(100_000)
    expect(seriesValue(text, BY_PROCESS, `pid="${bystander.pid}"`)).toBe(5)
    expect(seriesValue(text, 'procwarden_file_watch_overflows_total')).toBe(0)
    await writer.end()
    const after = await scrape(exporter.url)
    expect(seriesValue(after, BY_PROCESS, `pid="${writer.pid}"`)).toBeUndefined()
    expect(seriesValue(after, BY_GROUP, WRITER)).toBe(100_005)
  })

  test.runIf(fanotify)('a writer that ended before it was asked counts to "unknown" when nothing else is known of it', async () => {
    const root = temporaryDirectory()
    const exporter = await startExporter({ filesWatch: [root] })
    const writer = await startWriter()
    const before = seriesValue(await scrape(exporter.url), BY_GROUP, WRITER) ?? 0
    // Known from the scan just made: its files are its group's even when it is gone at once.
    await writer.create({ dir: root, count: 7 })
    await writer.end()
    const text = await scrape(exporter.url)
    expect(countIn(text, root)).toBe(7)
    expect(seriesValue(text, BY_GROUP, WRITER)).toBe(before + 7)
  })
})

test('as an ordinary user: counted by chokidar, without processes, and said so', { timeout: 60_000 }, async () => {
  const { exporterAs } = await import('../../support/exporter-process.ts')
  const root = temporaryDirectory()
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  if (user.uid !== undefined) chownSync(root, user.uid, user.gid)
  chmodSync(root, 0o755)
  const exporter = await exporterAs(user, { filesWatch: [root] })
  const writer = await startWriter({ ...user, cwd: '/' })
  await writer.create({ dir: root, count: 10_000 })
  const text = await waitFor(
    'all files',
    async () => {
      const now = await scrape(exporter.url)
      return countIn(now, root) === 10_000 && now
    },
    40_000,
  )
  expect(text).toContain('procwarden_file_watch_backend_info{backend="chokidar",reason="denied"} 1\n')
  expect(text).not.toContain(BY_PROCESS)
  expect(text).not.toContain(BY_GROUP)
  // Its own and the writer's figures are there, those of others are absent and counted.
  expect(seriesValue(text, 'procwarden_process_write_operations_total', `pid="${writer.pid}"`)).toBeGreaterThan(0)
  expect(seriesValue(text, 'procwarden_processes_unreadable', 'source="io"')).toBeGreaterThan(0)
  expect(seriesValue(text, 'procwarden_process_write_operations_total', 'pid="1"')).toBeUndefined()
  expect(exporter.stderr().match(/CAP_SYS_ADMIN/g)).not.toBeNull()
})
