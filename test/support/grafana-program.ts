/** Owns a stand-in for Grafana's program: it tells its version, writes down its arguments and answers that it is well where its configuration says. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { temporaryDirectory } from './temporary.ts'

export interface StandIn {
  readonly binary: string
  /** Where the program is: to be put on PATH. */
  readonly folder: string
  readonly home: string
  /** The arguments it was started with last. */
  readonly given: () => unknown
}

/** Laid out as a release archive is. `told` is what `--version` prints. */
export function standInGrafana(name: 'grafana' | 'grafana-server', version: string, told = `grafana version ${version}`): StandIn {
  const home = temporaryDirectory()
  const folder = path.join(home, 'bin')
  const record = path.join(home, 'given.json')
  mkdirSync(folder)
  mkdirSync(path.join(home, 'conf'))
  writeFileSync(path.join(home, 'conf', 'defaults.ini'), '')
  const binary = path.join(folder, name)
  writeFileSync(
    binary,
    `#!${process.execPath}
const fs = require('fs'), args = process.argv.slice(2)
if (args.includes('--version')) {
  console.log(${JSON.stringify(told)})
} else {
  fs.writeFileSync(${JSON.stringify(record)}, JSON.stringify(args))
  const config = fs.readFileSync(args.find((arg) => arg.startsWith('--config=')).slice(9), 'utf8')
  const [, host] = /^http_addr = (.*)$/m.exec(config), [, port] = /^http_port = (.*)$/m.exec(config)
  require('http').createServer((request, response) => response.writeHead(request.url === '/api/health' ? 200 : 404).end()).listen(Number(port), host)
}
`,
  )
  chmodSync(binary, 0o755)
  return { binary, folder, home, given: () => JSON.parse(readFileSync(record, 'utf8')) as unknown }
}
