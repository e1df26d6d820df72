/** Owns the order of the schema's steps. A step that has shipped is never edited; a change is a new step with the next number. */
import { firstSchema } from './migrations/001-first-schema.ts'
import { stepsHoldsAndLeases } from './migrations/002-steps-holds-and-leases.ts'
import { people } from './migrations/003-people.ts'
import { diagnoses } from './migrations/004-diagnoses.ts'
import { checksAndAdvice } from './migrations/005-checks-and-advice.ts'
import { exactAnswers } from './migrations/006-exact-answers.ts'

export const MIGRATIONS: readonly string[] = [firstSchema, stepsHoldsAndLeases, people, diagnoses, checksAndAdvice, exactAnswers]
