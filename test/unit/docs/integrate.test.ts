/** Tests docs/integrate.md and docs/install.md as they are read: each snippet goes to the program that it is written for. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { parseConfig } from '../../../src/lib/config-file.ts'
import { RemediatorConfig } from '../../../src/remediator/config.ts'
import { temporaryDirectory, afterTest } from '../../support/temporary.ts'
import { freePort, startProgram } from '../packaging/running-program.ts'
import { ROOT, requireTool } from '../rules/shipped-rules.ts'

interface Snippet {
  readonly kind: string
  readonly text: string
  readonly line: number
}

const INTEGRATE = snippets('docs/integrate.md')
const SHELL = [...INTEGRATE, ...snippets('docs/install.md')].filter(({ kind }) => kind === 'sh')

describe('docs/integrate.md', () => {
  test('has a snippet of each kind, and none that nothing checks', () => {
    expect(new Set(INTEGRATE.map(({ kind }) => kind))).toEqual(
      new Set(['yaml promtool-config', 'yaml promtool-targets', 'yaml amtool-config', 'yaml remediator-config', 'sh']),
    )
  })

  test.each(of('yaml promtool-config'))('promtool takes line $line', ({ text }) => {
    const { folder, localized } = onThisMachine(text)
    const config = path.join(folder, 'prometheus.yml')
    const check = (content: string) => {
      writeFileSync(config, content)
      return spawnSync(requireTool('promtool'), ['check', 'config', config], { encoding: 'utf8' })
    }
    const whole = check(localized)
    // Debian builds Prometheus without most ways to find targets: then what is found is given instead.
    expectAccepted(/field \w+_sd_configs not found/.test(whole.stderr + whole.stdout) ? check(withFoundTargets(localized)) : whole)
  })

  test('what is found in Kubernetes and Consul gets the jobs and names that the rules need', async () => {
    const discovered = of('yaml promtool-config').filter(({ text }) => /(?:kubernetes|consul)_sd_configs/.test(text))
    expect(discovered).toHaveLength(2)
    expect(await targetsOf(discovered.map(({ text }) => withFoundTargets(text)))).toEqual([
      ['procwarden-exporter node-7:9930 10.1.2.3:9930'],
      ['procwarden-exporter web-1:9930 10.1.2.4:9930', 'procwarden-remediator web-1:9931 10.1.2.4:9931'],
    ])
  })

  test.each(of('yaml amtool-config'))('amtool takes line $line, and sends what is to be remediated to the remediator', ({ text }) => {
    const config = path.join(temporaryDirectory(), 'alertmanager.yml')
    writeFileSync(config, text)
    const amtool = requireTool('amtool')
    expectAccepted(spawnSync(amtool, ['check-config', config], { encoding: 'utf8' }))
    const labels = ['alertname=ForkBomb', 'remediate=kill', 'severity=critical', 'instance=web-1.example.org:9930']
    const { stdout } = spawnSync(amtool, ['config', 'routes', 'test', `--config.file=${config}`, ...labels], { encoding: 'utf8' })
    expect(stdout).toContain('procwarden-')
  })

  test.each(of('yaml remediator-config'))('the remediator takes line $line', ({ text }) => {
    expect(() => parseConfig(RemediatorConfig, text, 'snippet')).not.toThrow()
  })

  test('the excerpt of alertmanager.yml has the routes and the receiver that are shipped', () => {
    const Config = z.object({
      route: z.object({ routes: z.array(z.looseObject({ receiver: z.string(), continue: z.boolean().optional() })) }),
      receivers: z.array(z.looseObject({ name: z.string(), webhook_configs: z.array(z.looseObject({})).optional() })),
      inhibit_rules: z.array(z.unknown()),
    })
    const shipped = Config.parse(parse(readFileSync(path.join(ROOT, 'alertmanager/alertmanager.yml'), 'utf8')))
    const excerpt = Config.parse(parse(of('yaml amtool-config')[0]?.text ?? ''))
    const ours = excerpt.route.routes.filter(({ receiver }) => receiver === 'procwarden-remediator')
    expect(ours).toEqual(shipped.route.routes.map((route) => ({ ...route, continue: true })))
    const hook = (config: typeof shipped) => {
      const [found] = config.receivers.find(({ name }) => name === 'procwarden-remediator')?.webhook_configs ?? []
      return JSON.parse(JSON.stringify(found).replaceAll('/etc/alertmanager/procwarden-token', 'webhook-token')) as unknown
    }
    expect(hook(excerpt)).toEqual(hook(shipped))
    for (const rule of excerpt.inhibit_rules) expect(shipped.inhibit_rules).toContainEqual(rule)
  })

  test('a real Prometheus finds the targets of the snippets under the jobs and names that the rules need', async () => {
    const both = of('yaml promtool-config').filter(
      ({ text }) => /static_configs|file_sd_configs/.test(text) && text.includes('procwarden-remediator'),
    )
    expect(both).toHaveLength(2)
    expect(await targetsOf(both.map(({ text }) => text))).toEqual(
      both.map(() => [
        'procwarden-exporter web-1.example.org:9930 web-1.example.org:9930',
        'procwarden-exporter web-2.example.org:9930 web-2.example.org:9930',
        'procwarden-remediator web-1.example.org:9931 web-1.example.org:9931',
        'procwarden-remediator web-2.example.org:9931 web-2.example.org:9931',
      ]),
    )
  })
})

/** What Kubernetes and Consul tell Prometheus of a pod, of another pod, and of two services on one machine. */
const FOUND: Readonly<
  Record<string, ReadonlyArray<{ readonly targets: readonly string[]; readonly labels: Readonly<Record<string, string>> }>>
