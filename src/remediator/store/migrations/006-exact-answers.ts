/** Owns the sixth schema: what is remembered of people's answers is bound to exact steps. Shipped: never edited. */

export const exactAnswers = `
-- An answer that is to count again, with the steps that were asked about. Answers of before were kept by words alone, and the same words
-- may mean more by now: a yes is asked for anew. A no of before has no steps, and goes on to count for what is called the same.
ALTER TABLE first_approvals RENAME TO first_approvals_by_words;
CREATE TABLE first_approvals (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  policy TEXT NOT NULL,
  program TEXT NOT NULL,
  action TEXT NOT NULL,                      -- in words, for people
  steps TEXT,                                -- exactly these, as JSON
  answer TEXT NOT NULL,                      -- approve, deny
  standing INTEGER NOT NULL,                 -- 1: said with --always, counts wherever one would be asked
  given_by TEXT NOT NULL,
  how TEXT NOT NULL,
  incident TEXT NOT NULL,
  at TEXT NOT NULL,
  UNIQUE (policy, program, steps)
) STRICT;
INSERT INTO first_approvals (id, policy, program, action, answer, standing, given_by, how, incident, at)
  SELECT id, policy, program, action, answer, standing, given_by, how, incident, at FROM first_approvals_by_words WHERE answer = 'deny';
DROP TABLE first_approvals_by_words;
`
