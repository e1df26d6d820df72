/** Owns what set-up says while it works, on standard error: standard output belongs to the command that follows. */

const HEARTBEAT_MS = 10_000
const TICK_MS = 1_000

/** @typedef {{ step<Result extends { ok: boolean }>(text: string, work: () => Promise<Result>): Promise<Result>, say(text: string): void }} Progress */

/**
 * Announces each step, counts its seconds (on a terminal in place, elsewhere as a line now and then) and says how long it took.
 * @param {NodeJS.WriteStream} stream
 * @returns {Progress}
 */
export function createProgress(stream) {
  const say = (/** @type {string} */ text) => void stream.write(`set-up: ${text}\n`)
  return {
    say,
    async step(text, work) {
      const startedMs = Date.now()
      const seconds = () => Math.round((Date.now() - startedMs) / 1000)
      if (!stream.isTTY) say(`${text} ...`)
      const timer = stream.isTTY
        ? setInterval(() => void stream.write(`\rset-up: ${text} ... ${seconds()} s`), TICK_MS)
        : setInterval(() => say(`still at it after ${seconds()} s`), HEARTBEAT_MS)
      try {
        const result = await work()
        clearInterval(timer)
        const end = `${result.ok ? 'done in' : 'failed after'} ${seconds()} s`
        if (stream.isTTY) stream.write(`\rset-up: ${text}: ${end}\n`)
        else say(end)
        return result
      } finally {
        clearInterval(timer)
      }
    },
  }
}
