/**
 * Owns the pictures of docs/detection.md: made-up programs, replayed through the shipped rules, drawn as SVG.
 * Usage: node bench/detection/pictures.ts [NAME...]
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { cropped, levelPlots } from '../../src/backtest/curves.ts'
import { drawPlot } from '../../src/backtest/plot.ts'
import { replayWithCurves, type ReplaySeries } from '../../src/backtest/replay.ts'

interface Picture {
  readonly name: string
  readonly title: string
  readonly hours: number
  /** What came before is only learned from. */
  readonly shownHours: number
  readonly stepSeconds: number
  readonly rules: readonly string[]
  readonly series: readonly ReplaySeries[]
}

const ROOT = path.resolve(import.meta.dirname, '../..')
const OUTPUT = path.join(ROOT, 'docs/images')
/** A midnight. */
const START = 1_788_220_800
const MINUTE = 60
const ENGINE = ['thresholds', 'baselines', 'anomalies']
const BEHAVIOURS = ['thresholds', 'signals', 'baselines', 'anomalies', 'behaviours', 'limits']
const CURVES = ['level', 'baseline', 'limit', 'lower', 'upper'].map((name) => `procwarden:signal:${name}`)
const MB = 1e6

const wanted = process.argv.slice(2)
mkdirSync(OUTPUT, { recursive: true })
for (const picture of pictures().filter(({ name }) => wanted.length === 0 || wanted.includes(name))) await draw(picture)

async function draw(picture: Picture): Promise<void> {
  const to = START + picture.hours * 3600
  const from = to - picture.shownHours * 3600
  const { firings, curves } = await replayWithCurves({
    series: picture.series,
    ruleFiles: picture.rules.map((name) => path.join(ROOT, `prometheus/rules/${name}.yml`)),
    from: START,
    to,
    stepSeconds: picture.stepSeconds,
    curves: CURVES,
    spacingSeconds: picture.rules === ENGINE ? MINUTE : 15,
  })
  const levels = levelPlots(curves).map((plot) => cropped(plot, from))
  const shown = firings.filter((firing) => (firing.endsAt ?? to) > from && firing.labels['severity'] !== 'info')
  const svg = drawPlot({ title: picture.title, from, to, shipped: shown, changed: undefined, levels, windows: [] })
  writeFileSync(path.join(OUTPUT, `detection-${picture.name}.svg`), `${svg}\n`)
  process.stdout.write(`${picture.name}: ${firings.length} firings\n`)
}

function pictures(): Picture[] {
  return [...learned(), ...leaks(), ...sudden()]
}

/** What needs days. */
function learned(): Picture[] {
  return [
    {
      name: 'baseline',
      title: 'A nightly job is known from its second night on; the same CPU by day is not',
      hours: 59,
      shownHours: 34,
      stepSeconds: 300,
      rules: ENGINE,
      series: [
        level('cpu', 'reports', 59, (hour) => (hour % 24 >= 2 && hour % 24 < 2.7 ? 1 : hour >= 55 && hour < 57 ? 0.95 : 0.1) * rough(hour)),
      ],
    },
    {
      name: 'band',
      title: 'A band of seven days sees a rise, and a fall, that no multiple would',
      hours: 102,
      shownHours: 36,
      stepSeconds: 300,
      rules: ENGINE,
      series: [
        level('requests', 'shop', 102, (hour) =>
          hour >= 84 && hour < 85 ? 190 : hour >= 95 && hour < 97 ? 8 : (90 + 40 * Math.sin((hour / 24) * 2 * Math.PI)) * rough(hour),
        ),
      ],
    },
  ]
}

