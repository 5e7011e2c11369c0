-- Whose checks wait for whose: the subscriber of an application ('': entered before this was kept), and what the
-- registrar remembers of the pace of an enrolment's checks.

ALTER TABLE application ADD COLUMN subscriber TEXT NOT NULL DEFAULT '';

CREATE TABLE pacing (
    enrolment BLOB PRIMARY KEY REFERENCES enrolment (id),
    slow      INTEGER NOT NULL,
    reason    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
