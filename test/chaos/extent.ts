/** Owns how long the long tests are: whole in `npm run test:chaos`, shortened in `npm test`. */

export const isWhole = process.env['PROCWARDEN_CHAOS'] === 'whole'
