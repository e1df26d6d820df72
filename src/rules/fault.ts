/** Owns the shape of what is wrong with a configuration, and reading it out of sentences that name a file and a line. */

export interface Fault {
  readonly file: string
  /** Undefined where the tool that found it names none. */
  readonly line: number | undefined
  readonly message: string
}

/** `FILE:LINE: sentence`, one fault a line, as the loaders of procwarden's own files throw them. */
export function faultsOf(text: string, file: string): Fault[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name, number, message] = /^(.+?):(\d+): (.*)$/.exec(line) ?? []
      return name === undefined || message === undefined
        ? { file, line: undefined, message: line }
        : { file: name, line: Number(number), message }
    })
}
