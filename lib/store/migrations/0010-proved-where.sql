-- A challenge knows at which domain it is to be proved ('': its own name), and whose account CAA may ask for.

ALTER TABLE challenge ADD COLUMN domain TEXT NOT NULL DEFAULT '';
ALTER TABLE challenge ADD COLUMN srn TEXT NOT NULL DEFAULT '';

-- A proof that is used again has CAA asked anew: by this attempt, at this time.
ALTER TABLE evidence ADD COLUMN caa_attempt BLOB;
ALTER TABLE evidence ADD COLUMN caa_time INTEGER NOT NULL DEFAULT 0;
