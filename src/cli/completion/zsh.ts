/** Owns the completion script for zsh (zshcompsys(1)). */
import { allNodes, type CompletionNode } from './tree.ts'

export function zshCompletion(tree: CompletionNode): string {
  const nodes = allNodes(tree)
  return `#compdef procwarden
# zsh completion for procwarden: source <(procwarden completion zsh)
_procwarden() {
  local cur="\${words[CURRENT]}" prev="\${words[CURRENT-1]}" at="" word i
  local -a candidates
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    case "$at $word" in
${nodes.flatMap((node) => node.children.flatMap((child) => child.names.map((name) => `      '${node.path} ${name}') at='${child.path}' ;;`))).join('\n')}
    esac
  done
  case "$at $prev" in
${nodes.flatMap(valueCases).join('\n')}
  esac
  case "$at" in
${nodes.map(wordsCase).join('\n')}
  esac
  _describe 'procwarden' candidates
}
if [ "$funcstack[1]" = "_procwarden" ]; then _procwarden "$@"; else compdef _procwarden procwarden; fi
`
}

function valueCases({ path, options }: CompletionNode): string[] {
  return options
    .filter(({ takesValue }) => takesValue)
    .map(({ flag, choices, isPath }) => {
      const reply = isPath ? '_files' : choices.length > 0 ? `compadd -- ${choices.join(' ')}` : ':'
      return `    '${path} ${flag}') ${reply}; return ;;`
    })
}

/** As is the custom there, options are offered once a dash is typed, or where there is nothing else. */
function wordsCase({ path, options, children, choices, takesIncident }: CompletionNode): string {
  const flags = options.map(({ flag, description }) => described(flag, description)).join(' ')
  const words = [
    ...children.flatMap(({ names, description }) => names.map((name) => described(name, description))),
    ...choices.map((choice) => described(choice, '')),
  ].join(' ')
  const ids = takesIncident ? `; [[ $cur == -* ]] || candidates=(\${(f)"$(procwarden completion --ids-for '${path}' 2>/dev/null)"})` : ''
  return `    '${path}') candidates=(${words})${ids}; [[ $cur != -* && $#candidates -gt 0 ]] || candidates=(${flags}) ;;`
}

/** A colon divides the word from what is said of it; a quote would end the string. */
function described(word: string, description: string): string {
  const text = description.replaceAll(/['\n]/g, ' ').replaceAll(':', String.raw`\:`)
  return `'${word.replaceAll(':', String.raw`\:`)}${text === '' ? '' : `:${text}`}'`
}
