/** Owns reading the rules of config/categories.yml. Never applies them. */
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { loadConfigFile, parseConfig } from '../config-file.ts'
import { embeddedText, isSingleFile } from '../single-file.ts'
import type { CategoryRule } from './category.ts'

const globs = z.array(z.string().min(1).max(128)).default([])
export const categoriesSchema = z
  .array(
    z.strictObject({
      category: z.string().regex(/^[a-z][a-z-]{0,31}$/, 'small letters and dashes'),
      confidence: z.number().min(0).max(1),
      programs: globs,
      units: globs,
      users: globs,
    }),
  )
  .max(1000)

/** From this file both in the source tree and in the compiled package. */
const SHIPPED_RULES = fileURLToPath(new URL('../../../config/categories.yml', import.meta.url))

/** Throws UsageError with every fault of the file. */
export function loadCategories(path?: string): CategoryRule[] {
  if (path === undefined && isSingleFile()) return parseConfig(categoriesSchema, embeddedText('categories.yml'), 'categories.yml')
  return loadConfigFile(categoriesSchema, path ?? SHIPPED_RULES)
}
