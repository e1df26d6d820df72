/** Owns the order of the schema's steps. A step that has shipped is never edited; a change is a new step with the next number. */
import { firstSchema } from './migrations/001-first-schema.ts'

export const MIGRATIONS: readonly string[] = [firstSchema]
