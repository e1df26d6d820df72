/** Owns log lines: sentences for people on standard error by default, JSON when asked. Never writes to standard output. */
import { pino, type DestinationStream } from 'pino'
import { prettyFactory } from 'pino-pretty'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]
export const LOG_FORMATS = ['text', 'json'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]

export type LogFields = Readonly<Record<string, unknown>>

/** A sentence first, then its figures. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

export interface LoggerOptions {
  readonly level: LogLevel
  readonly format: LogFormat
  /** The part that speaks: exporter, remediator, up. */
  readonly part: string
  readonly destination?: DestinationStream
}

/** A logger over pino. Fields whose names look like secrets are masked. */
export function createLogger(options: LoggerOptions): Logger {
  const out = options.destination ?? standardError()
  const log = pino(
    {
      level: options.level,
      base: { part: options.part },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: ['token', 'password', 'authorization', 'url.password', 'smtpUrl'], censor: '<secret>' },
    },
    options.format === 'json' ? out : textStream(out, options.part),
  )
  return {
    debug: (message, fields) => log.debug(fields ?? {}, printable(message)),
    info: (message, fields) => log.info(fields ?? {}, printable(message)),
    warn: (message, fields) => log.warn(fields ?? {}, printable(message)),
    error: (message, fields) => log.error(fields ?? {}, printable(message)),
  }
}

/** A log that cannot be written (a full disk) loses lines; it must not end the program. */
function standardError(): DestinationStream {
  const out = pino.destination({ dest: 2, sync: true })
  out.on('error', () => undefined)
  return out
}

/** Turns pino's JSON lines into `[time] LEVEL: part: sentence {figures}`. */
function textStream(out: DestinationStream, part: string): DestinationStream {
  const format = prettyFactory({
    colorize: false,
    singleLine: true,
    ignore: 'pid,hostname,part',
    translateTime: 'SYS:HH:MM:ss.l',
    messageFormat: `${part}: {msg}`,
  })
  return { write: (line) => out.write(format(line) ?? '') }
}

/** Control characters (terminal escapes, newlines) from process and file names become visible escapes. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
