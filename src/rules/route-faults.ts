/** Owns what amtool says about Alertmanager's configuration, and whether it takes the alerts that want remediation to a webhook. */
import { readFileSync } from 'node:fs'
import { execa } from 'execa'
import { LineCounter, isMap, isScalar, isSeq, parseDocument } from 'yaml'
import { messageOf } from '../lib/errors.ts'
import type { AlertView } from './alerts.ts'
import type { Fault } from './fault.ts'

const AMTOOL_TIMEOUT_MS = 30_000

export async function routeFaults(amtool: string, file: string, alerts: readonly AlertView[]): Promise<Fault[]> {
  const checked = await run(amtool, ['check-config', file])
  if (checked.failed) return [checkFault(checked.all, file)]
  const faults: Fault[] = []
  const receivers = webhookReceivers(file)
  for (const labels of routed(alerts)) {
    const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`)
    const result = await run(amtool, ['config', 'routes', 'test', `--config.file=${file}`, ...pairs])
    const names = result.stdout.trim().split(',')
    if (result.failed) faults.push({ file, line: undefined, message: `amtool could not route ${pairs.join(' ')}: ${result.all.trim()}` })
    else if (!names.some((name) => receivers.has(name)))
      faults.push({
        file,
        line: lineOfRoute(file),
        message: `${labels['alertname'] ?? ''} (remediate=${labels['remediate'] ?? ''}) is routed to ${names.join(', ')}, which has no webhook: put the route with remediate=~".+" first`,
      })
  }
  return faults
}

function run(amtool: string, args: readonly string[]) {
  return execa(amtool, args, { all: true, reject: false, timeout: AMTOOL_TIMEOUT_MS })
}

/** One question for each combination of labels that routes can tell apart. */
function routed(alerts: readonly AlertView[]): Array<Record<string, string>> {
  const wanted = alerts.flatMap((alert) =>
    alert.remediate === undefined
      ? []
      : (alert.severities.length > 0 ? alert.severities : ['']).map((severity) => ({
          alertname: alert.name,
          remediate: alert.remediate ?? '',
          ...(severity === '' ? {} : { severity }),
        })),
  )
  return [...new Map(wanted.map((labels) => [JSON.stringify(labels), labels])).values()]
}

function checkFault(output: string, file: string): Fault {
  const message = /FAILED: (.*)/s.exec(output)?.[1] ?? output
  const line = /line (\d+)/.exec(message)?.[1]
  const [first = ''] = message.trim().split(/\n\s*\n|\namtool: /)
  return { file, line: line === undefined ? undefined : Number(line), message: messageOf(first) }
}

/** Names of receivers that post somewhere. amtool has found the file good. */
function webhookReceivers(file: string): Set<string> {
  const receivers = parseDocument(readFileSync(file, 'utf8')).get('receivers')
  const named = isSeq(receivers) ? receivers.items.filter(isMap) : []
  return new Set(
    named
      .filter((receiver) => receiver.has('webhook_configs'))
      .map((receiver) => {
        const name: unknown = receiver.get('name')
        return typeof name === 'string' ? name : ''
      }),
  )
}

function lineOfRoute(file: string): number | undefined {
  const lines = new LineCounter()
  const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines })
  const pair = isMap(document.contents) ? document.contents.items.find(({ key }) => isScalar(key) && key.value === 'route') : undefined
  return pair !== undefined && isScalar(pair.key) && pair.key.range ? lines.linePos(pair.key.range[0]).line : undefined
}