function leaks(): Picture[] {
  return [
    {
      name: 'leak-fast',
      title: 'A leak of 20 MB a minute, a garbage collector, and a cache that fills',
      hours: 1.5,
      shownHours: 1.2,
      stepSeconds: 60,
      rules: BEHAVIOURS,
      series: [
        memory('leaks', 1.5, (hour) => 200 * MB + Math.max(0, hour - 0.8) * 60 * 20 * MB),
        memory('collects', 1.5, (hour) => 200 * MB + ((hour * 60) % 4) * 30 * MB),
        memory('cache', 1.5, (hour) => 200 * MB + 300 * MB * (1 - Math.exp(-Math.max(0, hour - 0.8) * 15))),
      ],
    },
    {
      name: 'leak-slow',
      title: 'A leak of 150 MB an hour below a saw of 150 MB, and the same saw without it',
      hours: 7,
      shownHours: 7,
      stepSeconds: 60,
      rules: BEHAVIOURS,
      series: [
        memory('leaks', 7, (hour) => 300 * MB + ((hour * 60) % 4) * 50 * MB + Math.max(0, hour - 2) * 150 * MB),
        memory('collects', 7, (hour) => 300 * MB + ((hour * 60) % 4) * 50 * MB),
      ],
    },
  ]
}

function sudden(): Picture[] {
  return [
    {
      name: 'spike',
      title: 'From a fifth of a core to a whole one',
      hours: 1.5,
      shownHours: 1.3,
      stepSeconds: 60,
      rules: BEHAVIOURS,
      series: [
        counter('procwarden_group_cpu_seconds_total', { group: 'worker', mode: 'user' }, 1.5, (hour) =>
          hour < 1 || hour > 1.25 ? 0.2 : 1,
        ),
      ],
    },
    {
      name: 'storm',
      title: 'A program that writes two files a second',
      hours: 0.5,
      shownHours: 0.5,
      stepSeconds: 15,
      rules: ['thresholds', 'signals', 'files'],
      series: [
        { name: 'procwarden_exporter_start_time_seconds', labels: who({}), samples: samples(0.5, 15, () => START - 9000) },
        counter('procwarden_files_created_total', { directory: '/srv/documents' }, 0.5, storm),
        counter('procwarden_group_files_created_total', { group: 'loop.js' }, 0.5, storm),
        counter('procwarden_process_files_created_total', { group: 'loop.js', pid: '4711' }, 0.5, storm),
        {
          name: 'procwarden_process_start_time_seconds',
          labels: who({ group: 'loop.js', pid: '4711' }),
          samples: samples(0.5, 15, () => START - 900),
        },
      ],
    },
  ]
}

function storm(hour: number): number {
  return hour > 0.2 && hour < 0.27 ? 2 : 0.02
}

function level(signal: string, group: string, hours: number, value: (hour: number) => number): ReplaySeries {
  return { signal, labels: who({ group }), samples: samples(hours, MINUTE, value) }
}

function memory(group: string, hours: number, value: (hour: number) => number): ReplaySeries {
  return { name: 'procwarden_group_resident_memory_bytes', labels: who({ group }), samples: samples(hours, 15, value) }
}

/** A counter that rises by `rate` a second. */
function counter(name: string, labels: Readonly<Record<string, string>>, hours: number, rate: (hour: number) => number): ReplaySeries {
  let sum = 0
  return { name, labels: who(labels), samples: samples(hours, 15, (hour) => (sum += 15 * rate(hour))) }
}

function samples(hours: number, stepSeconds: number, value: (hour: number) => number): Array<readonly [number, number]> {
  return Array.from({ length: Math.floor((hours * 3600) / stepSeconds) + 1 }, (_, index) => {
    const seconds = index * stepSeconds
    return [START + seconds, value(seconds / 3600)] as const
  })
}

function who(labels: Readonly<Record<string, string>>): Record<string, string> {
  return { ...labels, instance: 'host:9930', job: 'procwarden-exporter' }
}

/** Between 0.9 and 1.1, always the same for the same hour: no two pictures of one scenario differ. */
function rough(hour: number): number {
  const turned = Math.sin(hour * 12_989.8) * 43_758.5
  return 0.9 + 0.2 * (turned - Math.floor(turned))
}
