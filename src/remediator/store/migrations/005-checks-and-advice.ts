/** Owns the fifth schema: runs of synthetic checks, and what an advisor was asked and answered. Shipped: never edited. */

export const checksAndAdvice = `
-- Incidents of procwarden's own alerts, which are neither listed nor counted.
CREATE INDEX incidents_synthetic ON incidents (received_at) WHERE body ->> 'alertname' = 'ProcwardenRoundtrip';

CREATE TABLE check_runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  at TEXT NOT NULL,
  outcome TEXT NOT NULL,
  body TEXT NOT NULL                         -- CheckResult as JSON
) STRICT;
CREATE INDEX check_runs_by_name ON check_runs (name, id);

-- A question to the advisor, and all that came of it.
CREATE TABLE advice (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  incident TEXT NOT NULL,
  purpose TEXT NOT NULL,                     -- choice: its answer may be tried. opinion: it is only told
  at TEXT NOT NULL,                          -- when it was decided to ask
  status TEXT NOT NULL,                      -- waiting, answered
  asked_at TEXT,
  latency_ms INTEGER,
  tokens INTEGER NOT NULL DEFAULT 0,
  verdict TEXT,                              -- what became of the answer: accepted, or why it is not used
  chosen TEXT,                               -- the step that may be tried, as JSON
  outcome TEXT,                              -- what the trial gave
  body TEXT NOT NULL                         -- the request, the answer and what was read of it, as JSON
) STRICT;
CREATE INDEX advice_by_incident ON advice (incident, id);
CREATE INDEX advice_waiting ON advice (id) WHERE status = 'waiting';
CREATE INDEX advice_by_time ON advice (asked_at);
`
