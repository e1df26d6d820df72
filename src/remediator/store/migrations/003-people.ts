/** Owns the third schema: questions to people and their answers, what is remembered of them, alerts to a person, and mails by recipient. Shipped: never edited. */

export const people = `
-- One question to a person: may this be done to exactly this target, under this policy, in this attempt?
CREATE TABLE approvals (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  incident TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  policy TEXT NOT NULL,
  action TEXT NOT NULL,                      -- in words, as it is remembered
  steps TEXT NOT NULL,                       -- the steps that were asked about as JSON: only exactly these may be done
  program TEXT NOT NULL,
  target TEXT NOT NULL,                      -- as it is named to people
  target_key TEXT NOT NULL,                  -- pid and start time, or a name
  boot_id TEXT NOT NULL,
  why TEXT NOT NULL,
  frozen INTEGER NOT NULL,                   -- processes that are stopped meanwhile
  on_expiry TEXT NOT NULL,
  may_stand INTEGER NOT NULL,                -- whether a yes can be said once and for all
  asked_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  extended INTEGER NOT NULL DEFAULT 0,
  answer TEXT,                               -- approve, deny, expired, void; null while it is open
  answered_at_ms INTEGER,
  answered_by TEXT,
  answered_how TEXT
) STRICT;
CREATE UNIQUE INDEX approvals_open ON approvals (incident) WHERE answer IS NULL;
CREATE INDEX approvals_by_incident ON approvals (incident, id);

-- Whoever was asked before this schema is asked anew, with a question that is bound to its target.
UPDATE incidents SET status = 'queued', next_at_ms = NULL WHERE status = 'awaiting_approval';

-- What a person said once and is to count again. Earlier answers did not say for which action they were: they are asked for anew.
DROP TABLE first_approvals;
CREATE TABLE first_approvals (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  policy TEXT NOT NULL,
  program TEXT NOT NULL,
  action TEXT NOT NULL,
  answer TEXT NOT NULL,                      -- approve, deny
  standing INTEGER NOT NULL,                 -- 1: said with --always, counts wherever one would be asked
  given_by TEXT NOT NULL,
  how TEXT NOT NULL,
  incident TEXT NOT NULL,
  at TEXT NOT NULL,
  UNIQUE (policy, program, action)
) STRICT;

-- Who took note of what was handed on, when it is said again, and the file that says it.
ALTER TABLE escalations ADD COLUMN closed_by TEXT;
ALTER TABLE escalations ADD COLUMN closed_how TEXT;
ALTER TABLE escalations ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
ALTER TABLE escalations ADD COLUMN next_at_ms INTEGER;
ALTER TABLE escalations ADD COLUMN file TEXT;
ALTER TABLE escalations ADD COLUMN file_settled INTEGER NOT NULL DEFAULT 0;
CREATE INDEX escalations_unsettled ON escalations (id) WHERE closed_at IS NOT NULL AND file IS NOT NULL AND file_settled = 0;

-- Incidents whose alert is over, and whose people have not been told of that yet.
CREATE TABLE recoveries (
  incident TEXT PRIMARY KEY,
  at TEXT NOT NULL
) STRICT;

-- A mail is for one recipient. Those of before have none: they go to all that are configured.
ALTER TABLE outbox ADD COLUMN recipient TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN html TEXT;
ALTER TABLE outbox ADD COLUMN thread TEXT;                           -- Message-ID of the first mail about the incident
ALTER TABLE outbox ADD COLUMN kind TEXT NOT NULL DEFAULT 'incident'; -- incident, alert (exempt from limits), digest
ALTER TABLE outbox ADD COLUMN line TEXT NOT NULL DEFAULT '';         -- what a digest says of it
ALTER TABLE outbox ADD COLUMN held_at_ms INTEGER;
ALTER TABLE outbox ADD COLUMN digest INTEGER;                        -- the digest that it became part of
ALTER TABLE outbox ADD COLUMN given_up_at_ms INTEGER;
DROP INDEX outbox_open;
CREATE INDEX outbox_open ON outbox (recipient, next_at_ms) WHERE sent_at_ms IS NULL AND digest IS NULL AND given_up_at_ms IS NULL;
CREATE INDEX outbox_sent ON outbox (sent_at_ms) WHERE sent_at_ms IS NOT NULL;
CREATE INDEX outbox_by_incident ON outbox (incident, recipient);
CREATE INDEX outbox_by_digest ON outbox (digest) WHERE digest IS NOT NULL;
`
