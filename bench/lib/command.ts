/** Owns what the measurements share as commands: their words on standard error, their numbers, and the machine they ran on. */
import os from 'node:os'

export function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`)
}

/** Ends the program with 2 when the flag's text is not a whole number from 1 to `max`. */
export function wholeNumber(flag: string, text: string, max: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0 && value <= max) return value
  say(`${flag} takes whole numbers from 1 to ${max}, not "${text}"`)
  return process.exit(2)
}

/** One line. The load is that of the last minute, for figures that other work disturbs. */
export function machine(options: { readonly withLoad?: boolean } = {}): string {
  const [cpu] = os.cpus()
  const load = options.withLoad === true ? [`load ${os.loadavg()[0]?.toFixed(1)}`] : []
  return [cpu?.model ?? os.arch(), `${os.cpus().length} CPUs`, ...load, `Linux ${os.release()}`, `Node ${process.versions.node}`].join(', ')
}
