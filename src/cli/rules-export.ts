/** Owns `procwarden rules export`: the rules as somebody else's Prometheus takes them. Never changes the rules. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Command, Option } from 'commander'
import { UsageError, messageOf } from '../lib/errors.ts'
import { parseLabel, prometheusRules } from '../rules/export.ts'
import { SHIPPED_EXTRA_RULES_DIR, SHIPPED_RULES_DIR, findRuleFiles, readRules } from '../rules/rule-files.ts'
import { collect } from './options.ts'

const FORMATS = ['prometheusrule', 'files'] as const

interface Flags {
  readonly 'rules.dir'?: readonly string[]
  readonly format: (typeof FORMATS)[number]
  readonly out?: string
  readonly one?: boolean
  readonly nodeExporter?: boolean
  readonly name: string
  readonly namespace?: string
  readonly label?: readonly string[]
}

export function exportCommand(): Command {
  return new Command('export')
    .description('the rules for a Prometheus that runs already: as files, or as PrometheusRule objects for the operator')
    .addOption(
      new Option('--rules.dir <path>', 'folder of rule files, or one file (repeatable; default: the shipped ones)').argParser(collect),
    )
    .addOption(new Option('--format <format>', 'what to write').choices(FORMATS).default('prometheusrule'))
    .addOption(new Option('--out <dir>', 'write a file for each into this folder, which is made; without it: standard output'))
    .addOption(new Option('--one', 'one object with all groups instead of one for each file'))
    .addOption(new Option('--node-exporter', "also the rules that take the machine's figures from node_exporter"))
    .addOption(new Option('--name <name>', 'what the names of the objects begin with').default('procwarden'))
    .addOption(new Option('--namespace <name>', 'the namespace of the objects; without it: the one of kubectl apply'))
    .addOption(
      new Option('--label <name=value>', "a label of the objects, for the operator's ruleSelector (repeatable)").argParser(collect),
    )
    .exitOverride()
    .action(exportRules)
}

function exportRules(flags: Flags): void {
  const extra = flags.nodeExporter === true ? [path.join(SHIPPED_EXTRA_RULES_DIR, 'node-exporter.yml')] : []
  const places = findRuleFiles([...(flags['rules.dir'] ?? [SHIPPED_RULES_DIR]), ...extra])
  // Faults are told with their lines before anything is written.
  readRules(places)
  const files = places.map((file) => ({ file, text: readFileSync(file, 'utf8') }))
  if (flags.format === 'files')
    return writeFiles(
      files.map(({ file, text }) => [path.basename(file), text]),
      flags.out,
    )
  const { name, namespace, label = [] } = flags
  const objects = prometheusRules(files, { name, namespace, labels: Object.fromEntries(label.map(parseLabel)) }, flags.one === true)
  if (flags.out !== undefined)
    return writeFiles(
      [...objects].map(([object, text]) => [`${object}.yaml`, text]),
      flags.out,
    )
  process.stdout.write([...objects.values()].map((text) => `---\n${text}`).join(''))
}

function writeFiles(files: ReadonlyArray<readonly [name: string, text: string]>, folder: string | undefined): void {
  if (folder === undefined) throw new UsageError('several files do not fit into one output: give --out DIR')
  const names = new Set(files.map(([name]) => name))
  if (names.size < files.length) throw new UsageError('two rule files have the same name: export them one folder after the other')
  try {
    mkdirSync(folder, { recursive: true })
    for (const [name, text] of files) writeFileSync(path.join(folder, name), text)
  } catch (error) {
    throw new UsageError(`${folder} cannot be written to: ${messageOf(error)}`, error)
  }
  process.stdout.write(`${files.length} files are in ${folder}\n`)
}
