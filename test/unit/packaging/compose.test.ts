/** Tests docker-compose.yml and the Dockerfile by their structure, and the programs on what is mounted: no container runs here. */
import { existsSync, globSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, parseDocument, visit } from 'yaml'
import { z } from 'zod'
import { DATASOURCE_UID, HOME_UID } from '../../../grafana/uids.ts'
import { afterTest, temporaryDirectory } from '../../support/temporary.ts'
import { ROOT, requireTool } from '../rules/shipped-rules.ts'
import { freePort, startProgram } from './running-program.ts'

const Service = z.object({
  image: z.string(),
  user: z.string().optional(),
  profiles: z.array(z.string()).default([]),
  tmpfs: z.array(z.string()).default([]),
  build: z.string().optional(),
  command: z.array(z.string()).default([]),
  network_mode: z.string(),
  pid: z.string().optional(),
  ports: z.array(z.string()).default([]),
  privileged: z.boolean().default(false),
  read_only: z.boolean(),
  cap_drop: z.array(z.string()),
  cap_add: z.array(z.string()).default([]),
  security_opt: z.array(z.string()),
  volumes: z.array(z.string()).default([]),
  secrets: z.array(z.union([z.string(), z.object({ source: z.string(), target: z.string() })])).default([]),
  environment: z.record(z.string(), z.string().nullable()).default({}),
  healthcheck: z.object({ test: z.array(z.string()) }),
})
type Service = z.infer<typeof Service>

const Compose = z.object({
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.null()),
  secrets: z.record(z.string(), z.object({ file: z.string() })),
})

const text = read('docker-compose.yml')
const compose = Compose.parse(parse(text, { merge: true }))
const services = Object.entries(compose.services).map(([name, service]) => ({ name, service }))

