/** Owns the place of a step of the schema. */

export const reservedThird = `
-- reserved
SELECT 1
`
