-- Rehearsals: would these names pass now? The last one of each name and for an hour only; nothing is ever issued on what stands here.

CREATE TABLE rehearsal (
    enrolment BLOB NOT NULL REFERENCES enrolment (id),
    name      TEXT NOT NULL,
    nonce     BLOB NOT NULL,    -- of the challenge that it was asked for
    asked     INTEGER NOT NULL,
    due       INTEGER NOT NULL, -- 0: it was made
    put_off   INTEGER NOT NULL, -- it has its place in the pace of its domain
    made      INTEGER NOT NULL, -- 0: not yet
    passes    INTEGER NOT NULL,
    PRIMARY KEY (enrolment, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX rehearsal_due ON rehearsal (due) WHERE due > 0;

-- What each perspective saw; dcv is NULL where it gave no answer, and then caa and dnssec mean nothing.
CREATE TABLE rehearsal_sight (
    enrolment   BLOB NOT NULL,
    name        TEXT NOT NULL,
    perspective TEXT NOT NULL,
    dcv         INTEGER,
    caa         INTEGER NOT NULL,
    dnssec      INTEGER NOT NULL,
    report      BLOB NOT NULL,
    PRIMARY KEY (enrolment, name, perspective),
    FOREIGN KEY (enrolment, name) REFERENCES rehearsal (enrolment, name) ON DELETE CASCADE
) STRICT;
