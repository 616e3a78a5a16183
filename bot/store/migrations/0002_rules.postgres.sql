-- What a CHECK can't say: the log is append-only, a poll is frozen at the first vote, and a closed poll stays closed.

CREATE FUNCTION parley_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER links_never_change BEFORE UPDATE ON links
FOR EACH ROW EXECUTE FUNCTION parley_refuse('links are append-only');

CREATE TRIGGER links_never_truncated BEFORE TRUNCATE ON links
FOR EACH STATEMENT EXECUTE FUNCTION parley_refuse('links are append-only');

-- A link goes only in the cascade that removes its whole poll.
CREATE FUNCTION parley_link_goes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM polls WHERE id = OLD.poll) OR NOT EXISTS (SELECT 1 FROM erasures WHERE poll = OLD.poll) THEN
        RAISE EXCEPTION 'links are append-only' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER links_never_go BEFORE DELETE ON links
FOR EACH ROW EXECUTE FUNCTION parley_link_goes();

CREATE FUNCTION parley_poll_goes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM erasures WHERE poll = OLD.id AND links = OLD.links AND head = OLD.head) THEN
        RAISE EXCEPTION 'a poll is deleted only after its line in erasures' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER polls_go_on_record BEFORE DELETE ON polls
FOR EACH ROW EXECUTE FUNCTION parley_poll_goes();

CREATE FUNCTION parley_poll_comes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM erasures WHERE poll = NEW.id) THEN
        RAISE EXCEPTION 'this poll was erased' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER polls_never_come_back BEFORE INSERT ON polls
FOR EACH ROW EXECUTE FUNCTION parley_poll_comes();

CREATE TRIGGER erasures_never_change BEFORE UPDATE OR DELETE ON erasures
FOR EACH ROW EXECUTE FUNCTION parley_refuse('erasures are append-only');

CREATE TRIGGER erasures_never_truncated BEFORE TRUNCATE ON erasures
FOR EACH STATEMENT EXECUTE FUNCTION parley_refuse('erasures are append-only');

CREATE TRIGGER polls_frozen BEFORE UPDATE OF id, community, question, method, max_choices, secret, roles, joined_before,
    quorum, opened_at ON polls
FOR EACH ROW WHEN (OLD.links > 0) EXECUTE FUNCTION parley_refuse('a poll is frozen at its first vote');

CREATE FUNCTION parley_option_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND EXISTS (SELECT 1 FROM polls WHERE id = OLD.poll AND links > 0)
        OR TG_OP <> 'DELETE' AND EXISTS (SELECT 1 FROM polls WHERE id = NEW.poll AND links > 0) THEN
        RAISE EXCEPTION 'a poll is frozen at its first vote' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER poll_options_frozen BEFORE INSERT OR UPDATE OR DELETE ON poll_options
FOR EACH ROW EXECUTE FUNCTION parley_option_frozen();

CREATE TRIGGER polls_stay_closed BEFORE UPDATE OF state, closed_at, closes_at ON polls
FOR EACH ROW WHEN (OLD.state <> 'open') EXECUTE FUNCTION parley_refuse('a closed poll stays closed');
