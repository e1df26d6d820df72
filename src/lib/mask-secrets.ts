/**
 * Owns hiding what looks like a secret in texts of this machine - command lines, addresses, log lines - before they leave it.
 * Rather hides too much than too little; what is hidden is marked, so that nobody takes the mark for the value.
 */

export const MASK = '<secret>'

/** A name whose value nobody else needs to know, as a whole word or as the end of one: DB_PASSWORD, api-key, accessToken. */
const SECRET_NAME =
  '(?:[\\w.-]{0,64}?(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|credentials?|api[_.-]?key|access[_.-]?key|private[_.-]?key|secret[_.-]?key|encryption[_.-]?key|auth(?:orization)?|bearer|cookie|session(?:[_.-]?id)?|signature|sig|dsn|connection[_.-]?string|conn(?:ection)?[_.-]?str)(?:[_.-]?(?:hash|value|base64|b64))?)'
/** A value: quoted, or up to white space or what separates values in addresses and lists. */
const VALUE = '(?:"(?:[^"\\\\]|\\\\.)*"?|\'[^\']*\'?|[^\\s&;,"\')}\\]]+)'

interface Rule {
  readonly pattern: RegExp
  readonly replacement: string
}

const RULES: readonly Rule[] = [
  // PEM blocks, also where line breaks were made visible or are lost.
  { pattern: /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g, replacement: MASK },
  // user:password@ in addresses, and a token alone before the @. A password may itself hold an @: the last one counts.
  { pattern: /\b([a-z][a-z0-9+.-]{1,30}:\/\/)([^\s/:@"']*):[^\s/"']*@/gi, replacement: `$1$2:${MASK}@` },
  { pattern: /\b([a-z][a-z0-9+.-]{1,30}:\/\/)[^\s/:@"']{16,}@/gi, replacement: `$1${MASK}@` },
  // Authorization: Bearer abc, Basic abc.
  { pattern: /\b(Bearer|Basic|Digest|Negotiate|Token)\s+[A-Za-z0-9+/=._~:-]{6,}/gi, replacement: `$1 ${MASK}` },
  // {"password": "x"} and 'password': 'x'.
  { pattern: new RegExp(`(["']${SECRET_NAME}["']\\s*:\\s*)${VALUE}`, 'gi'), replacement: `$1"${MASK}"` },
  // --password=x, PASSWORD=x, ?token=x, password: x, -Ddb.password=x.
  {
    pattern: new RegExp(`(^|[^\\w.-]|--?|-D)(${SECRET_NAME})(\\s*=\\s*(?!\\s)|:\\s*(?!\\s|//))${VALUE}`, 'gi'),
    replacement: `$1$2$3${MASK}`,
  },
  // --password x, -pass x: the value is the next word, unless that is a flag itself.
  { pattern: new RegExp(`(^|\\s)(--?${SECRET_NAME})(\\s+)(?!-)${VALUE}`, 'gi'), replacement: `$1$2$3${MASK}` },
  // curl -u user:password, mysql -psecret.
  { pattern: /(^|\s)(-u|--user|--proxy-user)([\s=]+)([^\s:]+):(?!\/\/)\S+/g, replacement: `$1$2$3$4:${MASK}` },
  {
    pattern: /\b((?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump|sshpass)\b.{0,1000}?\s-p)(?!\s|assword|ort)\S+/g,
    replacement: `$1${MASK}`,
  },
  // Shapes that are secrets wherever they stand.
  { pattern: /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/g, replacement: MASK },
  { pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, replacement: MASK },
  { pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,})/g, replacement: MASK },
  { pattern: /\b(?:sk|pk|rk)[-_](?:[a-z]+[-_])*[A-Za-z0-9_-]{16,}/g, replacement: MASK },
  { pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g, replacement: MASK },
  { pattern: /\bAIza[A-Za-z0-9_-]{30,}/g, replacement: MASK },
  { pattern: /\bhvs\.[A-Za-z0-9_-]{20,}/g, replacement: MASK },
  // Long and of many kinds of characters, as keys are and words are not; hashes of files (hex) are no secrets.
  { pattern: /(?<![\w/.+=-])(?=[\w+/=-]*[A-Z])(?=[\w+/=-]*[a-z])(?=[\w+/=-]*\d)[A-Za-z0-9+_=-]{32,}(?![\w/.-])/g, replacement: MASK },
]

/** Longer texts are cut before they are searched: the patterns take time in proportion. */
const LENGTH_MAX = 16_384

export function maskSecrets(text: string): string {
  let masked = text.slice(0, LENGTH_MAX)
  for (const { pattern, replacement } of RULES) masked = masked.replaceAll(pattern, replacement)
  return masked
}

/** A command line in one text; a value that is an argument of its own is hidden as well. */
export function maskCommandLine(argv: readonly string[]): string {
  return maskSecrets(argv.join(' '))
}
