-- A challenge knows at which domain it is to be proved ('': its own name), and whose account CAA may ask for.

ALTER TABLE challenge ADD COLUMN domain TEXT NOT NULL DEFAULT '';
ALTER TABLE challenge ADD COLUMN srn TEXT NOT NULL DEFAULT '';
