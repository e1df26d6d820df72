/** Tests what speaks against an accusation: a program that copies or unpacks is no loop, and a supervisor no fork bomb. Real programs, and what they do. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { createProcfs } from '../../../src/lib/linux/proc-process.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { doubtAboutBrood } from '../../../src/remediator/suspects/brood.ts'
import { observeSources } from '../../../src/remediator/suspects/file-sources.ts'
import { descendantsOf, listProcesses } from '../../../src/remediator/suspects/process-tree.ts'
import { temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const procfs = createProcfs(systemClock())

/** Creates files by `body`, which has n, source (a folder of 2,000 alike), archive (the same in one file), template and target. */
async function creator(body: string) {
  const folder = temporaryDirectory()
  const [source, target] = ['source', 'target'].map((name) => path.join(folder, name))
  for (const each of [source, target]) mkdirSync(each ?? '')
  const text = 'Licensed to whom it may concern.\n'.repeat(100)
  for (let n = 0; n < 2_000; n++) writeFileSync(path.join(source ?? '', `${n}`), text)
  writeFileSync(path.join(folder, 'archive'), text.repeat(2_000))
  writeFileSync(path.join(folder, 'template'), text)
  const program = path.join(folder, 'program.cjs')
  writeFileSync(
    program,
    `const fs = require('node:fs'), [source, target, archive, template] = ['source', 'target', 'archive', 'template'].map((name) => ${JSON.stringify(folder)} + '/' + name)
     const whole = fs.openSync(archive), part = Buffer.alloc(${text.length}), text = ${JSON.stringify(text)}
     let n = 0
     setInterval(() => { n = (n + 1) % 2000; ${body} }, 2)`,
  )
  const { pid } = await temporaryProcess(process.execPath, [program])
  await waitFor('its files', () => readdirSync(target ?? '').length > 20)
  return pid
}

describe('who has sources for what it creates', () => {
  test.each([
    ['copies a tree of equal files', "fs.copyFileSync(source + '/' + n, target + '/' + n)", true],
    ['reads a file and writes another', "fs.writeFileSync(target + '/' + n, fs.readFileSync(source + '/' + n))", true],
    ['unpacks an archive', "fs.readSync(whole, part, 0, part.length, null); fs.writeFileSync(target + '/' + n, part)", true],
    ['writes one text over and over', "fs.writeFileSync(target + '/' + n, text)", false],
    ['copies one file over and over', "fs.copyFileSync(template, target + '/' + n)", false],
    ['reads a template for each document', "fs.writeFileSync(target + '/' + n, n + fs.readFileSync(template, 'utf8'))", false],
  ])('%s', async (_what, body, hasSources) => {
    const pid = await creator(body)
    const look = (): ReturnType<typeof observeSources> => observeSources({ procfsRoot: '/proc', pid })
    // Where it gets no processor for a while there is nothing to be seen.
    const seen = hasSources ? await waitFor('what it reads', look, 80_000) : await look()
    expect(seen !== undefined).toBe(hasSources)
  })

  test('a process that is not there has none', async () => {
    expect(await observeSources({ procfsRoot: '/proc', pid: 4_194_303 })).toBeUndefined()
  })
})

describe('who multiplies', () => {
  /** Python forks; node cannot. Started by itself, so that each child is its own. */
  const parent = async (script: string, count: number) => {
    const child = await temporaryProcess('python3', ['-c', script], { detached: true })
    await waitFor('its children', () => descendantsOf(child.pid, listProcesses(procfs)).length >= count)
    return child
  }
  const end = ({ pid }: { readonly pid: number }): void => void process.kill(-pid, 'SIGKILL')

  test('one that forks sixty of itself does', async () => {
    const bomb = await parent('import os, time\nfor n in range(60):\n  if os.fork() == 0: break\ntime.sleep(60)', 60)
    const doubt = doubtAboutBrood(bomb.pid, procfs)
    end(bomb)
    expect(doubt).toBeUndefined()
  })

  test('one that goes on starting its like does', async () => {
    const bomb = await parent('import os, time\nfor n in range(300):\n  if os.fork() == 0: time.sleep(60)\n  time.sleep(0.05)', 20)
    const doubt = doubtAboutBrood(bomb.pid, procfs)
    end(bomb)
    expect(doubt).toBeUndefined()
  })

  test('one whose children have children does', async () => {
    const bomb = await parent('import os, time\nfor n in range(6): os.fork()\ntime.sleep(60)', 63)
    const doubt = doubtAboutBrood(bomb.pid, procfs)
    end(bomb)
    expect(doubt).toBeUndefined()
  })

  test('one that starts dozens of another program does', async () => {
    const bomb = await parent("import subprocess, time\nfor n in range(60): subprocess.Popen(['sleep', '60'])\ntime.sleep(60)", 60)
    const doubt = doubtAboutBrood(bomb.pid, procfs)
    end(bomb)
    expect(doubt).toBeUndefined()
  })

  test('a supervisor of many programs does not', async () => {
    const script = `import subprocess, time
for program in ('sleep 60', 'cat', 'tail -f /dev/null', 'dd of=/dev/null', 'wc', 'sort'):
  for n in range(10): subprocess.Popen(program.split(), stdin=subprocess.PIPE)
time.sleep(60)`
    const supervisor = await parent(script, 60)
    const doubt = doubtAboutBrood(supervisor.pid, procfs)
    end(supervisor)
    expect(doubt).toContain('of 6 programs')
  })
})
