-- What a CHECK can't say: the log is append-only, a poll is frozen at the first vote, and a closed poll stays closed.

CREATE TRIGGER links_never_change BEFORE UPDATE ON links
BEGIN SELECT RAISE(ABORT, 'links are append-only'); END;

CREATE TRIGGER links_never_replaced BEFORE INSERT ON links
WHEN EXISTS (SELECT 1 FROM links WHERE poll = NEW.poll AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'links are append-only'); END;

-- A link goes only in the cascade that removes its whole poll.
CREATE TRIGGER links_never_go BEFORE DELETE ON links
WHEN EXISTS (SELECT 1 FROM polls WHERE id = OLD.poll) OR NOT EXISTS (SELECT 1 FROM erasures WHERE poll = OLD.poll)
BEGIN SELECT RAISE(ABORT, 'links are append-only'); END;

CREATE TRIGGER polls_go_on_record BEFORE DELETE ON polls
WHEN NOT EXISTS (SELECT 1 FROM erasures WHERE poll = OLD.id AND links = OLD.links AND head = OLD.head)
BEGIN SELECT RAISE(ABORT, 'a poll is deleted only after its line in erasures'); END;

CREATE TRIGGER polls_never_come_back BEFORE INSERT ON polls
WHEN EXISTS (SELECT 1 FROM erasures WHERE poll = NEW.id)
BEGIN SELECT RAISE(ABORT, 'this poll was erased'); END;

CREATE TRIGGER erasures_never_change BEFORE UPDATE ON erasures
BEGIN SELECT RAISE(ABORT, 'erasures are append-only'); END;

CREATE TRIGGER erasures_never_go BEFORE DELETE ON erasures
BEGIN SELECT RAISE(ABORT, 'erasures are append-only'); END;

CREATE TRIGGER polls_frozen BEFORE UPDATE OF id, community, question, method, max_choices, secret, roles, joined_before,
    quorum, opened_at ON polls
WHEN OLD.links > 0
BEGIN SELECT RAISE(ABORT, 'a poll is frozen at its first vote'); END;

CREATE TRIGGER poll_options_frozen BEFORE UPDATE ON poll_options
WHEN (SELECT links FROM polls WHERE id = OLD.poll) > 0
BEGIN SELECT RAISE(ABORT, 'a poll is frozen at its first vote'); END;

CREATE TRIGGER poll_options_stay BEFORE DELETE ON poll_options
WHEN (SELECT links FROM polls WHERE id = OLD.poll) > 0
BEGIN SELECT RAISE(ABORT, 'a poll is frozen at its first vote'); END;

CREATE TRIGGER poll_options_complete BEFORE INSERT ON poll_options
WHEN (SELECT links FROM polls WHERE id = NEW.poll) > 0
BEGIN SELECT RAISE(ABORT, 'a poll is frozen at its first vote'); END;

CREATE TRIGGER polls_stay_closed BEFORE UPDATE OF state, closed_at, closes_at ON polls
WHEN OLD.state <> 'open'
BEGIN SELECT RAISE(ABORT, 'a closed poll stays closed'); END;
