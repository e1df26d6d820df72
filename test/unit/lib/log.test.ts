import { describe, expect, test } from 'vitest'
import { createLogger, printable } from '../../../src/lib/log.ts'

function lines(format: 'text' | 'json'): { written: string[]; log: ReturnType<typeof createLogger> } {
  const written: string[] = []
  return { written, log: createLogger({ level: 'info', format, part: 'test', destination: { write: (line) => void written.push(line) } }) }
}

describe('log lines', () => {
  test('text is a sentence with its figures, JSON one object a line', () => {
    const text = lines('text')
    text.log.info('It works', { count: 3 })
    expect(text.written.join('')).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: test: It works \{"count":3\}\n$/)
    const json = lines('json')
    json.log.warn('It works', { count: 3 })
    expect(JSON.parse(json.written.join(''))).toMatchObject({ part: 'test', msg: 'It works', count: 3 })
  })

  test('names from strangers cannot move the cursor or start a line', () => {
    expect(printable('a\u001b[2Jb\nc\u009b')).toBe(String.raw`a\x1b[2Jb\x0ac\x9b`)
    const { written, log } = lines('text')
    log.info('name \u001b[31m\nforged line')
    expect(written.join('').split('\n')).toHaveLength(2)
    expect(written.join('')).not.toContain('\u001b')
  })

  test('secrets are masked', () => {
    const { written, log } = lines('json')
    log.info('connected', { token: 'abc123', password: 'abc123', smtpUrl: 'smtp://abc123@x' })
    expect(written.join('')).not.toContain('abc123')
  })
})
