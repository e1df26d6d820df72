/**
 * Owns what makes an alert a synthetic one: procwarden's own, sent to see whether alerts arrive. Its incident is closed at once,
 * without policy, action, mail or audit entry, is not listed unless asked for by name, and is soon removed.
 */

export const SYNTHETIC_ALERT = 'ProcwardenRoundtrip'

export function isSynthetic({ alertname }: { readonly alertname: string }): boolean {
  return alertname === SYNTHETIC_ALERT
}
