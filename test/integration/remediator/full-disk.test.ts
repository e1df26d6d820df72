import { spawnSync } from 'node:child_process'
import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { alertOf, payloadOf, post, settledIncident, startRemediator } from '../../support/remediator.ts'
import { afterTest, exitOf, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'

/** A file system of 4 MiB. */
function smallDisk(): string {
  const directory = temporaryDirectory()
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', directory], { encoding: 'utf8' })
  if (mount.status !== 0) throw new Error(mount.stderr)
  afterTest(() => void spawnSync('umount', ['--lazy', directory]))
  return directory
}

function fill(directory: string): string {
  const file = path.join(directory, 'fill')
  const { bavail, bsize } = statfsSync(directory)
  writeFileSync(file, Buffer.alloc(bavail * bsize))
  return file
}

// Mounting a small file system needs root; for others the locked store proves the same answer.
test.runIf(process.getuid?.() === 0)('a full disk answers 503, and the alert is handled after the retry', async () => {
  const disk = smallDisk()
  const remediator = await startRemediator({ stateDir: path.join(disk, 'state') })
  const accused = await temporaryProcess('sleep', ['600'])
  // Longer than what is left in the pages the store already has.
  const payload = payloadOf([alertOf({ labels: { group: 'sleep', pid: String(accused.pid), padding: 'x'.repeat(60_000) } })])
  const filler = fill(disk)
  const refused = await post(remediator.url, remediator.token, payload)
  expect([refused.status, await refused.json()]).toEqual([503, expect.objectContaining({ reason: 'full' })])
  expect(accused.signalCode).toBeNull()
  rmSync(filler)
  expect((await post(remediator.url, remediator.token, payload)).status).toBe(200)
  expect(await exitOf(accused)).toBe('SIGTERM')
  expect(await settledIncident(remediator)).toMatchObject({ outcome: 'killed' })
})
