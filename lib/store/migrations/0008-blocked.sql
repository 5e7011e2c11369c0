-- A blocked key is settled when the signer knows it and its certificates are being revoked.

ALTER TABLE blocked_key ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;
CREATE INDEX blocked_unsettled ON blocked_key (time) WHERE settled = 0;
CREATE INDEX certificate_by_key ON certificate (spki_hash);