describe('docker-compose.yml', () => {
  test('has all five parts, and a catcher of mail for demonstrations alone', () => {
    expect(Object.keys(compose.services)).toEqual(['exporter', 'remediator', 'prometheus', 'alertmanager', 'grafana', 'mailpit'])
    expect(services.filter(({ service }) => service.profiles.length > 0).map(({ name }) => name)).toEqual(['mailpit'])
    expect(compose.services['mailpit']).toMatchObject({ profiles: ['demo'], user: expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/) })
    const smtp = compose.services['mailpit']?.environment['MP_SMTP_BIND_ADDR']
    expect(text).toContain(`PROCWARDEN_SMTP_URL=smtp://${smtp} `)
  })

  test('only the two that need capabilities of the machine are root', () => {
    // The images of the others have users of their own.
    expect(services.filter(({ service }) => service.user?.startsWith('0') === true).map(({ name }) => name)).toEqual([
      'exporter',
      'remediator',
    ])
    expect(services.filter(({ service }) => service.cap_add.length > 0).map(({ name }) => name)).toEqual(['exporter', 'remediator'])
  })

  test('what writes has a volume or a tmpfs to write to, for its root is read-only', () => {
    const written = (name: string): string[] => {
      const service = compose.services[name]
      return [
        ...(service?.volumes ?? [])
          .map((volume) => volume.split(':'))
          .filter(([, , mode]) => mode !== 'ro')
          .map(([, target]) => target ?? ''),
        ...(service?.tmpfs ?? []),
      ]
    }
    const flag = (name: string, of: string): string =>
      compose.services[name]?.command.find((argument) => argument.startsWith(`${of}=`))?.split('=')[1] ?? of
    expect(written('remediator')).toContain(flag('remediator', '--state.dir'))
    expect(written('prometheus')).toContain(flag('prometheus', '--storage.tsdb.path'))
    expect(written('alertmanager')).toContain(flag('alertmanager', '--storage.path'))
    expect(written('grafana')).toEqual(['/var/lib/grafana', '/tmp'])
    expect(written('mailpit')).toEqual(['/tmp'])
  })

  test.each(services)('$name is confined, pinned and watched', ({ name, service }) => {
    expect(service).toMatchObject({ network_mode: 'host', read_only: true, privileged: false, cap_drop: ['ALL'] })
    expect(service.security_opt).toContain('no-new-privileges:true')
    expect(service.image).toMatch(/:v?\d+\.\d+\.\d+$/)
    expect(service.healthcheck.test.join(' ')).toContain(`http://${listenAddress(name)}/`)
    expect(service.healthcheck.test[0]).toBe('CMD')
  })

  test.each(services)('$name listens on this machine alone', ({ name, service }) => {
    expect(service.ports).toEqual([])
    expect(listenAddress(name)).toMatch(/^127\.0\.0\.1:\d+$/)
    expect([...service.command, ...Object.values(service.environment)].filter((value) => value?.includes('0.0.0.0'))).toEqual([])
  })

  test.each(services)('$name mounts only files that exist, read-only, and volumes that are declared', ({ service }) => {
    const mounts = service.volumes.map((volume) => volume.split(':'))
    const shipped = mounts.filter(([source]) => source?.startsWith('./'))
    expect(shipped.filter(([source]) => !existsSync(path.join(ROOT, source ?? '')))).toEqual([])
    expect(mounts.filter(([source, , mode]) => /^[./]/.test(source ?? '') && mode !== 'ro')).toEqual([])
    expect(mounts.map(([source]) => source ?? '').filter((source) => !/^[./]/.test(source) && !(source in compose.volumes))).toEqual([])
  })

  test('only the two that meet the machine get capabilities, and each says why', () => {
    expect(
      Object.fromEntries(services.filter(({ service }) => service.cap_add.length > 0).map(({ name, service }) => [name, service.cap_add])),
    ).toEqual({
      exporter: ['SYS_ADMIN', 'DAC_READ_SEARCH', 'SYS_PTRACE', 'NET_ADMIN'],
      remediator: ['KILL', 'SYS_PTRACE'],
    })
    expect(services.filter(({ service }) => service.pid === 'host').map(({ name }) => name)).toEqual(['exporter', 'remediator'])
    expect(uncommentedCapabilities(text)).toEqual([])
    expect(uncommentedCapabilities('cap_add:\n  # why\n  - A\n  - B\n')).toEqual(['B'])
  })

  test('the token is one file for Alertmanager and the remediator, and its making is said', () => {
    expect(compose.secrets).toEqual({ 'webhook-token': { file: './secrets/webhook-token' } })
    expect(text).toContain('openssl rand -hex 32 > secrets/webhook-token')
    expect(compose.services['remediator']?.command).toContain('--web.token-file=/run/secrets/webhook-token')
    const target = compose.services['alertmanager']?.secrets.map((secret) => (typeof secret === 'string' ? '' : secret.target))[0] ?? ''
    const Config = z.object({
      receivers: z.array(
        z.object({
          webhook_configs: z
            .array(z.object({ http_config: z.object({ authorization: z.object({ credentials_file: z.string() }) }) }))
            .default([]),
        }),
      ),
    })
    const files = Config.parse(parse(read('alertmanager/alertmanager.yml'))).receivers.flatMap((receiver) =>
      receiver.webhook_configs.map((hook) => hook.http_config.authorization.credentials_file),
    )
    expect(files.map((file) => path.posix.resolve('/etc/alertmanager', file))).toEqual([target])
  })

  test('keeps a bounded history', () => {
    expect(compose.services['prometheus']?.command).toEqual(
      expect.arrayContaining(['--storage.tsdb.retention.time=15d', '--storage.tsdb.retention.size=5GB']),
    )
  })
})

