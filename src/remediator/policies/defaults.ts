/** Owns the policies in force where none are configured: one for each way of remedy that a shipped alert may ask for. */

/** As they would stand in a file; config/remediator.yml says the same with comments. */
export const DEFAULT_POLICIES: readonly unknown[] = [
  {
    name: 'reap-zombies',
    match: ['alertname="ZombieProcesses"', 'remediate=~".+"'],
    before: ['kill-runaway', 'ask-about-flood', 'restart-service', 'quarantine-files'],
    ladder: ['reap'],
    verify: ['gone'],
    risk: 'low',
  },
  {
    name: 'stop-fork-bomb',
    match: ['alertname="ForkBomb"', 'remediate="kill"', 'severity="critical"'],
    ladder: [{ action: 'kill', tree: true, grace_seconds: 0 }],
    verify: ['gone'],
    confidence: 'high',
    risk: 'high',
  },
  {
    name: 'kill-runaway',
    match: ['remediate="kill"', 'severity="critical"'],
    ladder: ['kill'],
    verify: ['gone'],
    confidence: 'high',
    risk: 'high',
  },
  {
    name: 'ask-about-flood',
    match: ['remediate="freeze"', 'severity="critical"'],
    ladder: ['kill'],
    verify: ['gone'],
    confidence: 'high',
    approval: 'always',
    risk: 'high',
  },
  {
    name: 'restart-service',
    match: ['remediate="restart"'],
    ladder: ['restart'],
    verify: ['service-up'],
    tier: 2,
  },
  {
    name: 'quarantine-files',
    match: ['remediate="quarantine"'],
    ladder: ['freeze', { action: 'quarantine', duplicates_only: true }],
    verify: [{ kind: 'alert-inactive', within_seconds: 420 }],
    confidence: 'high',
    approval: 'first-time',
    tier: 2,
  },
  { name: 'tell-a-person', match: ['remediate=~".+"'], ladder: ['notify'], risk: 'low' },
]
