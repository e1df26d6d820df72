/** Owns `procwarden explain`: why this machine, or one program on it, is busy, in sentences. The figures are the exporter's. */
import { Command, Option } from 'commander'
import { UsageError } from '../lib/errors.ts'
import { printable } from '../lib/log.ts'
import { collectorsOff, readMachine, type MachineReading } from './explain-reading.ts'
import { processSentences, recentIncidents, topSentences } from './explain-words.ts'
import { stateDirOption } from './options.ts'
import { terminalWidth, wrap } from './table.ts'

interface Flags {
  readonly 'state.dir': string
  readonly 'exporter.url'?: string
  readonly json?: boolean
}

const INDENT = '  '

export function explainCommand(): Command {
  return new Command('explain')
    .description('tell in sentences why this machine is busy, or what one program does')
    .argument('[subject]', 'a process by its pid, or a program by the name of its group')
    .addOption(stateDirOption())
    .addOption(
      new Option('--exporter.url <url>', 'the exporter to ask (default: that of the running loop; without one, two looks of its own)'),
    )
    .addOption(new Option('--json', 'the figures as JSON'))
    .action(async (subject: string | undefined, flags: Flags) => {
      const reading = await readMachine(flags, subject !== undefined)
      const text = subject === undefined ? explainMachine(reading, flags) : explainSubject(subject, reading, flags)
      process.stdout.write(text)
    })
}

function explainMachine({ overview, source }: MachineReading, flags: Flags): string {
  const incidents = recentIncidents(flags['state.dir'], undefined)
  if (flags.json === true) return json({ ...overview, incidents, source })
  const { cpu, memory } = overview
  const facts = [
    cpu.usageRatio === null ? undefined : `${Math.round(cpu.usageRatio * 100)} % of ${cpu.cores} processors`,
    cpu.load === null ? undefined : `load ${cpu.load.load1.toFixed(2)}`,
    memory.usedRatio === null ? undefined : `${Math.round(memory.usedRatio * 100)} % of the memory`,
  ].filter((fact) => fact !== undefined)
  return page([
    [`${overview.sentence}.`],
    [`In use: ${facts.join(', ')}.`],
    topSentences(overview.topProcesses),
    incidents.map(({ sentence }) => sentence),
  ])
}

function explainSubject(subject: string, reading: MachineReading, flags: Flags): string {
  const chosen = reading.processes.filter(({ view }) => (/^\d+$/.test(subject) ? view.pid === Number(subject) : view.group === subject))
  const [first] = chosen
  const incidents = recentIncidents(flags['state.dir'], first?.view.group ?? subject)
  if (first === undefined && incidents.length === 0)
    throw new UsageError(`there is no process and no program "${printable(subject)}": procwarden explain shows the busiest`)
  if (flags.json === true) return json({ processes: chosen, incidents, source: reading.source })
  return page([
    first === undefined ? [`No process of ${subject} runs.`] : processSentences(chosen),
    incidents.map(({ sentence }) => sentence),
    ...(reading.source === 'own' && first !== undefined ? [[`${collectorsOff} No exporter runs that could tell them.`]] : []),
  ])
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** Paragraphs; all but the first are indented. */
function page(paragraphs: ReadonlyArray<readonly string[]>): string {
  const width = terminalWidth()
  return paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines, at) =>
      lines
        .flatMap((line) =>
          wrap(printable(line), width - INDENT.length).map((each, part) => `${at === 0 && part === 0 ? '' : INDENT}${each}\n`),
        )
        .join(''),
    )
    .join('\n')
}
