import { statfs } from 'node:fs/promises'
import type { StatsFs } from 'node:fs'
import { expect, test } from 'vitest'
import { createRoomReader, type Mount } from '../../../../src/exporter/sources/host-filesystems.ts'

const mount = (mountpoint: string): Mount => ({ device: `/dev${mountpoint}`, mountpoint, fstype: 'ext4', isReadonly: false })

test('a mount that hangs holds up nothing, is not asked twice, and is asked again once it has answered', async () => {
  const dead = Promise.withResolvers<StatsFs>()
  const asked: string[] = []
  const read = createRoomReader({
    deadlineMs: 20,
    statfs: (path) => {
      asked.push(path)
      return path === '/dead' && asked.filter((each) => each === '/dead').length === 1 ? dead.promise : statfs('/')
    },
  })
  const mounts = [mount('/a'), mount('/dead'), mount('/b'), mount('/c')]
  const answered = async () => (await read(mounts)).map(({ mountpoint, room }) => [mountpoint, room !== undefined])
  const allButDead = [
    ['/a', true],
    ['/b', true],
    ['/c', true],
    ['/dead', false],
  ]
  expect(await answered()).toEqual(allButDead)
  expect(await answered()).toEqual(allButDead)
  expect(asked.filter((path) => path === '/dead')).toHaveLength(1)
  dead.resolve(await statfs('/'))
  // The reader hears of it within this turn of the event loop.
  await new Promise(setImmediate)
  expect(await answered()).toEqual(allButDead.map(([mountpoint]) => [mountpoint, true]))
})

test('two that hang are the most: the others go unasked rather than take every thread there is', async () => {
  const asked: string[] = []
  const read = createRoomReader({
    deadlineMs: 20,
    statfs: (path) => {
      asked.push(path)
      return new Promise(() => undefined)
    },
  })
  const rooms = await read([mount('/a'), mount('/b'), mount('/c'), mount('/d')])
  expect(rooms.every(({ room }) => room === undefined)).toBe(true)
  expect(asked).toEqual(['/a', '/b'])
})

test('an error is no answer', async () => {
  const read = createRoomReader({ deadlineMs: 5000, statfs: (path) => statfs(path) })
  const rooms = await read([mount('/'), mount('/there/is/no/such/folder')])
  expect(rooms.map(({ room }) => room !== undefined)).toEqual([true, false])
  expect(rooms[0]?.room?.sizeBytes).toBeGreaterThan(0)
})
