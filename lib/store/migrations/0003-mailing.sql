-- Codes by mail: where to, what became of it, what was typed.

CREATE TABLE mailing (
    enrolment BLOB NOT NULL REFERENCES enrolment (id),
    name      TEXT NOT NULL,
    address   TEXT NOT NULL,
    typed     TEXT NOT NULL,
    state     TEXT NOT NULL,
    seen      TEXT NOT NULL,
    attempts  INTEGER NOT NULL,
    next_try  INTEGER NOT NULL,
    sent      INTEGER NOT NULL,
    PRIMARY KEY (enrolment, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX mailing_due ON mailing (next_try) WHERE state = 'asked';
