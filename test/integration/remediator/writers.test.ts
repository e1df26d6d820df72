/** Tests who is named as the writer of a folder's storm: the one process that makes the files, and never one that only keeps files there. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { observeDirectoryWriters } from '../../../src/remediator/suspects/directory-writers.ts'
import { startRunawayWriter } from '../../support/runaway-writer.ts'
import { temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const observe = (directory: string) =>
  observeDirectoryWriters({ procfsRoot: '/proc', directory, exclude: new Set([process.pid]), durationMs: 6_000 })

/** Runs a program that has `folder` and `fs`; resolves when it has made its first file. */
async function start(folder: string, body: string) {
  const program = path.join(temporaryDirectory(), 'program.cjs')
  writeFileSync(program, `const fs = require('node:fs'), folder = ${JSON.stringify(folder)}\nlet n = 0\n${body}`)
  mkdirSync(folder, { recursive: true })
  const child = await temporaryProcess(process.execPath, [program])
  await waitFor('its first file', () => readdirSync(folder).length > 0)
  return child
}

/** Keeps six files open below the folder and writes to them all the time; opens another one, which it keeps, every `everyMs`. */
const startRecorder = (directory: string, everyMs: number) =>
  start(
    path.join(directory, 'recordings'),
    `const open = [], more = () => open.push(fs.openSync(folder + '/' + n++, 'w'))
     for (let i = 0; i < 6; i++) more()
     setInterval(() => { for (const fd of open) fs.writeSync(fd, 'sound') }, 20)
     setInterval(more, ${everyMs})`,
  )

/** A shell that makes a file with each `cp`: no process of the storm lives for longer than that. */
async function startCopies(directory: string) {
  const template = path.join(temporaryDirectory(), 'template')
  writeFileSync(template, 'the same\n'.repeat(500))
  await temporaryProcess('sh', ['-c', `i=0; while :; do i=$((i + 1)); cp ${template} ${directory}/copy-$i; done`])
  await waitFor('copies', () => readdirSync(directory).length > 20)
}

describe('a bystander with files of its own below the folder', () => {
  test.each([
    ['opens another now and then', 2_000],
    ['opens several each second', 300],
  ])('is not taken for the writer when it %s and a shell makes copies', async (_what, everyMs) => {
    const directory = temporaryDirectory()
    await startRecorder(directory, everyMs)
    await startCopies(directory)
    expect((await observe(directory)).writer).toBeUndefined()
  })

  test('does not count for what it had open before, whatever that is called meanwhile', async () => {
    const directory = temporaryDirectory()
    const recorder = await start(
      path.join(directory, 'recordings'),
      `const names = []
       for (let i = 0; i < 8; i++) names.push({ fd: fs.openSync(folder + '/' + i, 'w'), name: folder + '/' + i })
       setInterval(() => { for (const each of names) fs.writeSync(each.fd, 'sound') }, 20)
       setInterval(() => { for (const each of names) { fs.renameSync(each.name, each.name + 'x'); each.name += 'x' } }, 700)`,
    )
    const { writer, sightings } = await observe(directory)
    expect({ writer, mine: sightings.filter(({ pid }) => pid === recorder.pid) }).toEqual({ writer: undefined, mine: [] })
  })
})

describe('the one process that makes the files', () => {
  test('is named while others keep files there', async () => {
    const directory = temporaryDirectory()
    await startRecorder(directory, 2_000)
    const storm = await startRunawayWriter(directory, 10)
    await waitFor('the storm', () => readdirSync(directory).length > 20)
    expect((await observe(directory)).writer?.pid).toBe(storm.pid)
  })

  test('is named when it never closes any', async () => {
    const directory = temporaryDirectory()
    const leaky = await start(directory, "setInterval(() => fs.writeSync(fs.openSync(folder + '/' + n++, 'w'), 'the same'), 25)")
    expect((await observe(directory)).writer?.pid).toBe(leaky.pid)
  })
})
