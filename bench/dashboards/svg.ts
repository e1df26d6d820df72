/** Owns the small pieces of which the pictures of dashboards are made, and their colours. Names in them come from strangers and are escaped. */

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Of Grafana's light theme, by the names that the dashboards use. */
const NAMED: Readonly<Record<string, string>> = {
  red: '#d93a4a',
  orange: '#e0752d',
  green: '#37872d',
  blue: '#1f60c4',
  text: '#3b4252',
  'super-light-blue': '#8ab8ff',
}

/** For lines that have no colour of their own. */
const PALETTE = ['#5794f2', '#73bf69', '#f2a30c', '#b877d9', '#ff7383', '#37a6a6', '#8f6b3d', '#705da0', '#9aa3af', '#c4409b']

export function colorOf(name: string): string {
  return NAMED[name] ?? name
}

export function paletteColor(index: number): string {
  return PALETTE[index % PALETTE.length] ?? '#888'
}

export interface TextStyle {
  readonly size?: number
  readonly color?: string
  readonly bold?: boolean
  readonly anchor?: 'start' | 'middle' | 'end'
  /** Cut with an ellipsis so that it is not wider than this. */
  readonly maxWidth?: number
}

export function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  const size = style.size ?? 11
  const shown = style.maxWidth === undefined ? content : fitted(content, style.maxWidth, size)
  const anchor = style.anchor === undefined ? '' : ` text-anchor="${style.anchor}"`
  const weight = style.bold === true ? ' font-weight="600"' : ''
  return `<text x="${round(x)}" y="${round(y)}" font-size="${size}" fill="${style.color ?? '#3b4252'}"${anchor}${weight}>${escapeText(shown)}</text>`
}

export function rect(box: Box, fill: string, extra = ''): string {
  return `<rect x="${round(box.x)}" y="${round(box.y)}" width="${round(Math.max(0, box.width))}" height="${round(Math.max(0, box.height))}" fill="${fill}"${extra}/>`
}

/** Letters of a sans-serif font are about half as wide as high. */
export function widthOf(content: string, size: number): number {
  return content.length * size * 0.55
}

function fitted(content: string, width: number, size: number): string {
  const letters = Math.max(1, Math.floor(width / (size * 0.55)))
  return content.length <= letters ? content : `${content.slice(0, letters - 1)}…`
}

export function escapeText(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** A tenth of a pixel is enough, and keeps the files small. */
export function round(value: number): number {
  return Math.round(value * 10) / 10
}
