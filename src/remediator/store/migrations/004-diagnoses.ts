/** Owns the schema of diagnoses, and what finds similar incidents quickly. Shipped: never edited. */

export const diagnoses = `
-- What an incident was found to be; the surest of several looks.
CREATE TABLE diagnoses (
  incident TEXT PRIMARY KEY,
  at TEXT NOT NULL,
  name TEXT NOT NULL,
  confidence TEXT NOT NULL,
  body TEXT NOT NULL                         -- Diagnosis as JSON
) STRICT;
CREATE INDEX diagnoses_by_name ON diagnoses (name, at);

-- In which order an incident's policy walks its ladder, where that is learned: the same one after a restart.
CREATE TABLE ladder_orders (
  incident TEXT PRIMARY KEY,
  policy TEXT NOT NULL,
  steps TEXT NOT NULL,                       -- indexes into the ladder as it is written, as JSON
  reason TEXT NOT NULL
) STRICT;

CREATE INDEX incidents_by_alertname ON incidents (body ->> 'alertname', received_at);
CREATE INDEX incidents_by_program ON incidents (coalesce(body -> 'target' ->> 'group', body -> 'labels' ->> 'group'), received_at);
`