describe('the addresses agree', () => {
  const Prometheus = z.object({
    scrape_configs: z.array(z.object({ job_name: z.string(), static_configs: z.array(z.object({ targets: z.array(z.string()) })) })),
    alerting: z.object({ alertmanagers: z.array(z.object({ static_configs: z.array(z.object({ targets: z.array(z.string()) })) })) }),
  })
  const prometheus = Prometheus.parse(parse(read('prometheus/prometheus.yml')))

  test('between Prometheus and what it scrapes and tells', () => {
    const targets = Object.fromEntries(
      prometheus.scrape_configs.map((job) => [job.job_name, job.static_configs.flatMap((config) => config.targets)]),
    )
    expect(targets).toEqual({ 'procwarden-exporter': [listenAddress('exporter')], 'procwarden-remediator': [listenAddress('remediator')] })
    expect(prometheus.alerting.alertmanagers.flatMap((manager) => manager.static_configs.flatMap((config) => config.targets))).toEqual([
      listenAddress('alertmanager'),
    ])
  })

  test('between the remediator and its neighbours', () => {
    const command = compose.services['remediator']?.command ?? []
    expect(command).toContain(`--prometheus.url=http://${listenAddress('prometheus')}`)
    // The instance label of the exporter's alerts is its target, and by it the remediator knows its own host.
    expect(command).toContain(`--host.instance=${listenAddress('exporter')}`)
    expect(read('alertmanager/alertmanager.yml')).toContain(`url: http://${listenAddress('remediator')}/api/webhook`)
  })

  test('between Grafana, its datasource and its dashboards', () => {
    const datasources = parse(read('grafana/provisioning/datasources/procwarden.yml'))
    expect(datasources).toMatchObject({
      datasources: [{ uid: DATASOURCE_UID, type: 'prometheus', url: `http://${listenAddress('prometheus')}` }],
    })
    const Providers = z.object({
      providers: z.tuple([z.object({ allowUiUpdates: z.literal(false), options: z.object({ path: z.string() }) })]),
    })
    const [provider] = Providers.parse(parse(read('grafana/provisioning/dashboards/procwarden.yml'))).providers
    const grafana = compose.services['grafana']
    expect(grafana?.volumes).toContain(`./grafana/dashboards:${provider.options.path}:ro`)
    expect(grafana?.environment['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']).toBe(`${provider.options.path}/${HOME_UID}.json`)
  })
})

