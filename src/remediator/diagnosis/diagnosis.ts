/** Owns what a diagnosis is: the words for what can be wrong, the five fields that people and machines read, and the evidence. */
import { z } from 'zod'
import { CONFIDENCES } from '../target.ts'
import { ACTIONS } from '../vocabulary.ts'

export const DIAGNOSES = [
  'infinite_loop',
  'write_loop',
  'file_flood',
  'gradual_leak',
  'sudden_allocation',
  'memory_not_released',
  'descriptor_leak',
  'thread_explosion',
  'fork_bomb',
  'crash_loop',
  'disk_thrash',
  'io_wait',
  'zombie_parent',
  'long_run',
  'slow_dependency',
  'host_saturation',
  'unknown',
] as const
export type DiagnosisName = (typeof DIAGNOSES)[number]

/** One thing that was looked at. */
export const EvidenceItem = z.object({
  /** A sentence for people, figures included. */
  text: z.string(),
  /** Null: there was nothing to tell it by. */
  held: z.boolean().nullable(),
  /** Without all of these it is not that; the others make it surer. */
  isRequired: z.boolean(),
})
export type EvidenceItem = z.infer<typeof EvidenceItem>

export const Diagnosis = z.object({
  name: z.enum(DIAGNOSES),
  is_critical: z.boolean(),
  /** A few words. */
  root_cause: z.string(),
  confidence: z.enum(CONFIDENCES),
  recommended_action: z.enum(ACTIONS),
  /** Sentences. */
  explanation: z.string(),
  evidence: z.array(EvidenceItem),
  /** alert: nothing but the alert itself could be asked. */
  source: z.enum(['metrics', 'alert']),
  /** ISO 8601. */
  at: z.string(),
})
export type Diagnosis = z.infer<typeof Diagnosis>
