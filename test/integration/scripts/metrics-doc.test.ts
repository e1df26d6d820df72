import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { metricsPage } from '../../../scripts/metrics-doc.ts'
import { scrape, startExporter } from '../../support/exporter.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

test('the page of metrics knows every family that the exporter publishes, with its type', async () => {
  const folder = temporaryDirectory()
  const exporter = await startExporter({ filesWatch: [folder] })
  writeFileSync(`${folder}/created`, '')
  await scrape(exporter.url)
  const published = [...(await scrape(exporter.url)).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`)
  const listed = new Set([...(await metricsPage()).matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name, type]) => `${name} ${type}`))
  expect(published.length).toBeGreaterThan(30)
  expect(published.filter((family) => !listed.has(family))).toEqual([])
  for (const family of ['procwarden_remediation_actions_total counter', 'procwarden_audit_length gauge']) expect(listed).toContain(family)
})
