-- Notices of the CA on the log-in page.

CREATE TABLE notice (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    from_time  INTEGER NOT NULL,
    until_time INTEGER NOT NULL,
    en         TEXT NOT NULL CHECK (en <> ''),
    zh_hk      TEXT NOT NULL CHECK (zh_hk <> ''),
    zh_cn      TEXT NOT NULL CHECK (zh_cn <> '')
) STRICT;
