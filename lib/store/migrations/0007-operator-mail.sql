-- Mail to the operator, which is about no enrolment.

CREATE TABLE outbox_with_operator (
    id         INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL,
    enrolment  BLOB REFERENCES enrolment (id),
    recipient  TEXT NOT NULL,
    language   TEXT NOT NULL,
    parameters TEXT NOT NULL,
    state      TEXT NOT NULL,
    attempts   INTEGER NOT NULL,
    next_try   INTEGER NOT NULL
) STRICT;
INSERT INTO outbox_with_operator SELECT id, kind, enrolment, recipient, language, parameters, state,
    attempts, next_try FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_with_operator RENAME TO outbox;
CREATE INDEX outbox_due ON outbox (next_try) WHERE state = 'waiting';
CREATE UNIQUE INDEX outbox_once ON outbox (kind, coalesce(enrolment, x''), parameters);
