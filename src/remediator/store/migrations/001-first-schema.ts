/** Owns the first schema: alerts, incidents, intents, cooldowns, the audit trail and mails. Shipped: never edited. */

export const firstSchema = `
-- Alerts as they were acknowledged to Alertmanager, before anything is done about them.
CREATE TABLE inbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  received_at TEXT NOT NULL,
  alert TEXT NOT NULL                        -- Alert as JSON
) STRICT;

-- One row per episode of an alert.
CREATE TABLE incidents (
  id TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  episode INTEGER NOT NULL,
  status TEXT NOT NULL,
  started_at TEXT NOT NULL,
  received_at TEXT NOT NULL,
  resolved_at TEXT,
  next_at_ms INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  body TEXT NOT NULL,                        -- the other fields of Incident as JSON
  UNIQUE (fingerprint, episode)
) STRICT;
CREATE INDEX incidents_by_status ON incidents (status, next_at_ms);
CREATE INDEX incidents_by_time ON incidents (received_at);

-- What is about to be done, written before; outcome after. Only one may be open per process.
CREATE TABLE intents (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  incident TEXT NOT NULL REFERENCES incidents (id),
  action TEXT NOT NULL,
  cooldown_key TEXT NOT NULL,
  pid INTEGER NOT NULL,
  start_ticks INTEGER NOT NULL,
  boot_id TEXT NOT NULL,
  boot_ms INTEGER NOT NULL,                  -- boot clock when it was written
  at TEXT NOT NULL,
  outcome TEXT,
  concluded_at TEXT
) STRICT;
CREATE UNIQUE INDEX intents_open ON intents (pid, start_ticks, boot_id) WHERE outcome IS NULL;
CREATE INDEX intents_by_incident ON intents (incident);
CREATE INDEX intents_by_key ON intents (cooldown_key, boot_id, boot_ms);

CREATE TABLE cooldowns (
  cooldown_key TEXT PRIMARY KEY,
  boot_id TEXT NOT NULL,
  from_boot_ms INTEGER NOT NULL,
  until_boot_ms INTEGER NOT NULL
) STRICT;

-- Append-only, each entry bound to the one before by its hash.
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  event TEXT NOT NULL,
  incident TEXT,
  text TEXT NOT NULL,
  data TEXT NOT NULL,
  prev TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_incident ON audit (incident, seq);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;

-- Mails to be sent; dedupe makes a repeated conclusion mail once.
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  dedupe TEXT NOT NULL UNIQUE,
  incident TEXT,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  message_id TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at_ms INTEGER NOT NULL,
  sent_at_ms INTEGER,
  error TEXT
) STRICT;
CREATE INDEX outbox_open ON outbox (next_at_ms) WHERE sent_at_ms IS NULL;
`
