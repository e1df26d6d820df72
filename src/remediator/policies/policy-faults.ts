/**
 * Owns the faults of policies that no single key shows: impossible ladders, a missing verify, policies in each other's way.
 * Works on what is written, as far as it can be read, so that one fault does not hide the next.
 */
import { z } from 'zod'
import { messageOf } from '../../lib/errors.ts'
import { parseMatcher } from '../matcher.ts'
import { ladderFaults } from './ladder.ts'
import { relationOf } from './overlap.ts'
import { Step } from './steps.ts'
import { Verification } from './verification.ts'

export interface PolicyFault {
  readonly path: PropertyKey[]
  readonly message: string
}

const Steps = z.array(Step).min(1)
const Verifications = z.array(Verification).min(1)
const Written = z.looseObject({
  name: z.string().catch(''),
  match: z.array(z.string()).catch([]),
  before: z.array(z.string()).catch([]),
  action: z.unknown().optional(),
  ladder: z.unknown().optional(),
  verify: z.unknown().optional(),
  attempts: z.number().int().min(1).catch(3),
})

/** Faults within one policy, as it is written. */
export function policyFaults(raw: unknown): PolicyFault[] {
  const written = Written.safeParse(raw)
  if (!written.success) return []
  const { action, ladder, attempts } = written.data
  const key = ladder === undefined ? 'action' : 'ladder'
  if (action === undefined && ladder === undefined) return [{ path: [], message: 'a policy needs a ladder, or one action' }]
  if (action !== undefined && ladder !== undefined)
    return [{ path: [key], message: 'a policy has either a ladder or one action, not both' }]
  const steps = Steps.safeParse(ladder ?? [action])
  if (!steps.success) return []
  const faults = ladderFaults(steps.data, attempts).map(({ step, message }) => ({ path: key === 'ladder' ? [key, step] : [key], message }))
  return [...faults, ...verifyFaults(steps.data, written.data.verify, key)]
}

function verifyFaults(steps: readonly Step[], raw: unknown, key: string): PolicyFault[] {
  const names = new Set(steps.map((step) => step.action))
  const acts = [...names].some((name) => name !== 'notify')
  if (raw === undefined) {
    // A kill on its own has but one purpose.
    if (!acts || (key === 'action' && names.has('kill'))) return []
    return [
      {
        path: [key],
        message: 'verify is missing: say how one knows that it helped, such as verify: [gone], [service-up] or [alert-inactive]',
      },
    ]
  }
  if (!acts) return [{ path: ['verify'], message: 'a policy that only notifies has nothing to verify' }]
  const verifications = Verifications.safeParse(raw)
  if (!verifications.success) return []
  return verifications.data.flatMap((each, index): PolicyFault[] => {
    if (each.kind === 'service-up' && !names.has('restart') && !names.has('command'))
      return [{ path: ['verify', index], message: 'no step of the ladder starts anything, so service-up cannot come true' }]
    if (each.kind === 'gone' && !names.has('kill') && !names.has('restart') && !names.has('reap') && !names.has('command'))
      return [{ path: ['verify', index], message: 'no step of the ladder ends anything, so gone cannot come true' }]
    return []
  })
}

/** Faults between policies: names taken twice, policies that never get an alert, policies that take some of each other's. */
export function listFaults(raws: readonly unknown[]): PolicyFault[] {
  const policies = raws.map((raw) => {
    const written = Written.safeParse(raw)
    return written.success ? written.data : undefined
  })
  const faults: PolicyFault[] = []
  for (const [index, policy] of policies.entries()) {
    if (!policy) continue
    const earlier = policies.slice(0, index)
    if (policy.name !== '' && earlier.some((other) => other?.name === policy.name))
      faults.push({ path: [index, 'name'], message: `a second policy is named "${policy.name}"` })
    for (const name of policy.before)
      if (!policies.slice(index + 1).some((other) => other?.name === name))
        faults.push({ path: [index, 'before'], message: `no later policy is named "${name}"` })
    for (const other of earlier) if (other) faults.push(...overlapFaults(other, policy, index))
  }
  return faults
}

function overlapFaults(earlier: z.infer<typeof Written>, later: z.infer<typeof Written>, index: number): PolicyFault[] {
  if (earlier.match.length === 0 || later.match.length === 0 || !areMatchers([...earlier.match, ...later.match])) return []
  const relation = relationOf(earlier.match, later.match)
  if (relation === 'covers' || relation === 'same')
    return [{ path: [index, 'match'], message: `never reached: every alert that fits is taken by "${earlier.name}", which comes first` }]
  // Whoever only tells gets what nobody else took.
  if (relation !== 'crossing' || onlyTells(later) || earlier.before.includes(later.name)) return []
  return [
    {
      path: [index, 'match'],
      message: `overlaps with "${earlier.name}": some alerts fit both, and neither is the special case of the other. Make one narrower, or write before: [${later.name}] in "${earlier.name}"`,
    },
  ]
}

function onlyTells({ action, ladder }: z.infer<typeof Written>): boolean {
  const steps = Steps.safeParse(ladder ?? [action])
  return steps.success && steps.data.every((step) => step.action === 'notify')
}

function areMatchers(texts: readonly string[]): boolean {
  try {
    texts.forEach((text) => parseMatcher(text))
    return true
  } catch (error) {
    return messageOf(error) === ''
  }
}
