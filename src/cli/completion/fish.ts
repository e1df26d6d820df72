/** Owns the completion script for fish (fish-completions(7)). */
import { allNodes, type CompletionNode, type CompletionOption } from './tree.ts'

export function fishCompletion(tree: CompletionNode): string {
  const nodes = allNodes(tree)
  return `# fish completion for procwarden: procwarden completion fish | source
function __procwarden_at
    set -l at ''
    for word in (commandline -opc)[2..]
        switch "$at $word"
${nodes.flatMap((node) => node.children.flatMap((child) => child.names.map((name) => `            case '${node.path} ${name}'\n                set at '${child.path}'`))).join('\n')}
        end
    end
    test "$at" = "$argv[1]"
end
complete -c procwarden -f
${nodes.flatMap(linesOf).join('\n')}
`
}

function linesOf({ path, options, children, choices, takesIncident }: CompletionNode): string[] {
  const when = `complete -c procwarden -n "__procwarden_at '${path}'"`
  return [
    ...children.flatMap(({ names, description }) => names.map((name) => `${when} -a ${name} -d ${quoted(description)}`)),
    ...(choices.length > 0 ? [`${when} -a ${quoted(choices.join(' '))}`] : []),
    ...(takesIncident ? [`${when} -a ${quoted(`(procwarden completion --ids-for '${path}' 2>/dev/null)`)}`] : []),
    ...options.map((option) => `${when} ${optionWords(option)} -d ${quoted(option.description)}`),
  ]
}

function optionWords({ flag, takesValue, choices, isPath }: CompletionOption): string {
  const name = flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`
  if (!takesValue) return name
  if (isPath) return `${name} -r -F`
  return choices.length > 0 ? `${name} -x -a ${quoted(choices.join(' '))}` : `${name} -x`
}

function quoted(text: string): string {
  return `'${text
    .replaceAll('\\', '\\\\')
    .replaceAll("'", String.raw`\'`)
    .replaceAll('\n', ' ')}'`
}
