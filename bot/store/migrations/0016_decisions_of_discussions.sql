-- A decision can come from a discussion: its id, and the hash of the totals that were there when it was recorded.
ALTER TABLE decisions ADD COLUMN discussion TEXT NOT NULL DEFAULT '';

ALTER TABLE decisions ADD COLUMN totals_hash TEXT NOT NULL DEFAULT '';
