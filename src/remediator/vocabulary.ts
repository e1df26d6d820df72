/** Owns the closed sets of words: modes, actions, states, reasons, outcomes. Many are metric labels, so that none is ever made up. */

export const MODES = ['observe', 'confirm', 'auto'] as const
/** observe: only say what would be done. confirm: ask a person. auto: act. */
export type Mode = (typeof MODES)[number]

export const ACTIONS = ['kill', 'freeze', 'thaw', 'restart', 'quarantine', 'reap', 'command', 'notify'] as const
export type ActionName = (typeof ACTIONS)[number]

export const STATUSES = ['queued', 'deferred', 'awaiting_approval', 'done', 'cancelled'] as const
/** queued: to be worked on. deferred: to be looked at again at `nextAt`. awaiting_approval: a person decides. */
export type IncidentStatus = (typeof STATUSES)[number]

export const DECISIONS = ['act', 'would_act', 'ask', 'refuse', 'notify'] as const
export type Decision = (typeof DECISIONS)[number]

export const REASONS = [
  'none',
  'mode_observe',
  'approval_required',
  'approval_denied',
  'approval_expired',
  'no_policy',
  'not_this_host',
  'paused',
  'maintenance',
  'never_list',
  'deny_list',
  'not_on_allow_list',
  'anomaly_first',
  'confidence_low',
  'target_unknown',
  'target_gone',
  'pid_recycled',
  'group_mismatch',
  'cooldown',
  'cap_target',
  'cap_policy',
  'cap_host',
  'attempts_exhausted',
  'resolved',
  'just_stopped',
  'permission_denied',
  'survived',
  'not_started',
  'command_failed',
  'timed_out',
  'nothing_to_do',
  'snapshot_failed',
  'verify_failed',
  'verify_unknown',
  'interrupted',
  'unsupported',
  'internal_error',
] as const
/** Why something was not done, or how it ended. Also metric label values. */
export type Reason = (typeof REASONS)[number]

export const OUTCOMES = [
  'killed',
  'frozen',
  'thawed',
  'restarted',
  'quarantined',
  'reaped',
  'executed',
  'target_gone',
  'failed',
  'unknown',
  'refused',
  'observed',
  'notified',
  'cancelled',
] as const
/** unknown: something was done, and whether it helped could not be found out. */
export type Outcome = (typeof OUTCOMES)[number]
