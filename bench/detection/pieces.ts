/**
 * Owns fitting series of any length into one replay: all begin at the same moment, and a long one is cut into pieces that
 * overlap by what the rules remember, so that every firing is the one that the whole series would have had.
 */
import type { Firing, Sample } from '../../src/backtest/replay.ts'
import type { LabelledSeries } from './dataset.ts'

export interface Piece {
  readonly series: LabelledSeries
  readonly id: string
  /** On the replay's clock. */
  readonly samples: readonly Sample[]
  /** What has to be added to come back to the series' own time. */
  readonly shift: number
  /** Firings before this moment, of the series' own time, belong to the piece before. */
  readonly from: number
}

const DAY = 86_400
/** Seven days, their lag, and the longest that an alert is kept: with room to spare. */
const MEMORY_SECONDS = 8 * DAY

export function cutIntoPieces(all: readonly LabelledSeries[], start: number, lengthSeconds: number): Piece[] {
  return all.flatMap((series, index) => {
    const first = series.samples[0]?.[0] ?? start
    const last = series.samples.at(-1)?.[0] ?? start
    const pieces: Piece[] = []
    for (let begin = first; ; begin += lengthSeconds - MEMORY_SECONDS) {
      const end = begin + lengthSeconds
      const shift = begin - start
      pieces.push({
        series,
        id: `${index}.${pieces.length}`,
        samples: series.samples.filter(([at]) => at >= begin && at < end).map(([at, value]) => [at - shift, value] as const),
        shift,
        from: pieces.length === 0 ? -Infinity : begin + MEMORY_SECONDS,
      })
      if (end > last) return pieces
    }
  })
}

/** Back on the series' own clock and in order of time. */
export function ownFirings(pieces: readonly Piece[], series: LabelledSeries, firings: readonly Firing[]): Firing[] {
  return pieces
    .filter((piece) => piece.series === series)
    .flatMap((piece, index, all) => {
      const until = all[index + 1]?.from ?? Infinity
      return firings
        .filter((firing) => firing.labels['group'] === piece.id)
        .map((firing) => ({
          ...firing,
          startsAt: firing.startsAt + piece.shift,
          endsAt: firing.endsAt === undefined ? undefined : firing.endsAt + piece.shift,
        }))
        .filter((firing) => firing.startsAt >= piece.from && firing.startsAt < until)
    })
    .toSorted((a, b) => a.startsAt - b.startsAt)
}
