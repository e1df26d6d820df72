/** Owns what happened to files in the last minutes, by folder and writer, within bounds. For people and the API, never for rules. */
import { dropOldest } from '../lib/oldest.ts'
import type { FileTally } from './sources/file-source.ts'

/** Whoever changed files; pid undefined where only the group is known. */
export interface Writer {
  readonly pid: number | undefined
  readonly group: string
}

export interface RecentFigures {
  readonly created: number
  readonly deleted: number
  readonly moved: number
  readonly ignored: number
  /** New files that were looked at, and what they held. */
  readonly examined: number
  readonly examinedBytes: number
  readonly duplicates: number
}

/** What one writer did in one folder. */
export interface RecentEntry {
  readonly directory: string
  readonly writer: Writer | undefined
  readonly figures: RecentFigures
  /** Between the first and the last thing it did within the window, at least a second. */
  readonly spanSeconds: number
  /** Names, the newest last. */
  readonly examples: readonly string[]
}

export const RECENT_WINDOW_SECONDS = 300

const SLOT_MS = 10_000
/** The one under way comes on top of the window. */
const SLOTS = (RECENT_WINDOW_SECONDS * 1000) / SLOT_MS + 1
const FIELDS = ['created', 'deleted', 'moved', 'ignored', 'examined', 'examinedBytes', 'duplicates'] as const
const CELLS_MAX = 1000
const EXAMPLES_MAX = 3

interface Cell {
  readonly directory: string
  readonly writer: Writer | undefined
  /** Slot by slot, each with FIELDS. */
  readonly slots: Float64Array
  slot: number
  /** Wall clock of what is still in the window. */
  readonly activeMs: Float64Array
  lastMs: number
  readonly examples: string[]
}

export class RecentFiles {
  readonly #clock: { nowMs(): number }
  /** In the order of their last change. */
  readonly #cells = new Map<string, Cell>()

  constructor(clock: { nowMs(): number }) {
    this.#clock = clock
  }

  add(directory: string, writer: Writer | undefined, tally: FileTally): void {
    const cell = this.#cell(directory, writer)
    this.#bump(cell, 'created', tally.created)
    this.#bump(cell, 'deleted', tally.deleted)
    this.#bump(cell, 'moved', tally.moved)
    this.#bump(cell, 'ignored', tally.ignored)
    if (tally.example === undefined) return
    if (cell.examples.length >= EXAMPLES_MAX) cell.examples.shift()
    cell.examples.push(tally.example)
  }

  addExamined(directory: string, writer: Writer | undefined, bytes: number, isDuplicate: boolean): void {
    const cell = this.#cell(directory, writer)
    this.#bump(cell, 'examined', 1)
    this.#bump(cell, 'examinedBytes', bytes)
    this.#bump(cell, 'duplicates', isDuplicate ? 1 : 0)
  }

  /** Those with anything in the window. */
  entries(): RecentEntry[] {
    const nowMs = this.#clock.nowMs()
    const entries: RecentEntry[] = []
    for (const [key, cell] of this.#cells) {
      const figures = this.#sum(cell, nowMs)
      if (figures === undefined) this.#cells.delete(key)
      else entries.push({ directory: cell.directory, writer: cell.writer, examples: [...cell.examples], ...figures })
    }
    return entries
  }

  #cell(directory: string, writer: Writer | undefined): Cell {
    const key = JSON.stringify([directory, writer?.pid, writer?.group])
    const nowMs = this.#clock.nowMs()
    const slot = Math.floor(nowMs / SLOT_MS)
    const cell = this.#cells.get(key) ?? {
      directory,
      writer,
      slots: new Float64Array(SLOTS * FIELDS.length),
      activeMs: new Float64Array(SLOTS),
      slot,
      lastMs: nowMs,
      examples: [],
    }
    this.#cells.delete(key)
    dropOldest(this.#cells, CELLS_MAX)
    this.#cells.set(key, cell)
    turn(cell, slot)
    const at = slot % SLOTS
    cell.activeMs[at] ||= nowMs
    cell.lastMs = nowMs
    return cell
  }

  #bump(cell: Cell, field: (typeof FIELDS)[number], count: number): void {
    const at = (cell.slot % SLOTS) * FIELDS.length + FIELDS.indexOf(field)
    cell.slots[at] = (cell.slots[at] ?? 0) + count
  }

  #sum(cell: Cell, nowMs: number): { readonly figures: RecentFigures; readonly spanSeconds: number } | undefined {
    turn(cell, Math.floor(nowMs / SLOT_MS))
    const sum = (field: (typeof FIELDS)[number]): number => {
      let total = 0
      for (let at = FIELDS.indexOf(field); at < cell.slots.length; at += FIELDS.length) total += cell.slots[at] ?? 0
      return total
    }
    const starts = cell.activeMs.filter((ms) => ms > 0)
    if (starts.length === 0) return undefined
    return {
      figures: {
        created: sum('created'),
        deleted: sum('deleted'),
        moved: sum('moved'),
        ignored: sum('ignored'),
        examined: sum('examined'),
        examinedBytes: sum('examinedBytes'),
        duplicates: sum('duplicates'),
      },
      spanSeconds: Math.max(1, (cell.lastMs - Math.min(...starts)) / 1000),
    }
  }
}

/** Empties the slots between the last one used and this one. A clock set back empties nothing. */
function turn(cell: Cell, slot: number): void {
  if (slot <= cell.slot) return
  for (let index = Math.max(cell.slot + 1, slot - SLOTS + 1); index <= slot; index++) {
    const at = index % SLOTS
    cell.slots.fill(0, at * FIELDS.length, (at + 1) * FIELDS.length)
    cell.activeMs[at] = 0
  }
  cell.slot = slot
}
