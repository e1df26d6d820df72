/** Owns the second schema: attempts of several steps, what they leave behind, the kill switch and who of several remediators works. Shipped: never edited. */

export const stepsHoldsAndLeases = `
-- An attempt may have several steps; only its first counts for cooldown and caps. Named targets (services) have no pid.
ALTER TABLE intents ADD COLUMN policy TEXT NOT NULL DEFAULT '';
ALTER TABLE intents ADD COLUMN target_key TEXT NOT NULL DEFAULT '';
ALTER TABLE intents ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
ALTER TABLE intents ADD COLUMN step INTEGER NOT NULL DEFAULT 0;
ALTER TABLE intents ADD COLUMN counted INTEGER NOT NULL DEFAULT 1;
UPDATE intents SET target_key = 'process:' || pid || ':' || start_ticks;
DROP INDEX intents_open;
CREATE UNIQUE INDEX intents_open ON intents (target_key, boot_id) WHERE outcome IS NULL;
CREATE INDEX intents_by_policy ON intents (policy, boot_id, boot_ms);
CREATE INDEX intents_by_time ON intents (boot_id, boot_ms);

-- Processes stopped by SIGSTOP; the row is there before the signal.
CREATE TABLE holds (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  incident TEXT NOT NULL REFERENCES incidents (id),
  kind TEXT NOT NULL,
  program TEXT NOT NULL,                     -- the group of the process
  pid INTEGER NOT NULL,
  start_ticks INTEGER NOT NULL,
  boot_id TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT;
CREATE INDEX holds_by_incident ON holds (incident);

CREATE TABLE snapshots (
  id TEXT PRIMARY KEY,
  incident TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  at TEXT NOT NULL,
  directory TEXT NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX snapshots_by_incident ON snapshots (incident, at);
CREATE INDEX snapshots_by_time ON snapshots (at);

-- Where moved files are; what was moved from where is in the manifest beside them.
CREATE TABLE quarantines (
  id TEXT PRIMARY KEY,
  incident TEXT NOT NULL,
  directory TEXT NOT NULL,
  at TEXT NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  files INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  restored INTEGER NOT NULL,
  status TEXT NOT NULL
) STRICT;
CREATE INDEX quarantines_by_incident ON quarantines (incident);
CREATE INDEX quarantines_by_expiry ON quarantines (status, expires_at_ms);

-- A person's first yes to a policy acting on a program.
CREATE TABLE first_approvals (
  policy TEXT NOT NULL,
  program TEXT NOT NULL,
  given_by TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (policy, program)
) STRICT;

CREATE TABLE escalations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  incident TEXT NOT NULL,
  at TEXT NOT NULL,
  level TEXT NOT NULL,
  reason TEXT NOT NULL,
  text TEXT NOT NULL,
  closed_at TEXT
) STRICT;
CREATE INDEX escalations_by_incident ON escalations (incident);
CREATE INDEX escalations_open ON escalations (id) WHERE closed_at IS NULL;

-- The kill switch: one row while everything is paused.
CREATE TABLE pause (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  given_by TEXT NOT NULL,
  at TEXT NOT NULL,
  why TEXT NOT NULL
) STRICT;

-- Which of several remediators on this store works. Times are of the boot clock.
CREATE TABLE leases (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  process TEXT NOT NULL,                     -- who that is, as JSON, to see at once that it has ended
  boot_id TEXT NOT NULL,
  until_boot_ms INTEGER NOT NULL
) STRICT;


-- How far the wall clock was from the boot clock when it was looked at last: a jump shows as a difference.
CREATE TABLE clock_offset (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  boot_id TEXT NOT NULL,
  offset_ms INTEGER NOT NULL
) STRICT;

-- The worker's next incidents in the order in which they came, however many are closed.
CREATE INDEX incidents_open ON incidents (received_at, id) WHERE status IN ('queued', 'deferred', 'awaiting_approval');
-- What else fires about a program.
CREATE INDEX incidents_firing ON incidents (body -> 'labels' ->> 'group', received_at) WHERE resolved_at IS NULL;
`