> = {
  kubernetes_sd_configs: [
    {
      targets: ['10.1.2.3:8080'],
      labels: {
        __meta_kubernetes_pod_label_app_kubernetes_io_name: 'procwarden-exporter',
        __meta_kubernetes_pod_ip: '10.1.2.3',
        __meta_kubernetes_pod_node_name: 'node-7',
      },
    },
    {
      targets: ['10.1.2.9:80'],
      labels: {
        __meta_kubernetes_pod_label_app_kubernetes_io_name: 'shop',
        __meta_kubernetes_pod_ip: '10.1.2.9',
        __meta_kubernetes_pod_node_name: 'node-7',
      },
    },
  ],
  consul_sd_configs: ['9930', '9931'].map((port) => ({
    targets: [`10.1.2.4:${port}`],
    labels: {
      __meta_consul_service: port === '9930' ? 'procwarden-exporter' : 'procwarden-remediator',
      __meta_consul_node: 'web-1',
      __meta_consul_service_port: port,
    },
  })),
}

/** The same with what would be found, in place of how. */
function withFoundTargets(text: string): string {
  const Config = z.looseObject({ scrape_configs: z.array(z.looseObject({})) })
  const config = Config.parse(parse(text))
  const jobs = config.scrape_configs.map((job) => {
    const [how] = Object.keys(job).filter((key) => key in FOUND)
    if (how === undefined) return job
    return { ...Object.fromEntries(Object.entries(job).filter(([key]) => key !== how)), static_configs: FOUND[how] }
  })
  return JSON.stringify({ ...config, scrape_configs: jobs })
}

