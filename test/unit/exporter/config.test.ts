import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { exporterConfigSchema, loadExporterSettings } from '../../../src/exporter/config.ts'
import { parseConfig } from '../../../src/lib/config-file.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const faultsOf = (text: string): string[] => {
  try {
    parseConfig(exporterConfigSchema, text, 'x.yml')
  } catch (error) {
    return error instanceof Error ? error.message.split('\n') : []
  }
  return []
}

function configFile(text: string): string {
  const path = `${temporaryDirectory()}/exporter.yml`
  writeFileSync(path, text)
  return path
}

describe('the exporter configuration', () => {
  test('the file we ship says exactly the defaults', () => {
    const shipped = readFileSync(new URL('../../../config/exporter.yml', import.meta.url), 'utf8')
    expect(parseConfig(exporterConfigSchema, shipped, 'exporter.yml')).toEqual(parseConfig(exporterConfigSchema, '', 'empty'))
  })

  test('all faults are told at once, each with its line', () => {
    const faults = faultsOf(`processes:
  per_process_max: many
  per_proces: 1
groups:
  - name: x
    match: {}
  - name: y
    match: { cmdline: '(' }
files:
  watch:
    - path: relative
      depth: 99
  ignore: [/]
`)
    expect(new Set(faults.map((fault) => /^x\.yml:(\d+): (\S+)/.exec(fault)?.slice(1, 3).join(' ')))).toEqual(
      new Set([
        '11 files.watch.0.path:',
        '12 files.watch.0.depth:',
        '13 files.ignore.0:',
        '2 processes.per_process_max:',
        '3 processes.per_proces:',
        '6 groups.0.match:',
        '8 groups.1.match.cmdline:',
      ]),
    )
  })

  test('flags stand over the file', () => {
    const configFilePath = configFile(
      'files: { watch: [{ path: /srv }], exclude: [/srv/a], backend: fanotify }\nprocesses: { enabled: false }\n',
    )
    const settings = loadExporterSettings({
      configFile: configFilePath,
      filesWatch: ['/tmp'],
      filesExclude: ['/tmp/state'],
      filesBackend: 'chokidar',
      processes: true,
    })
    expect(settings.files).toMatchObject({ backend: 'chokidar', exclude: ['/srv/a', '/tmp/state'], roots: [{ path: '/tmp', depth: 2 }] })
    expect(settings.processes.enabled).toBe(true)
  })

  test('a watched folder takes the common ignore list unless it has one of its own, even an empty one', () => {
    const { files } = loadExporterSettings({
      configFile: configFile('files:\n  ignore: [x]\n  watch: [{ path: /a }, { path: /b, ignore: [], depth: 0 }]\n'),
    })
    expect(files.roots).toEqual([
      { path: '/a', depth: 2, ignore: ['x'] },
      { path: '/b', depth: 0, ignore: [] },
    ])
  })

  test('matchers come out ready to use', () => {
    const { processes } = loadExporterSettings({
      configFile: configFile("groups:\n  - name: 'j-{{s}}'\n    match: { exe: java, cmdline: '-Ds=(?<s>\\w+)' }\n"),
    })
    expect(processes.matchers).toEqual([{ name: 'j-{{s}}', exe: ['java'], cmdline: /-Ds=(?<s>\w+)/u }])
  })
})
