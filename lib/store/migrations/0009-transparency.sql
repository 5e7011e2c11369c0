-- Precertificates on their way to the logs, and what each log said of each: its promise, or why there
-- is none.

CREATE TABLE precertificate (
    enrolment BLOB NOT NULL,
    ordinal   INTEGER NOT NULL,
    der       BLOB NOT NULL,
    signed    INTEGER NOT NULL,
    attempts  INTEGER NOT NULL,
    next_try  INTEGER NOT NULL,
    PRIMARY KEY (enrolment, ordinal),
    FOREIGN KEY (enrolment, ordinal) REFERENCES certificate (enrolment, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE submission (
    enrolment BLOB NOT NULL,
    ordinal   INTEGER NOT NULL,
    log       TEXT NOT NULL,
    sct       BLOB NOT NULL,
    problem   TEXT NOT NULL,
    seen      TEXT NOT NULL,
    time      INTEGER NOT NULL,
    PRIMARY KEY (enrolment, ordinal, log),
    FOREIGN KEY (enrolment, ordinal) REFERENCES precertificate (enrolment, ordinal)
) STRICT, WITHOUT ROWID;
