-- What consent adds to a poll is frozen at its first vote.

CREATE TRIGGER polls_consent_frozen BEFORE UPDATE OF consent, follows ON polls
FOR EACH ROW WHEN (OLD.links > 0) EXECUTE FUNCTION parley_refuse('a poll is frozen at its first vote');
