-- Why an application came back from its representative, in the representative's own words.

CREATE TABLE returned (
    application BLOB PRIMARY KEY REFERENCES application (id),
    step        TEXT NOT NULL CHECK (step IN ('details', 'certificate')),
    reason      TEXT NOT NULL,
    actor       TEXT NOT NULL,
    time        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
