/** Owns giving the checks what they work with: where the parts are, Prometheus, and how a synthetic alert is seen to come back. */
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import { isSingleFile } from '../../lib/single-file.ts'
import type { RemediatorSettings } from '../config.ts'
import type { Foundation } from '../foundation.ts'
import type { Prometheus } from '../prometheus.ts'
import { syntheticCameBack } from '../store/incidents/synthetic-came-back.ts'
import { CheckKeeper } from './keeper.ts'
import { reachable, type Places } from './places.ts'

const PROGRAM = fileURLToPath(new URL('../../../bin/procwarden', import.meta.url))

export function createCheckKeeper(
  { config, commandEnvironment: environment }: RemediatorSettings,
  { options, database, clock, log, metrics, ownUrl }: Foundation,
  prometheus: Prometheus | undefined,
): CheckKeeper {
  return new CheckKeeper({
    config: config.checks,
    stateDir: options.stateDir,
    database,
    clock,
    log,
    tools: () => ({
      environment,
      prometheus,
      instance: config.host.instances[0] ?? os.hostname(),
      places: placesOf(config, options.stateDir, ownUrl()),
      cameBack: (nonce) => syntheticCameBack(database, nonce),
    }),
    onResult: (result) => metrics.checks.concluded(result),
    onStoreError: (reason) => metrics.storeFailed(reason),
  })
}

/** What is configured; what is not stays unknown, and checks of it are skipped. */
export function placesOf(
  { exporter, prometheus, alertmanager }: Pick<RemediatorSettings['config'], 'exporter' | 'prometheus' | 'alertmanager'>,
  stateDir: string,
  remediatorUrl: string | undefined,
): Places {
  const addresses = { exporter: exporter.url, prometheus: prometheus.url, alertmanager: alertmanager.url, remediator: remediatorUrl }
  const known = Object.entries(addresses).flatMap(([name, url]) => (url === undefined ? [] : [[name, reachable(url)] as const]))
  // A single executable is the remediator alone: it has no other commands.
  return { ...Object.fromEntries(known), ...(isSingleFile() ? {} : { procwarden: PROGRAM }), state_dir: stateDir }
}
