-- The repository: what accepted certificates are found by. A row stays when the certificate is revoked.

ALTER TABLE certificate ADD COLUMN accepted INTEGER NOT NULL DEFAULT 0;

CREATE TABLE repository_term (
    kind      TEXT NOT NULL,
    term      TEXT NOT NULL CHECK (term <> ''),
    enrolment BLOB NOT NULL,
    ordinal   INTEGER NOT NULL,
    PRIMARY KEY (kind, term, enrolment, ordinal),
    FOREIGN KEY (enrolment, ordinal) REFERENCES certificate (enrolment, ordinal)
) STRICT, WITHOUT ROWID;
