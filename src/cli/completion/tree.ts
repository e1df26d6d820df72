/** Owns what completion needs to know of a command: its names, its options, what they take, and its subcommands. */
import type { Command, Option } from 'commander'

export interface CompletionOption {
  /** `--state.dir`. */
  readonly flag: string
  readonly description: string
  readonly takesValue: boolean
  readonly choices: readonly string[]
  /** Its value is a file or folder. */
  readonly isPath: boolean
}

export interface CompletionNode {
  /** From the top, by spaces: `audit verify`; empty for the whole. */
  readonly path: string
  readonly names: readonly string[]
  readonly description: string
  readonly options: readonly CompletionOption[]
  readonly children: readonly CompletionNode[]
  /** What its first argument may be. */
  readonly choices: readonly string[]
  /** Its first argument is an incident. */
  readonly takesIncident: boolean
}

export function treeOf(commands: readonly Command[]): CompletionNode {
  const children = commands.map((command) => nodeOf(command, ''))
  const help = { flag: '--help', description: 'show help', takesValue: false, choices: [], isPath: false }
  const version = { ...help, flag: '--version', description: 'show the version' }
  return { path: '', names: ['procwarden'], description: '', options: [help, version], children, choices: [], takesIncident: false }
}

/** All commands, parents before their children. */
export function allNodes(node: CompletionNode): CompletionNode[] {
  return [node, ...node.children.flatMap(allNodes)]
}

function nodeOf(command: Command, above: string): CompletionNode {
  const path = above === '' ? command.name() : `${above} ${command.name()}`
  const [first] = command.registeredArguments
  return {
    path,
    names: [command.name(), ...command.aliases()],
    description: command.description(),
    options: command.options.filter((option) => !option.hidden).map(optionOf),
    children: command.commands.map((child) => nodeOf(child, path)),
    choices: first?.argChoices ?? [],
    takesIncident: first?.name() === 'id',
  }
}

function optionOf(option: Option): CompletionOption {
  const takesValue = option.required || option.optional
  return {
    flag: option.long ?? option.short ?? '',
    description: option.description,
    takesValue,
    choices: option.argChoices ?? [],
    isPath: takesValue && /<(?:file|dir|path)>/.test(option.flags),
  }
}
