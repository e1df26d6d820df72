/** Owns the checks of the sources: format, lint, types, dead code, shell syntax and generated files. */
import { globSync } from 'node:fs'
import { command, sawFiles, type Check, type CheckResult } from './check.ts'

export const sourceChecks: readonly Check[] = [
  { name: 'format (oxfmt)', run: async () => sawFiles(await command('oxfmt', ['--check']), /on (\d+) files/) },
  { name: 'lint (oxlint)', run: async () => sawFiles(await command('oxlint', ['--deny-warnings']), /on (\d+) files/) },
  { name: 'types (tsc)', run: () => command('tsc', ['-p', '.']) },
  { name: 'types of what browsers run (tsc)', run: () => command('tsc', ['-p', 'src/remediator/console/assets']) },
  { name: 'dead code (knip)', run: () => command('knip', ['--no-progress', '--treat-config-hints-as-errors']) },
  { name: 'launcher and shell syntax', run: shellSyntax },
  { name: 'generated files', run: generatedFiles },
]

async function generatedFiles(): Promise<CheckResult> {
  const results = await Promise.all([
    command('node', ['grafana/build.ts', '--check']),
    command('node', ['scripts/metrics-doc.ts', '--check']),
    command('node', ['scripts/config-schemas.ts', '--check']),
  ])
  return { ok: results.every((result) => result.ok), output: results.map((result) => result.output).join('\n') }
}

async function shellSyntax(): Promise<CheckResult> {
  // The shell's half of the launcher ends inside a comment of JavaScript's, which only running it can check.
  const results = await Promise.all([
    command('sh', ['-n', 'scripts/with-setup.sh']),
    command('bash', ['-n', '.ci/run']),
    ...globSync('packaging/debian/{postinst,prerm,postrm,procwarden.sh}').map((script) => command('sh', ['-n', script])),
    command('node', ['--check', 'bin/procwarden']),
  ])
  return { ok: results.every((result) => result.ok), output: results.map((result) => result.output).join('\n') }
}
