/**
 * Owns the single executable `procwarden-remediator`: `procwarden remediator`, and what people ask of it (`procwarden-remediator
 * incidents`). Commands that need files beside them (rules, other programs) are not in it, and say where they are.
 */
const NEEDS_FILES = ['up', 'exporter', 'rules', 'check', 'backtest', 'demo']

const [, , first = ''] = process.argv
if (NEEDS_FILES.includes(first)) {
  process.stderr.write(`procwarden: ${first} is not in this executable; it is in procwarden's package for Debian and for npm\n`)
  process.exit(1)
}
// A flag is the remediator's; a word is another command.
if (first === '' || (first.startsWith('-') && !['-V', '--version'].includes(first))) process.argv.splice(2, 0, 'remediator')
void import('../main.ts')
