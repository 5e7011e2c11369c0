-- The first tables. Times are seconds UTC, identifiers 16 random bytes, states their stable names.

CREATE TABLE application (
    id      BLOB PRIMARY KEY CHECK (length(id) = 16),
    hash    BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    der     BLOB NOT NULL,
    state   TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE approval (
    application BLOB NOT NULL REFERENCES application (id),
    role        INTEGER NOT NULL,
    key_id      BLOB NOT NULL CHECK (length(key_id) = 32),
    time        INTEGER NOT NULL,
    der         BLOB NOT NULL,
    PRIMARY KEY (application, role),
    UNIQUE (application, key_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolment (
    id               BLOB PRIMARY KEY CHECK (length(id) = 16),
    application      BLOB NOT NULL UNIQUE REFERENCES application (id),
    reference        TEXT NOT NULL UNIQUE CHECK (length(reference) = 9),
    pin_hash         TEXT NOT NULL,
    attempts_left    INTEGER NOT NULL CHECK (attempts_left >= 0),
    state            TEXT NOT NULL,
    chinese          INTEGER NOT NULL,
    ordinal          INTEGER NOT NULL CHECK (ordinal >= 1),
    dcv_method       INTEGER NOT NULL,
    spki_hash        BLOB,
    subscription_end INTEGER NOT NULL,
    updated          INTEGER NOT NULL,
    version          INTEGER NOT NULL,
    problem_code     TEXT NOT NULL DEFAULT '',
    problem_field    TEXT NOT NULL DEFAULT '',
    problem_seen     TEXT NOT NULL DEFAULT '',
    problem_expected TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX enrolment_by_state ON enrolment (state, updated);
CREATE INDEX enrolment_without_pin ON enrolment (updated) WHERE pin_hash = '';

CREATE TABLE session (
    token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
    enrolment  BLOB NOT NULL REFERENCES enrolment (id),
    created    INTEGER NOT NULL,
    seen       INTEGER NOT NULL,
    language   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_seen ON session (seen);

CREATE TABLE challenge (
    enrolment        BLOB NOT NULL REFERENCES enrolment (id),
    place            INTEGER NOT NULL,
    application_hash BLOB NOT NULL CHECK (length(application_hash) = 32),
    name             TEXT NOT NULL,
    method           INTEGER NOT NULL,
    created          INTEGER NOT NULL,
    nonce            BLOB NOT NULL CHECK (length(nonce) = 16),
    spki_hash        BLOB,
    state            TEXT NOT NULL,
    next_check       INTEGER NOT NULL,
    attempts         INTEGER NOT NULL,
    PRIMARY KEY (enrolment, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX challenge_due ON challenge (next_check) WHERE next_check > 0;

CREATE TABLE observation (
    attempt     BLOB NOT NULL CHECK (length(attempt) = 16),
    name        TEXT NOT NULL,
    perspective TEXT NOT NULL,
    enrolment   BLOB NOT NULL REFERENCES enrolment (id),
    der         BLOB NOT NULL,
    report      BLOB NOT NULL,
    time        INTEGER NOT NULL,
    PRIMARY KEY (attempt, name, perspective)
) STRICT;
CREATE INDEX observation_by_enrolment ON observation (enrolment, name, time);

CREATE TABLE evidence (
    enrolment BLOB NOT NULL REFERENCES enrolment (id),
    name      TEXT NOT NULL,
    attempt   BLOB NOT NULL CHECK (length(attempt) = 16),
    method    INTEGER NOT NULL,
    time      INTEGER NOT NULL,
    PRIMARY KEY (enrolment, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE certificate (
    enrolment  BLOB NOT NULL REFERENCES enrolment (id),
    ordinal    INTEGER NOT NULL CHECK (ordinal >= 1),
    state      TEXT NOT NULL,
    csr        BLOB NOT NULL,
    spki_hash  BLOB NOT NULL CHECK (length(spki_hash) = 32),
    serial     BLOB UNIQUE,
    issuer     TEXT NOT NULL DEFAULT '',
    der        BLOB,
    not_before INTEGER NOT NULL DEFAULT 0,
    not_after  INTEGER NOT NULL DEFAULT 0,
    reason     INTEGER NOT NULL DEFAULT 0,
    revoked    INTEGER NOT NULL DEFAULT 0,
    created    INTEGER NOT NULL,
    PRIMARY KEY (enrolment, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX certificate_by_state ON certificate (state, created);
CREATE INDEX certificate_by_age ON certificate (created);

CREATE TABLE publication (
    name        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    der         BLOB NOT NULL,
    number      INTEGER NOT NULL,
    this_update INTEGER NOT NULL,
    next_update INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL,
    enrolment  BLOB NOT NULL REFERENCES enrolment (id),
    recipient  TEXT NOT NULL,
    language   TEXT NOT NULL,
    parameters TEXT NOT NULL,
    state      TEXT NOT NULL,
    attempts   INTEGER NOT NULL,
    next_try   INTEGER NOT NULL,
    UNIQUE (kind, enrolment, parameters)
) STRICT;
CREATE INDEX outbox_due ON outbox (next_try) WHERE state = 'waiting';

CREATE TABLE blocked_key (
    spki_hash BLOB PRIMARY KEY CHECK (length(spki_hash) = 32),
    reason    TEXT NOT NULL,
    time      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE throttle (
    bucket TEXT PRIMARY KEY,
    count  INTEGER NOT NULL,
    window INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    seq      INTEGER PRIMARY KEY,
    time     INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    action   TEXT NOT NULL,
    object   TEXT NOT NULL,
    detail   TEXT NOT NULL,
    previous BLOB NOT NULL CHECK (length(previous) = 32),
    hash     BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER application_stands BEFORE UPDATE OF id, hash, der, created ON application
    BEGIN SELECT RAISE(ABORT, 'an application never changes'); END;
