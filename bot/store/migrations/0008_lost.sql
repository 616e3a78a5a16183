-- What the bot could not do where a poll was posted, so that the poll's end is told all the same.

-- How many edits of this message were refused since the last that was not. It is tried again at the poll's end.
ALTER TABLE poll_copies ADD COLUMN lost INTEGER NOT NULL DEFAULT 0 CHECK (lost >= 0);

-- Whether whoever opened the poll was told its result, because a place could not be.
ALTER TABLE polls ADD COLUMN creator_told INTEGER NOT NULL DEFAULT 0 CHECK (creator_told IN (0, 1));
