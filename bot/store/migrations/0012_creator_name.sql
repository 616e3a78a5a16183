-- A poll's card says who opened it, on every platform where it is posted. Empty for earlier polls, and once erased.

ALTER TABLE polls ADD COLUMN creator_name TEXT NOT NULL DEFAULT '';
