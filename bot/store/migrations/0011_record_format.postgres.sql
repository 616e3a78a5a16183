-- Format 2 of a poll's record (docs/record-format.md). Polls that are open go on under format 1.

ALTER TABLE polls ADD COLUMN format BIGINT NOT NULL DEFAULT 1 CHECK (format IN (1, 2));
ALTER TABLE polls ADD COLUMN first_closes_at BIGINT;            -- the close as it was when the poll opened
ALTER TABLE polls ADD COLUMN row_seal TEXT NOT NULL DEFAULT '' CHECK (length(row_seal) IN (0, 64)); -- while it is open
ALTER TABLE polls ADD COLUMN chain_key TEXT NOT NULL DEFAULT '' CHECK (length(chain_key) IN (0, 64)); -- once it has ended

-- What the option's card said when the poll opened.
ALTER TABLE poll_options ADD COLUMN words TEXT NOT NULL DEFAULT '';

-- In a named poll: what the ballot commits to in place of its voter, and the salt that opens it until it is erased.
ALTER TABLE ballots ADD COLUMN who TEXT CHECK (length(who) = 64);
ALTER TABLE ballots ADD COLUMN salt TEXT CHECK (length(salt) = 32);

-- One more step: an extension, which holds the new close.
ALTER TABLE links DROP CONSTRAINT links_step_check;
ALTER TABLE links ADD CONSTRAINT links_step_check CHECK (step IN ('cast', 'change', 'withdraw', 'extend', 'close'));
ALTER TABLE links ADD COLUMN closes_at BIGINT CHECK ((closes_at IS NOT NULL) = (step = 'extend'));

CREATE TRIGGER polls_opening_frozen BEFORE UPDATE OF format, results, topic, first_closes_at ON polls
FOR EACH ROW WHEN (OLD.links > 0) EXECUTE FUNCTION parley_refuse('a poll is frozen at its first vote');
