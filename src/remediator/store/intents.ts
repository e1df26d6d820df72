/** Owns the names of the operations on intents and cooldowns, each of which has a file of its own. */
export { activeCooldowns } from './intents/active-cooldowns.ts'
export { concludeIntent } from './intents/conclude-intent.ts'
export { cooldownRemainingMs } from './intents/cooldown-remaining.ts'
export type { CooldownRule, IntentGrant, NewIntent, OpenIntent } from './intents/intent.ts'
export { openIntentOf } from './intents/open-intent-of.ts'
export { requestIntent } from './intents/request-intent.ts'
