/** Owns telling which program an interpreter runs: its script, module or main class, read from the command line. Never reads a file. */
import { basename, dirname } from 'node:path'

interface Interpreter {
  /** Fits the base name of the executable. */
  readonly names: RegExp
  /** Options whose next argument is their value. */
  readonly valued: ReadonlySet<string>
  /** Options that carry the program itself as text: what runs has no name of its own. */
  readonly inline: ReadonlySet<string>
  /** Options whose value names the program. */
  readonly named: ReadonlySet<string>
  /** Words before the script, as in `deno run`. */
  readonly verbs: ReadonlySet<string>
}

const interpreter = (names: RegExp, options: { valued?: string; inline?: string; named?: string; verbs?: string }): Interpreter => {
  const words = (text = ''): ReadonlySet<string> => new Set(text.split(' ').filter((word) => word !== ''))
  return { names, valued: words(options.valued), inline: words(options.inline), named: words(options.named), verbs: words(options.verbs) }
}

const INTERPRETERS: readonly Interpreter[] = [
  interpreter(/^(?:python|pypy)[\d.]*$/, { valued: '-W -X --check-hash-based-pycs', inline: '-c', named: '-m' }),
  interpreter(/^node(?:js)?[\d.]*$/, {
    valued:
      '-r --require --import --loader --experimental-loader -C --conditions --title --env-file --icu-data-dir --input-type --watch-path',
    inline: '-e --eval -p --print -pe',
    verbs: 'inspect',
  }),
  interpreter(/^deno$/, { valued: '-c --config --import-map --lock --cert', inline: 'eval', verbs: 'run serve test bench task' }),
  interpreter(/^bun$/, { valued: '-r --preload --cwd -c --config --env-file', inline: '-e --eval -p --print', verbs: 'run test x' }),
  interpreter(/^(?:j?ruby)[\d.]*$/, { valued: '-I -r -C -E -W', inline: '-e' }),
  interpreter(/^perl[\d.]*$/, { valued: '-I', inline: '-e -E' }),
  interpreter(/^php[\d.]*$/, { valued: '-c -d -z -t', inline: '-r -B -R -E -S', named: '-f -F' }),
  interpreter(/^(?:bash|sh|dash|zsh|ksh|ash)$/, { valued: '-o +o -O +O --rcfile --init-file', inline: '-c -s' }),
  interpreter(/^java$/, {
    valued: '-cp -classpath --class-path -p --module-path --add-modules --add-opens --add-exports --add-reads --upgrade-module-path',
    named: '-jar -m --module',
  }),
]

/** Names that every other project has: the folder tells which one it is. */
const GENERIC_SCRIPT =
  /^(?:main|index|app|server|cli|run|start|worker|daemon|manage|wsgi|asgi|bot|__main__|__init__|entrypoint|bin|script)\.(?:[cm]?[jt]sx?|py|rb|pl|php|sh|lua)$/
/** Folders of the layout, not of the project. */
const GENERIC_FOLDER =
  /^(?:src|lib|libexec|dist|build|out|bin|sbin|scripts?|app|public|current|release|releases|target|site-packages|node_modules|usr|opt|srv|var|home|root|tmp)$/

/** Whether a base name is that of an interpreter known here. */
export function isInterpreter(program: string): boolean {
  return INTERPRETERS.some((kind) => kind.names.test(program))
}

/**
 * The name of what an interpreter runs, or undefined when `program` (a base name) is none, or runs text given on the
 * command line, standard input or a prompt. Paths are reduced to their last part.
 */
export function interpretedName(program: string, cmdline: readonly string[]): string | undefined {
  const kind = INTERPRETERS.find((candidate) => candidate.names.test(program))
  if (kind === undefined) return undefined
  for (let at = 1; at < cmdline.length; at++) {
    const word = cmdline[at] ?? ''
    if (kind.inline.has(word)) return undefined
    if (kind.named.has(word)) return programOf(cmdline[at + 1] ?? '')
    if (word === '--') return programOf(cmdline[at + 1] ?? '')
    if (kind.valued.has(word)) at++
    else if (isOption(word)) {
      if (hidesInline(word, kind)) return undefined
    } else if (!kind.verbs.has(word)) return programOf(word)
  }
  return undefined
}

/** `-` alone is standard input, which has no name. */
function isOption(word: string): boolean {
  return word === '' || word.startsWith('-') || word.startsWith('+') || word.startsWith('@')
}

/** Single letters may be written together: `bash -lc TEXT`, `perl -ne TEXT`. */
function hidesInline(word: string, kind: Interpreter): boolean {
  return /^-[a-zA-Z]{2,}$/.test(word) && [...kind.inline].some((option) => option.length === 2 && word.endsWith(option.slice(1)))
}

/** A script handed over as a descriptor (`bash /dev/fd/63`) has no name. */
function programOf(path: string): string | undefined {
  const name = /^\/(?:dev|proc\/self)\/(?:fd\/|stdin$)/.test(path) ? '' : basename(path)
  if (name === '' || name === '-' || name === '.') return undefined
  if (!GENERIC_SCRIPT.test(name)) return name
  const folder = dirname(path)
    .split('/')
    .findLast((part) => part !== '' && part !== '.' && part !== '..' && !GENERIC_FOLDER.test(part))
  return folder === undefined ? name : `${folder}/${name}`
}