describe('the programs start from exactly what is mounted, with exactly the flags', () => {
  test('Prometheus: every shipped rule is loaded, and both parts and Alertmanager are known', async () => {
    const { url } = await startService('prometheus')
    const Rules = z.object({
      data: z.object({ groups: z.array(z.object({ file: z.string(), rules: z.array(z.object({ health: z.string() })) })) }),
    })
    const { groups } = Rules.parse(await (await fetch(`${url}/api/v1/rules`)).json()).data
    const files = new Set(groups.map(({ file }) => path.basename(file)))
    expect([...files].toSorted()).toEqual(
      globSync('prometheus/rules/*.yml', { cwd: ROOT })
        .map((file) => path.basename(file))
        .toSorted(),
    )
    const flags: unknown = await (await fetch(`${url}/api/v1/status/flags`)).json()
    expect(flags).toMatchObject({
      data: { 'storage.tsdb.retention.size': expect.stringMatching(/^5Gi?B$/), 'rules.alert.resend-delay': '10s' },
    })
    const config: unknown = await (await fetch(`${url}/api/v1/status/config`)).json()
    expect(JSON.stringify(config)).toContain(listenAddress('alertmanager'))
  })

  test('Alertmanager: its configuration is in force, and the token is where it looks for it', async () => {
    const { url, root } = await startService('alertmanager')
    const status: unknown = await (await fetch(`${url}/api/v2/status`)).json()
    expect(status).toMatchObject({ cluster: { status: 'disabled' } })
    expect(JSON.stringify(status)).toContain(`http://${listenAddress('remediator')}/api/webhook`)
    const file = /credentials_file: (\S+?)\\n/.exec(JSON.stringify(status))?.[1] ?? ''
    expect(readFileSync(file.startsWith('/') ? file : path.join(root, 'etc/alertmanager', file), 'utf8')).toBe('the token\n')
  })

  /** The real program in a folder that has what the container has at the same places. Only its port is another. */
  async function startService(name: 'prometheus' | 'alertmanager'): Promise<{ readonly url: string; readonly root: string }> {
    const service = compose.services[name]
    const root = temporaryDirectory()
    const at = (target: string): string => path.join(root, target)
    for (const [source = '', target = ''] of (service?.volumes ?? []).map((volume) => volume.split(':'))) {
      mkdirSync(path.dirname(at(target)), { recursive: true })
      if (source.startsWith('./')) symlinkSync(path.join(ROOT, source), at(target))
      else mkdirSync(at(target))
    }
    for (const secret of service?.secrets ?? [])
      writeFileSync(at(typeof secret === 'string' ? `/run/secrets/${secret}` : secret.target), 'the token\n')
    const address = `127.0.0.1:${await freePort()}`
    const args = (service?.command ?? []).map((argument) =>
      argument.startsWith('--web.listen-address=') ? `--web.listen-address=${address}` : argument.replace(/=\//, `=${root}/`),
    )
    const program = await startProgram(requireTool(name), args, `http://${address}`)
    afterTest(() => program.stop())
    return { url: program.url, root }
  }
})

describe('the image', () => {
  const lines = read('Dockerfile').split('\n')

  test('copies files that exist and that .dockerignore lets through', () => {
    const copied = lines
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from'))
      .flatMap((line) => line.split(/\s+/).slice(1, -1))
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1))
    expect(copied.length).toBeGreaterThan(5)
    expect(copied.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([])
    expect(copied.filter((file) => !allowed.includes(file))).toEqual([])
    expect(allowed.filter((file) => !copied.includes(file))).toEqual([])
  })

  test('has every file that the parts read beside themselves', () => {
    // Two folders above the compiled code, as in the sources.
    const beside = new Set(
      globSync('src/{exporter,remediator,lib}/**/*.ts', { cwd: ROOT }).flatMap((file) =>
        [...read(file).matchAll(/new URL\('((?:\.\.\/)+)([^'./]+)/g)]
          .filter(([, up = '']) => path.dirname(file).split('/').length === up.length / 3)
          .map(([, , name = '']) => name),
      ),
    )
    expect(beside).toContain('config')
    const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')))
    expect([...beside].filter((name) => !last.some((line) => new RegExp(`^COPY ${name}\\b`).test(line)))).toEqual([])
  })

  test('is not root by itself, and both its user and a root without DAC_OVERRIDE may write to the state folder', () => {
    expect(lines.findLast((line) => line.startsWith('USER '))).toBe('USER node')
    expect(compose.services['remediator']?.cap_add).not.toContain('DAC_OVERRIDE')
    const made = lines.findIndex((line) => line === 'RUN install -d -o root -g node -m 0770 /var/lib/procwarden')
    // What is changed below a volume after it is declared is lost.
    expect(made).toBeGreaterThan(0)
    expect(lines.indexOf('VOLUME /var/lib/procwarden')).toBeGreaterThan(made)
  })

  test('runs on Node 24 from the compiled sources with production dependencies alone', () => {
    const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')))
    expect(lines.filter((line) => line.startsWith('FROM ')).every((line) => line.startsWith('FROM node:24-slim'))).toBe(true)
    expect(last.filter((line) => line.startsWith('COPY --from'))).toEqual([
      'COPY --from=dependencies /app/node_modules ./node_modules',
      'COPY --from=build /app/dist ./dist',
    ])
    expect(read('Dockerfile')).toMatch(/AS dependencies[\s\S]*npm ci --omit=dev/)
    expect(last.some((line) => line.includes('./src'))).toBe(false)
    expect(statSync(path.join(ROOT, 'bin/procwarden')).mode & 0o111).not.toBe(0)
  })
})

/** HOST:PORT where a service listens, by its flag or its environment. */
function listenAddress(name: string): string {
  const service: Service | undefined = compose.services[name]
  const flag = service?.command.find((argument) => argument.startsWith('--web.listen-address='))?.split('=')[1]
  return (
    flag ??
    service?.environment['MP_UI_BIND_ADDR'] ??
    `${service?.environment['GF_SERVER_HTTP_ADDR']}:${service?.environment['GF_SERVER_HTTP_PORT']}`
  )
}

/** Capabilities without a comment above them. */
function uncommentedCapabilities(yaml: string): string[] {
  const found: string[] = []
  visit(parseDocument(yaml), {
    Pair: (_, pair) => {
      const { key, value } = z.object({ key: z.object({ value: z.unknown() }), value: z.unknown() }).parse(pair)
      if (key.value !== 'cap_add') return
      const { items, commentBefore } = z
        .object({
          commentBefore: z.string().nullish(),
          items: z.array(z.object({ value: z.string(), commentBefore: z.string().nullish() })),
        })
        .parse(value)
      // The parser gives the first item's comment to the list.
      for (const [index, item] of items.entries()) {
        if ((item.commentBefore ?? (index === 0 ? commentBefore : undefined)) === undefined) found.push(item.value)
      }
    },
  })
  return found
}

function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8')
}
