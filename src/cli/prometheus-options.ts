/** Owns the flags by which a command reaches a Prometheus that somebody else runs. */
import { Option, type Command } from 'commander'
import { prometheusAccess } from '../prometheus/access.ts'
import { createPrometheusClient, type PrometheusClient } from '../prometheus/client.ts'
import { collect } from './options.ts'

export interface PrometheusFlags {
  readonly 'prometheus.url'?: string
  readonly 'prometheus.user'?: string
  readonly 'prometheus.passwordFile'?: string
  readonly 'prometheus.tokenFile'?: string
  readonly 'prometheus.header'?: readonly string[]
  readonly 'prometheus.caFile'?: string
  readonly 'prometheus.certFile'?: string
  readonly 'prometheus.keyFile'?: string
  readonly 'prometheus.serverName'?: string
  readonly 'prometheus.insecure'?: boolean
}

export function addPrometheusOptions(command: Command, purpose: string): Command {
  return command
    .addOption(new Option('--prometheus.url <url>', purpose))
    .addOption(new Option('--prometheus.user <name>', 'user for basic authentication'))
    .addOption(new Option('--prometheus.password-file <file>', "the user's password"))
    .addOption(new Option('--prometheus.token-file <file>', 'bearer token'))
    .addOption(new Option('--prometheus.header <name: value>', 'further header, such as a tenant (repeatable)').argParser(collect))
    .addOption(new Option('--prometheus.ca-file <file>', 'authority that signed its certificate'))
    .addOption(new Option('--prometheus.cert-file <file>', 'client certificate'))
    .addOption(new Option('--prometheus.key-file <file>', 'key of the client certificate'))
    .addOption(new Option('--prometheus.server-name <name>', 'name that its certificate must carry, where it is not that of the address'))
    .addOption(new Option('--prometheus.insecure', 'do not check its certificate'))
}

/** The Prometheus of the flags; undefined when none is given. Throws UsageError. */
export function prometheusOf(flags: PrometheusFlags, signal?: AbortSignal): PrometheusClient | undefined {
  const url = flags['prometheus.url']
  if (url === undefined) return undefined
  const access = prometheusAccess({
    url,
    user: flags['prometheus.user'],
    passwordFile: flags['prometheus.passwordFile'],
    tokenFile: flags['prometheus.tokenFile'],
    headers: flags['prometheus.header'],
    caFile: flags['prometheus.caFile'],
    certFile: flags['prometheus.certFile'],
    keyFile: flags['prometheus.keyFile'],
    serverName: flags['prometheus.serverName'],
    insecure: flags['prometheus.insecure'],
  })
  return createPrometheusClient(access, signal)
}
