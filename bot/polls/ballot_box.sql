-- The vote path: one statement a table for a whole group of votes. Lists travel as JSON text.

-- name: lock_polls(ids)
-- The polls that a group of votes is for; on PostgreSQL their rows are locked until the end of the transaction.
SELECT p.id, p.state, p.closes_at, p.secret, p.head, p.links, p.ballots, p.format, p.row_seal, p.consent, s.wrapped
FROM polls p LEFT JOIN poll_secrets s ON s.poll = p.id
WHERE p.id IN (SELECT value FROM json_each(:ids));

-- name: standing_ballots(keys)
-- `keys`: [[poll, voter], …]
SELECT b.poll, b.voter, b.choice, b.link, l.hash
FROM json_each(:keys) k
CROSS JOIN ballots b ON b.poll = json_extract(k.value, '$[0]') AND b.voter = json_extract(k.value, '$[1]')
LEFT JOIN links l ON l.poll = b.poll AND l.number = b.link;

-- name: append_link*!
INSERT INTO links (poll, number, step, commitment, replaces, receipt, before, hash, closes_at)
VALUES (:poll, :number, :step, :commitment, :replaces, :receipt, :before, :hash, :closes_at);

-- name: put_ballot*!
INSERT INTO ballots (poll, voter, choice, name, link, nonce, who, salt)
VALUES (:poll, :voter, :choice, :name, :link, :nonce, :who, :salt)
ON CONFLICT (poll, voter) DO UPDATE
SET choice = excluded.choice, name = excluded.name, link = excluded.link, nonce = excluded.nonce, who = excluded.who,
    salt = excluded.salt;

-- name: drop_ballot*!
DELETE FROM ballots WHERE poll = :poll AND voter = :voter;

-- name: count_more*!
INSERT INTO choice_counts (poll, choice, count) VALUES (:poll, :choice, :change)
ON CONFLICT (poll, choice) DO UPDATE SET count = choice_counts.count + excluded.count;

-- name: count_fewer*!
UPDATE choice_counts SET count = count - :change WHERE poll = :poll AND choice = :choice;

-- name: advance_poll*!
UPDATE polls SET head = :head, links = :links, ballots = :ballots, row_seal = :row_seal WHERE id = :poll;

-- name: standing_ballot(poll, voter)^
SELECT b.choice, b.link, l.hash FROM ballots b LEFT JOIN links l ON l.poll = b.poll AND l.number = b.link
WHERE b.poll = :poll AND b.voter = :voter;

-- name: drop_ballots(poll)!
DELETE FROM ballots WHERE poll = :poll;

-- name: put_sealed_ballot*!
INSERT INTO ballots (poll, voter, choice, seal) VALUES (:poll, :voter, :choice, :seal);

-- name: seal_named_ballot*!
UPDATE ballots SET seal = :seal WHERE poll = :poll AND voter = :voter;

-- name: put_closing_commitment*!
INSERT INTO closing_commitments (poll, commitment) VALUES (:poll, :commitment);

-- name: drop_secret(poll)!
DELETE FROM poll_secrets WHERE poll = :poll;

-- name: drop_counts(poll)!
DELETE FROM choice_counts WHERE poll = :poll;

-- name: drop_empty_counts(poll)!
DELETE FROM choice_counts WHERE poll = :poll AND count = 0;

-- name: end_poll(poll, state, closed_at, closed_by, ballots, chain_key, row_seal)!
-- The chain key is published, so that anybody can recompute the links.
UPDATE polls SET state = :state, closed_at = :closed_at, closed_by = :closed_by, ballots = :ballots, remind_at = NULL,
    row_seal = :row_seal, chain_key = :chain_key
WHERE id = :poll AND state = 'open';

-- name: extend_poll(poll, closes_at, remind_at)!
UPDATE polls SET closes_at = :closes_at, remind_at = :remind_at
WHERE id = :poll AND state = 'open' AND closes_at < :closes_at;
