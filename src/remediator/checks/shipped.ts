/** Owns the checks in force where none are configured: eight, of procwarden's own parts. config/remediator.yml says the same with comments. */
import type { z } from 'zod'
import type { CheckDefinition } from './definition.ts'

const HOUR_SECONDS = 3_600

export const SHIPPED_CHECKS: Array<z.input<typeof CheckDefinition>> = [
  { name: 'exporter-metrics', kind: 'http', url: '{{exporter}}/metrics' },
  { name: 'exporter-overview', kind: 'http', url: '{{exporter}}/api/system/overview', p95_seconds_max: 0.1 },
  // With passwords in the web configuration it answers 401, which is a sign of life as well.
  { name: 'remediator-health', kind: 'http', url: '{{remediator}}/-/healthy', status: [200, 401], insecure: true },
  {
    name: 'prometheus-rules',
    kind: 'http',
    url: '{{prometheus}}/api/v1/rules?type=alert',
    contains: 'procwarden-remediation',
    requests: 2,
  },
  { name: 'alertmanager-ready', kind: 'http', url: '{{alertmanager}}/-/ready' },
  { name: 'webhook-roundtrip', kind: 'webhook-roundtrip' },
  {
    name: 'audit-trail',
    kind: 'command',
    argv: ['{{procwarden}}', 'audit', 'verify', '--state.dir', '{{state_dir}}'],
    every_seconds: HOUR_SECONDS,
  },
  {
    name: 'exporter-memory',
    kind: 'memory-growth',
    url: '{{exporter}}/metrics',
    groups: ['procwarden-exporter.ts', 'procwarden-exporter.js'],
    every_seconds: HOUR_SECONDS,
  },
]
