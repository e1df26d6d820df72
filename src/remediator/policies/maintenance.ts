/** Owns maintenance windows: times of the week at which nothing is done. Pure: told the time, answers until when. */
import { z } from 'zod'

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
const TimeOfDay = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'a time of day, such as 02:30')

export const MaintenanceWindow = z
  .strictObject({
    /** On which days it begins; every day when left out. */
    days: z
      .array(z.enum(DAYS))
      .min(1)
      .default([...DAYS]),
    from: TimeOfDay,
    /** At or before `from`: on the next day. */
    to: TimeOfDay,
    /** An IANA name, such as Europe/Berlin; this machine's own when left out. */
    time_zone: z.string().refine(isTimeZone, 'a time zone of the IANA database, such as Europe/Berlin').optional(),
  })
  .refine((window) => window.from !== window.to, { path: ['to'], message: 'it ends when it begins; write 00:00 and 23:59 for a whole day' })
export type MaintenanceWindow = z.infer<typeof MaintenanceWindow>

const DAY_MINUTES = 1_440

/** Milliseconds until the last of the windows that `nowMs` lies in has ended; 0 when it lies in none. */
export function maintenanceRemainingMs(windows: readonly MaintenanceWindow[], nowMs: number): number {
  return Math.max(0, ...windows.map((window) => remainingMs(window, nowMs)))
}

function remainingMs(window: MaintenanceWindow, nowMs: number): number {
  const { day, minute, msIntoMinute } = localTime(nowMs, window.time_zone)
  const from = minutesOf(window.from)
  const to = minutesOf(window.to)
  const length = to > from ? to - from : to - from + DAY_MINUTES
  // It may have begun today or, across midnight, yesterday.
  for (const daysAgo of [0, 1]) {
    const since = minute + daysAgo * DAY_MINUTES - from
    if (since >= 0 && since < length && window.days.includes(DAYS[(day - daysAgo + 7) % 7] ?? 'mon'))
      return (length - since) * 60_000 - msIntoMinute
  }
  return 0
}

/** The weekday (0 is Monday) and the minute of the day there. */
function localTime(nowMs: number, timeZone: string | undefined): { day: number; minute: number; msIntoMinute: number } {
  const format = new Intl.DateTimeFormat('en-GB', {
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(timeZone === undefined ? {} : { timeZone }),
  })
  const parts = new Map(format.formatToParts(nowMs).map((part) => [part.type, part.value]))
  const day = DAYS.findIndex((name) => name === parts.get('weekday')?.toLowerCase())
  return { day, minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')), msIntoMinute: nowMs % 60_000 }
}

function minutesOf(text: string): number {
  const [hours, minutes] = text.split(':')
  return Number(hours) * 60 + Number(minutes)
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