/** `JOB INSTANCE ADDRESS` of what a real Prometheus would scrape, for each configuration. */
async function targetsOf(texts: readonly string[]): Promise<string[][]> {
  const Targets = z.object({
    data: z.object({
      activeTargets: z.array(z.object({ labels: z.object({ job: z.string(), instance: z.string() }), scrapeUrl: z.url() })),
    }),
  })
  const all: string[][] = []
  for (const text of texts) {
    const { folder, localized } = onThisMachine(text)
    writeFileSync(path.join(folder, 'prometheus.yml'), localized)
    const address = `127.0.0.1:${await freePort()}`
    const prometheus = await startProgram(
      requireTool('prometheus'),
      [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${address}`],
      `http://${address}`,
    )
    afterTest(() => prometheus.stop())
    const found = await vi.waitFor(
      async () => {
        const { activeTargets } = Targets.parse(await (await fetch(`${prometheus.url}/api/v1/targets`)).json()).data
        expect(activeTargets).not.toEqual([])
        return activeTargets.map(({ labels, scrapeUrl }) => `${labels.job} ${labels.instance} ${new URL(scrapeUrl).host}`).toSorted()
      },
      { timeout: 30_000, interval: 200 },
    )
    await prometheus.stop()
    all.push(found)
  }
  return all
}

describe('what the pages have one type', () => {
  const commands = SHELL.flatMap(({ text }) => text.split('\n'))
    .flatMap((line) => line.split(/ \| | && /))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => /^(?:sudo )?procwarden(?:-\w+)? /.test(line))

  test('there is something to check', () => {
    expect(commands.length).toBeGreaterThan(5)
  })

  test.each([...new Set(commands)])('%s', (line) => {
    const words = line
      .replace('sudo ', '')
      .replace(/^procwarden-(\w+)/, 'procwarden $1')
      .split(/\s+/)
      .slice(1)
    const names = words.slice(
      0,
      words.findIndex((word) => !/^[a-z]+$/.test(word)) === -1 ? undefined : words.findIndex((word) => !/^[a-z]+$/.test(word)),
    )
    const help = ['rules', 'audit'].includes(names[0] ?? '') ? names.slice(0, 2) : names.slice(0, 1)
    const { status, stdout } = spawnSync(path.join(ROOT, 'bin/procwarden'), [...help, '--help'], { encoding: 'utf8' })
    expect(status).toBe(0)
    const flags = words.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0] ?? '')
    expect(flags.filter((flag) => !stdout.includes(`${flag} `) && !stdout.includes(`${flag}\n`))).toEqual([])
  })

  test.each([
    ...new Set(SHELL.flatMap(({ text }) => [...text.matchAll(/npm run ([\w:]+)|npm (start)/g)].map((match) => match[1] ?? match[2] ?? ''))),
  ])('npm knows %s', (script) => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')))
    expect(scripts).toHaveProperty([script])
  })
})

/** The same with the folders that it names on somebody's machine as real ones here, and in them what they hold there. */
function onThisMachine(text: string): { readonly folder: string; readonly localized: string } {
  const folder = temporaryDirectory()
  mkdirSync(path.join(folder, 'procwarden'))
  writeFileSync(path.join(folder, 'procwarden/web.yml'), of('yaml promtool-targets')[0]?.text ?? '')
  spawnSync(path.join(ROOT, 'bin/procwarden'), ['rules', 'export', '--format', 'files', '--out', path.join(folder, 'procwarden-rules')])
  copyFileSync(path.join(ROOT, 'test/fixtures/tls/ca.pem'), path.join(folder, 'procwarden-ca.pem'))
  writeFileSync(path.join(folder, 'procwarden-password'), 'secret\n')
  return { folder, localized: text.replaceAll('/etc/prometheus/', `${folder}/`) }
}

function expectAccepted({
  status,
  stdout,
  stderr,
}: {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}): void {
  expect(`${stdout}${stderr}`).toMatch(/SUCCESS/)
  expect(`${stdout}${stderr}`).not.toMatch(/FAILED|WARNING/)
  expect(status).toBe(0)
}

function of(kind: string): Snippet[] {
  return INTEGRATE.filter((snippet) => snippet.kind === kind)
}

function snippets(file: string): Snippet[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8')
  return [...text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    kind: match[1] ?? '',
    text: match[2] ?? '',
    line: text.slice(0, match.index).split('\n').length,
  }))
}
