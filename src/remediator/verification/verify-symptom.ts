/** Owns looking whether the symptom is gone, each kind in its own way. Looks once and changes nothing. */
import { assert, messageOf } from '../../lib/errors.ts'
import { printable } from '../../lib/log.ts'
import type { Procfs } from '../../lib/linux/proc-process.ts'
import { runCommand } from '../../lib/run-command.ts'
import type { CheckResult } from '../checks/result.ts'
import { occasionEnvironment, occasionJson } from '../actions/alert-environment.ts'
import { zombiesOf } from '../actions/reap.ts'
import { nameOf } from '../model.ts'
import { fillQuery } from '../policies/query-text.ts'
import type { Verification } from '../policies/verification.ts'
import { promqlString, type Prometheus, type Sample } from '../prometheus.ts'
import type { ServiceManager } from '../services/service-manager.ts'
import { startedSince } from '../services/started-since.ts'
import type { FindMembers } from '../suspects/group-members.ts'
import { isAlive } from '../../lib/linux/proc-stat.ts'
import type { Holder } from '../actions/held-processes.ts'
import type { Managed } from '../target.ts'
import type { Finding, VerifyContext } from './verdict.ts'

export interface VerifyTools {
  readonly procfs: Procfs
  readonly holder: Holder
  readonly findMembers: FindMembers
  readonly prometheus: Prometheus | undefined
  readonly managers: Readonly<Record<Exclude<Managed['manager'], 'command'>, ServiceManager>>
  readonly environment: Readonly<Record<string, string>>
  /** Runs a synthetic check now; undefined when there is none of that name. */
  readonly runCheck: (name: string, signal: AbortSignal) => Promise<CheckResult | undefined>
}

type Of<Kind extends Verification['kind']> = Extract<Verification, { kind: Kind }>

const PROBE_TIMEOUT_MS = 5_000
const OUTPUT_BYTES_MAX = 65_536
const SHOWN_MAX = 300

export function verifySymptom(
  verification: Verification,
  context: VerifyContext,
  tools: VerifyTools,
  signal: AbortSignal,
): Promise<Finding> {
  switch (verification.kind) {
    case 'gone':
      return isGone(context, tools)
    case 'service-up':
      return isServiceUp(context, tools, signal)
    case 'probe':
      return verification.url === undefined ? isProbeUp(context, tools) : answers(verification.url, verification.status, signal)
    case 'check':
      return verification.command === undefined
        ? passesNamed(verification.name ?? context.incident.labels['check'], tools, signal)
        : passesCommand(verification, verification.command, context, tools, signal)
    case 'promql':
      return asked(tools, fillQuery(verification.query, context.incident.labels), (samples) => ofQuery(verification, samples))
    case 'alert-inactive':
      return isInactive(context, tools)
    default:
      return Promise.reject(new Error('assertion failed: the configuration was checked'))
  }
}

async function isGone({ incident, target, begun, results }: VerifyContext, { procfs, holder, findMembers }: VerifyTools): Promise<Finding> {
  const name = nameOf(target)
  // Nobody writes there any more, or the writer would be the target; its program's other processes have nothing to do with it.
  if (target.kind === 'folder') return { verdict: 'passed', text: `Verified: nothing writes into ${printable(target.name)} any more.` }
  if (target.kind !== 'process') {
    const old = (await findMembers(target.group, incident.labels['instance'])).filter(
      (member) => !startedSince(member.startTicks, begun, procfs),
    )
    if (old.length === 0) return { verdict: 'passed', text: `No earlier process of ${target.group} is left.` }
    return { verdict: 'failed', text: `${old.length} earlier processes of ${target.group} are still there.` }
  }
  if (!isAlive(holder.stateOf(target))) return { verdict: 'passed', text: `Verified: ${name} is gone.` }
  if (results.length > 0 && results.every((result) => result.action === 'reap')) {
    const left = zombiesOf(target.pid, procfs)
    return left === 0
      ? { verdict: 'passed', text: `Verified: ${name} has no dead children.` }
      : { verdict: 'failed', text: `${name} still has ${left} dead children.` }
  }
  return { verdict: 'failed', text: `${name} is still there.` }
}

async function isServiceUp({ incident, target, begun }: VerifyContext, tools: VerifyTools, signal: AbortSignal): Promise<Finding> {
  const { managed, group } = target
  if (managed !== undefined && managed.manager !== 'command') {
    const state = await tools.managers[managed.manager].stateOf(managed.name, begun, signal)
    if (state === undefined) return { verdict: 'unknown', text: `${managed.manager} does not say how ${group} is.` }
    return state.isUp
      ? { verdict: 'passed', text: `Verified: ${group} is up.` }
      : { verdict: 'failed', text: `${group} is not up: ${printable(state.says)}.` }
  }
  const members = await tools.findMembers(group, incident.labels['instance'])
  const fresh = managed === undefined ? members : members.filter((member) => startedSince(member.startTicks, begun, tools.procfs))
  const [first] = fresh
  return first === undefined
    ? { verdict: 'failed', text: `No process of ${group} runs.` }
    : { verdict: 'passed', text: `Verified: ${group} is up (pid ${first.pid}).` }
}

