/** Owns the examples in docs/diagnosis.md: what real demonstrations were diagnosed as. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { diagnosisText } from '../../src/remediator/diagnosis/diagnosis-text.ts'
import { MISBEHAVING, type Diagnosed } from './misbehaving.ts'

const PAGE = path.resolve(import.meta.dirname, '../../docs/diagnosis.md')

/** One real example of each into the page, in place of those before; what was not found keeps the one it had. */
export function writeExamples(found: ReadonlyArray<Diagnosed & { readonly demo: string }>): void {
  const page = readFileSync(PAGE, 'utf8')
  const [head = '', before = '', tail = ''] = page.split(/<!-- \/?examples -->/)
  const kept = new Map([...before.matchAll(/### `(.+?)`\n[^]*?```\n.*?```\n/gs)].map(([text, demo]) => [demo, text]))
  for (const { demo, incident, diagnosis } of found) {
    const text = diagnosisText(diagnosis).join('\n')
    kept.set(demo, `### \`${demo}\`\n\n${incident.alertname}:\n\n\`\`\`\n${text}\n\`\`\`\n`)
  }
  const examples = MISBEHAVING.flatMap(({ demo }) => kept.get(demo) ?? [])
  writeFileSync(PAGE, `${head}<!-- examples -->\n\n${examples.join('\n')}\n<!-- /examples -->${tail}`)
}
