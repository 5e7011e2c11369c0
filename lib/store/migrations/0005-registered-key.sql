-- Keys that log in without the PIN, and what each such log-in has to sign.

CREATE TABLE registered_key (
    enrolment  BLOB NOT NULL REFERENCES enrolment (id),
    spki_hash  BLOB NOT NULL CHECK (length(spki_hash) = 32),
    spki       BLOB NOT NULL CHECK (length(spki) = 44),
    label      TEXT NOT NULL,
    registered INTEGER NOT NULL,
    used       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (enrolment, spki_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE login_nonce (
    hash       BLOB PRIMARY KEY CHECK (length(hash) = 32),
    until_time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_nonce_by_until ON login_nonce (until_time);

-- Which key opened the session, so that it ends with the key; NULL: the PIN did.
ALTER TABLE session ADD COLUMN spki_hash BLOB;
