/** Owns options that several subcommands share, and the parsing of their values. */
import { InvalidArgumentError, Option } from 'commander'
import { LOG_FORMATS, LOG_LEVELS } from '../lib/log.ts'
import { defaultStateDir } from '../stack/config.ts'

export function stateDirOption(): Option {
  return new Option('--state.dir <dir>', 'where procwarden keeps its data')
    .env('PROCWARDEN_STATE_DIR')
    .argParser(parseDirectory)
    .default(defaultStateDir())
}

export function logOptions(): Option[] {
  return [
    new Option('--log.level <level>', 'least important log lines to show').choices(LOG_LEVELS).default('info'),
    new Option('--log.format <format>', 'sentences for people, or JSON').choices(LOG_FORMATS).default('text'),
  ]
}

/** For options that may be given several times. */
export function collect(value: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), value]
}

function parseDirectory(text: string): string {
  if (text === '') throw new InvalidArgumentError('name a folder.')
  return text
}

export function parsePort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('a port is a number from 0 (any free one) to 65535.')
  return port
}

export function parsePositiveInteger(text: string): number {
  const number = Number(text)
  if (!/^\d{1,9}$/.test(text) || number < 1) throw new InvalidArgumentError('write a whole number of at least 1.')
  return number
}

/** A duration as Prometheus writes it (`5s`, `500ms`, `1m`), in milliseconds. */
export function parseDurationMs(text: string): number {
  const match = /^(\d{1,9})(ms|s|m|h)$/.exec(text)
  const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[match?.[2] ?? '']
  if (!match || unit === undefined || Number(match[1]) === 0) throw new InvalidArgumentError('write a duration such as 500ms, 5s or 1m.')
  return Number(match[1]) * unit
}

/** A moment: so long ago (`90m`, `2h`, `7d`), or ISO 8601 with its zone. As ISO 8601 in UTC. */
export function parseMoment(text: string): string {
  const ago = /^(\d{1,6})([smhd])$/.exec(text)
  const unit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[ago?.[2] ?? '']
  if (ago && unit !== undefined) return new Date(Date.now() - Number(ago[1]) * unit).toISOString()
  const isComplete = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)
  const ms = isComplete ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) throw new InvalidArgumentError('write so long ago (90m, 2h, 7d) or a time such as 2026-01-31T12:00:00Z.')
  return new Date(ms).toISOString()
}
