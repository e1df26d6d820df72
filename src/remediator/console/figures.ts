/** Owns how measured values are written: a number a person takes in at once, with its unit. */

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** `3.2 GiB`, `0.94 cores`, `1,204 files per 5 minutes`. What is not a number is given back as it is. */
export function figure(text: string, unit = ''): string {
  const value = Number(text)
  return text.trim() === '' || Number.isNaN(value) ? text : figureOf(value, unit)
}

export function figureOf(value: number, unit = ''): string {
  if (!Number.isFinite(value)) return value > 0 ? 'no limit' : '-'
  if (unit === 'bytes' || unit.startsWith('bytes ')) return `${bytes(value)}${unit.slice('bytes'.length)}`
  if (unit === 'ratio') return `${significant(value * 100)} %`
  const [, ofWhat] = /^share (of .+)$/.exec(unit) ?? []
  if (ofWhat !== undefined) return `${significant(value * 100)} % ${ofWhat}`
  const [, yes = '', no = ''] = /^([\w ]+) \(1\) or ([\w ]+) \(0\)$/.exec(unit) ?? []
  if (yes !== '' && (value === 0 || value === 1)) return value === 1 ? yes : no === 'not' ? `not ${yes}` : no
  return `${significant(value)}${unit === '' ? '' : ` ${unit}`}`
}

export function bytes(value: number): string {
  let size = value
  let step = 0
  while (Math.abs(size) >= 1024 && step < BYTE_UNITS.length - 1) {
    size /= 1024
    step += 1
  }
  return `${significant(size)} ${BYTE_UNITS[step] ?? ''}`
}

/** For a table, whose column tells what is counted; a span of time does matter. */
export function shortFigure(text: string, unit = ''): string {
  return figure(
    text,
    unit
      .replace(/^files per /, 'per ')
      .replace('5 minutes', '5 min')
      .replace(/operations per second/, 'operations/s'),
  )
    .replace(/ per second$/, '/s')
    .replace(/ % of .+$/, ' %')
}

/** `12,345`, whatever the language of the machine. */
export function whole(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 })
}

/** Three significant digits, and never an exponent for what people meet. */
function significant(value: number): string {
  const size = Math.abs(value)
  if (size >= 100) return whole(value)
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3, maximumFractionDigits: 6, roundingPriority: 'lessPrecision' })
}

/** How many times as much: `37×`; undefined where there is nothing to compare with. */
export function timesOf(current: string | undefined, baseline: string | undefined): string | undefined {
  const ratio = Number(current) / Number(baseline)
  if (current === undefined || baseline === undefined || !Number.isFinite(ratio) || ratio < 0) return undefined
  return `${significant(Number(ratio.toPrecision(2)))}×`
}
