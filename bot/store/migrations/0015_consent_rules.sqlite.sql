-- What consent adds to a poll is frozen at its first vote.

CREATE TRIGGER polls_consent_frozen BEFORE UPDATE OF consent, follows ON polls
WHEN OLD.links > 0
BEGIN SELECT RAISE(ABORT, 'a poll is frozen at its first vote'); END;
