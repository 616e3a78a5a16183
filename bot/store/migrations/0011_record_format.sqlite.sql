-- Format 2 of a poll's record (docs/record-format.md). Polls that are open go on under format 1.

ALTER TABLE polls ADD COLUMN format INTEGER NOT NULL DEFAULT 1 CHECK (format IN (1, 2));
ALTER TABLE polls ADD COLUMN first_closes_at INTEGER;           -- the close as it was when the poll opened
ALTER TABLE polls ADD COLUMN row_seal TEXT NOT NULL DEFAULT '' CHECK (length(row_seal) IN (0, 64)); -- while it is open
ALTER TABLE polls ADD COLUMN chain_key TEXT NOT NULL DEFAULT '' CHECK (length(chain_key) IN (0, 64)); -- once it has ended

-- What the option's card said when the poll opened.
ALTER TABLE poll_options ADD COLUMN words TEXT NOT NULL DEFAULT '';

-- In a named poll: what the ballot commits to in place of its voter, and the salt that opens it until it is erased.
ALTER TABLE ballots ADD COLUMN who TEXT CHECK (length(who) = 64);
ALTER TABLE ballots ADD COLUMN salt TEXT CHECK (length(salt) = 32);

-- The same table with one more step: an extension, which holds the new close. A CHECK can't be changed in place.
CREATE TABLE links_again (
    poll       TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL CHECK (number > 0),
    step       TEXT NOT NULL CHECK (step IN ('cast', 'change', 'withdraw', 'extend', 'close')),
    commitment TEXT NOT NULL CHECK (length(commitment) = CASE WHEN step = 'withdraw' THEN 0 ELSE 64 END),
    replaces   INTEGER NOT NULL CHECK (replaces >= 0 AND replaces < number),
    receipt    TEXT NOT NULL CHECK (length(receipt) = CASE WHEN step IN ('cast', 'change') THEN 64 ELSE 0 END),
    before     TEXT NOT NULL CHECK (length(before) = 64),
    hash       TEXT NOT NULL CHECK (length(hash) = 64),
    closes_at  INTEGER CHECK ((closes_at IS NOT NULL) = (step = 'extend')),
    PRIMARY KEY (poll, number),
    CHECK ((replaces > 0) = (step IN ('change', 'withdraw')))
) STRICT, WITHOUT ROWID;

INSERT INTO links_again (poll, number, step, commitment, replaces, receipt, before, hash)
SELECT poll, number, step, commitment, replaces, receipt, before, hash FROM links;

DROP TABLE links;
ALTER TABLE links_again RENAME TO links;

CREATE TRIGGER links_never_change BEFORE UPDATE ON links
BEGIN SELECT RAISE(ABORT, 'links are append-only'); END;

CREATE TRIGGER links_never_replaced BEFORE INSERT ON links
WHEN EXISTS (SELECT 1 FROM links WHERE poll = NEW.poll AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'links are append-only'); END;

CREATE TRIGGER links_never_go BEFORE DELETE ON links
WHEN EXISTS (SELECT 1 FROM polls WHERE id = OLD.poll) OR NOT EXISTS (SELECT 1 FROM erasures WHERE poll = OLD.poll)
BEGIN SELECT RAISE(ABORT, 'links are append-only'); END;

CREATE TRIGGER polls_opening_frozen BEFORE UPDATE OF format, results, topic, first_closes_at ON polls
WHEN OLD.links > 0
BEGIN SELECT RAISE(ABORT, 'a poll is frozen at its first vote'); END;
