/** Owns the completion script for bash (bash(1), "Programmable Completion"). */
import { allNodes, type CompletionNode } from './tree.ts'

export function bashCompletion(tree: CompletionNode): string {
  const nodes = allNodes(tree)
  return `# bash completion for procwarden: source <(procwarden completion bash)
_procwarden() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" path="" word i words=""
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$path $word" in
${nodes.flatMap((node) => node.children.flatMap((child) => child.names.map((name) => `      '${node.path} ${name}') path='${child.path}' ;;`))).join('\n')}
    esac
  done
  case "$path $prev" in
${nodes.flatMap(valueCases).join('\n')}
  esac
  case "$path" in
${nodes.map(wordsCase).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _procwarden procwarden
`
}

/** What follows an option that takes a value. */
function valueCases({ path, options }: CompletionNode): string[] {
  return options
    .filter(({ takesValue }) => takesValue)
    .map(({ flag, choices, isPath }) => {
      const reply = isPath ? 'COMPREPLY=($(compgen -f -- "$cur"))' : `COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$cur"))`
      return `    '${path} ${flag}') ${reply}; return ;;`
    })
}

function wordsCase({ path, options, children, choices, takesIncident }: CompletionNode): string {
  const words = [...children.flatMap(({ names }) => names), ...choices, ...options.map(({ flag }) => flag)].join(' ')
  const ids = takesIncident ? `; [[ $cur == -* ]] || words="$words $(procwarden completion --ids-for '${path}' 2>/dev/null)"` : ''
  return `    '${path}') words='${words}'${ids} ;;`
}
