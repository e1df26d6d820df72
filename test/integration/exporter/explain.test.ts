import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { explainProcess } from '../../../src/exporter/explain.ts'
import { temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'

test('a living process: its group, which configured group named it and why, and its category', async () => {
  const directory = temporaryDirectory()
  const configFile = `${directory}/exporter.yml`
  writeFileSync(
    configFile,
    'groups:\n  - { name: other-one, match: { comm: nothing } }\n  - { name: "nap-{{seconds}}", match: { cmdline: "sleep (?<seconds>\\\\d+)" } }\n',
  )
  const child = await temporaryProcess('sleep', ['1000'])
  const text = explainProcess(child.pid, { configFile, procfs: '/proc' })
  expect(text).toContain('group:      nap-1000\n')
  expect(text).toContain('why:        the configured group "nap-{{seconds}}" is the first that fits, by cmdline\n')
  expect(text).toContain('command:    sleep 1000\n')
  expect(explainProcess(child.pid, { configFile: undefined, procfs: '/proc' })).toContain(
    'group:      sleep\nwhy:        it is named by its executable\n',
  )
})

test('a process that is not there is a clear failure', () => {
  expect(() => explainProcess(4_194_305, { configFile: undefined, procfs: '/proc' })).toThrow('there is no process 4194305')
})
