/**
 * A program that watches one folder with a library and counts: `watcher.ts chokidar DIR` or `watcher.ts MODULE-OF-PARCEL DIR`.
 * To each line it answers with what it has counted so far, as JSON.
 */
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

interface ParcelEvent {
  readonly type: 'create' | 'update' | 'delete'
}
interface Parcel {
  subscribe(directory: string, onEvents: (error: Error | null, events: readonly ParcelEvent[]) => void): Promise<unknown>
}

const [library = '', directory = ''] = process.argv.slice(2)
let created = 0
let deleted = 0

if (library === 'chokidar') await watchWithChokidar()
else await watchWithParcel()
createInterface({ input: process.stdin }).on('line', () => process.stdout.write(`${JSON.stringify({ created, deleted })}\n`))
process.stdout.write('ready\n')

async function watchWithChokidar(): Promise<void> {
  const { watch } = await import('chokidar')
  const watcher = watch(directory, { ignoreInitial: true })
  watcher.on('add', () => created++)
  watcher.on('unlink', () => deleted++)
  await new Promise<void>((resolve) => {
    watcher.once('ready', resolve)
  })
}

async function watchWithParcel(): Promise<void> {
  const parcel: Parcel = createRequire(import.meta.url)(library)
  await parcel.subscribe(directory, (error, events) => {
    if (error) throw error
    for (const { type } of events) {
      if (type === 'create') created++
      if (type === 'delete') deleted++
    }
  })
}
