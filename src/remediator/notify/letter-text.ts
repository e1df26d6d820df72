/** Owns how a letter looks as plain text. */
import { plain, type Choice, type Letter } from './letter.ts'

export function letterText({ sentences, facts, choices, lines = [], footer }: Letter): string {
  const width = Math.max(0, ...facts.map(([name]) => name.length)) + 2
  return [
    ...sentences.flatMap((sentence) => [plain(sentence), '']),
    ...facts.map(([name, value]) => `${`${name}:`.padEnd(width)}${plain(value)}`),
    '',
    ...lines.map((line) => `- ${plain(line)}`),
    ...(lines.length > 0 ? [''] : []),
    ...choices.flatMap(choiceLines),
    ...(choices.length > 0 ? [''] : []),
    ...footer.flatMap(choiceLines),
  ]
    .join('\n')
    .concat('\n')
}

function choiceLines({ label, command, url }: Choice): string[] {
  if (command !== undefined && url !== undefined) return [`${label}:  ${plain(command)}`, `    or open ${url}`]
  return [`${label}:  ${plain(command ?? url ?? '')}`]
}
