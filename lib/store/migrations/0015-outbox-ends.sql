-- Every mail comes to an end: when it was queued, and what its last attempt met.

ALTER TABLE outbox ADD COLUMN queued INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN problem TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN seen TEXT NOT NULL DEFAULT '';
UPDATE outbox SET queued = next_try;
CREATE INDEX outbox_given_up ON outbox (id) WHERE state = 'given_up';
