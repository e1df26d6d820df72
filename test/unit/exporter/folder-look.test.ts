import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createFolderLook, type FoundFolder } from '../../../src/exporter/sources/folder-look.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const MOUNTS = [
  '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
  '40 22 0:50 / /net rw,relatime shared:9 - nfs4 files:/net rw,hard',
  '41 22 0:51 / /mnt/with\\040blank rw - fuse.sshfs server:/ rw',
  '42 40 8:2 / /net/local rw - xfs /dev/sdb1 rw',
].join('\n')
const mountinfo = (): string => MOUNTS

test('the table of mounts tells what is on a server; the deepest and latest mount counts', () => {
  const look = createFolderLook({ mountinfo })
  const paths = ['/', '/srv', '/net', '/net/ann', '/network', '/net/local/ann', '/mnt/with blank/x']
  expect(paths.filter((each) => look.isRemote(each))).toEqual(['/net', '/net/ann', '/mnt/with blank/x'])
})

test('a server that does not answer is waited for once, its folder counts as it was, and what is local is asked all the same', async () => {
  const there: FoundFolder = { realPath: '/net', id: '50:2' }
  const answers: Array<() => void> = []
  let asked = 0
  const look = createFolderLook({
    mountinfo,
    deadlineMs: 20,
    askServer: () => (asked++ === 0 ? Promise.resolve(there) : new Promise((resolve) => answers.push(() => resolve(undefined)))),
  })
  expect(await look.ask('/net')).toEqual(there)
  expect(await look.ask('/net')).toEqual(there)
  expect(await look.ask('/net')).toEqual(there)
  expect(await look.ask('/net/ann')).toBeUndefined()
  expect(asked).toBe(2)
  const local = temporaryDirectory()
  expect(await look.ask(local)).toMatchObject({ realPath: local })
  for (const answer of answers) answer()
  await new Promise((resolve) => void setImmediate(resolve))
  expect(await look.ask('/net')).toBeUndefined()
  expect(asked).toBe(3)
})

test('links are resolved, a folder made anew is another one, and what is no folder is none', async () => {
  const look = createFolderLook()
  const folder = path.join(temporaryDirectory(), 'folder')
  const link = path.join(temporaryDirectory(), 'link')
  symlinkSync(folder, link)
  expect(await look.ask(link)).toBeUndefined()
  mkdirSync(folder)
  const first = await look.ask(link)
  expect(first).toMatchObject({ realPath: folder })
  rmSync(folder, { recursive: true })
  mkdirSync(path.join(temporaryDirectory(), 'takes-the-inode'))
  mkdirSync(folder)
  expect((await look.ask(link))?.realPath).toBe(folder)
  expect(await look.ask('/etc/passwd')).toBeUndefined()
})