/** Asked by ourselves. A redirect is an answer and is not followed. */
async function answers(url: string, status: number | undefined, signal: AbortSignal): Promise<Finding> {
  const shown = new URL(url).host
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]) })
    await response.body?.cancel()
    const isRight = status === undefined ? response.ok : response.status === status
    return {
      verdict: isRight ? 'passed' : 'failed',
      text: `${isRight ? 'Verified: ' : ''}${shown} answers with status ${response.status}.`,
    }
  } catch (error) {
    signal.throwIfAborted()
    return { verdict: 'failed', text: `${shown} does not answer: ${printable(messageOf(error)).slice(0, SHOWN_MAX)}.` }
  }
}

/** As the exporter last saw it. */
function isProbeUp({ incident }: VerifyContext, tools: VerifyTools): Promise<Finding> {
  const { probe, instance } = incident.labels
  if (probe === undefined) return Promise.resolve({ verdict: 'unknown', text: 'The alert names no probe, and the policy no address.' })
  const host = instance === undefined ? '' : `,instance=${promqlString(instance)}`
  return asked(tools, `procwarden_probe_up{probe=${promqlString(probe)}${host}}`, ([sample]) => {
    if (sample === undefined) return { verdict: 'unknown', text: `Prometheus knows nothing of the probe ${printable(probe)}.` }
    return sample.value === 1
      ? { verdict: 'passed', text: `Verified: the probe ${printable(probe)} passes.` }
      : { verdict: 'failed', text: `The probe ${printable(probe)} fails.` }
  })
}

/** The synthetic check, run once more. */
async function passesNamed(name: string | undefined, { runCheck }: VerifyTools, signal: AbortSignal): Promise<Finding> {
  if (name === undefined) return { verdict: 'unknown', text: 'The alert names no check, and neither does the policy.' }
  const result = await runCheck(name, signal)
  const shown = printable(name).slice(0, SHOWN_MAX)
  if (result === undefined) return { verdict: 'unknown', text: `No check is named ${shown}.` }
  const { outcome, text } = result
  if (outcome === 'skipped') return { verdict: 'unknown', text: `The check ${shown} could not be run: ${text}` }
  return outcome === 'passed'
    ? { verdict: 'passed', text: `Verified: the check ${shown} passes. ${text}` }
    : { verdict: 'failed', text: `The check ${shown} fails: ${text}` }
}

async function passesCommand(
  verification: Of<'check'>,
  argv: readonly string[],
  context: VerifyContext,
  { environment }: VerifyTools,
  signal: AbortSignal,
): Promise<Finding> {
  const { incident, target, policy, attempt } = context
  const occasion = { incident, target, policy, attempt }
  const { ending, stdout, stderr } = await runCommand(
    {
      argv,
      stdin: `${occasionJson(occasion)}\n`,
      environment: { ...environment, ...occasionEnvironment(occasion) },
      timeoutMs: verification.timeout_seconds * 1000,
      outputBytesMax: OUTPUT_BYTES_MAX,
    },
    signal,
  )
  const [program] = argv
  const said = printable((stderr.trim() || stdout.trim()).split('\n').at(-1) ?? '').slice(0, SHOWN_MAX)
  switch (ending.kind) {
    case 'exited':
      if (ending.code === 0) return { verdict: 'passed', text: `Verified: ${program} says that all is well.` }
      return { verdict: 'failed', text: `${program} ended with exit code ${ending.code}${said === '' ? '' : `: ${said}`}.` }
    case 'signalled':
      return { verdict: 'failed', text: `${program} was ended by ${ending.signal}.` }
    case 'timed_out':
      return { verdict: 'unknown', text: `${program} did not end within ${verification.timeout_seconds} s.` }
    case 'not_started':
    default:
      return { verdict: 'unknown', text: `${program} could not be started: ${printable(ending.why)}` }
  }
}

function ofQuery({ expect }: Of<'promql'>, samples: readonly Sample[]): Finding {
  const isEmpty = samples.length === 0
  const found = isEmpty ? 'The query finds nothing.' : `The query finds ${samples.length} series, the first at ${samples[0]?.value}.`
  return isEmpty === (expect === 'empty') ? { verdict: 'passed', text: `Verified: ${found}` } : { verdict: 'failed', text: found }
}

/** Alertmanager's word first; else Prometheus' own list of alerts. */
function isInactive({ incident }: VerifyContext, tools: VerifyTools): Promise<Finding> {
  if (incident.resolvedAt !== null) return Promise.resolve({ verdict: 'passed', text: 'Verified: the alert has resolved.' })
  const matchers = Object.entries(incident.labels).map(([name, value]) => `${name}=${promqlString(value)}`)
  assert(matchers.length > 0, 'an alert has labels')
  return asked(tools, `ALERTS{alertstate="firing",${matchers.join(',')}}`, (samples) =>
    samples.length === 0
      ? { verdict: 'passed', text: 'Verified: the alert fires no longer.' }
      : { verdict: 'failed', text: 'The alert still fires.' },
  )
}

async function asked({ prometheus }: VerifyTools, query: string, judge: (samples: readonly Sample[]) => Finding): Promise<Finding> {
  if (!prometheus) return { verdict: 'unknown', text: 'No Prometheus is configured that could be asked.' }
  try {
    return judge(await prometheus.query(query))
  } catch (error) {
    return { verdict: 'unknown', text: printable(messageOf(error)).slice(0, SHOWN_MAX) }
  }
}
