-- name: lock_polls(ids)
SELECT p.id, p.state, p.closes_at, p.secret, p.head, p.links, p.ballots, p.format, p.row_seal, p.consent, s.wrapped
FROM polls p LEFT JOIN poll_secrets s ON s.poll = p.id
WHERE p.id IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb)))
ORDER BY p.id FOR UPDATE OF p;

-- name: standing_ballots(keys)
-- OFFSET 0 keeps the planner at one index lookup a key; joined freely it reads all ballots before it has statistics.
SELECT b.poll, b.voter, b.choice, b.link, b.hash
FROM jsonb_array_elements(CAST(:keys AS jsonb)) k CROSS JOIN LATERAL (
    SELECT b.poll, b.voter, b.choice, b.link, (
        SELECT l.hash FROM links l WHERE l.poll = b.poll AND l.number = b.link
    ) AS hash
    FROM ballots b WHERE b.poll = k ->> 0 AND b.voter = k ->> 1 OFFSET 0
) b;

-- Here a group is one statement a table: `rows` is the list of values as JSON.

-- name: append_link(rows)!
INSERT INTO links (poll, number, step, commitment, replaces, receipt, before, hash, closes_at)
SELECT poll, number, step, commitment, replaces, receipt, before, hash, closes_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (poll TEXT, number BIGINT, step TEXT, commitment TEXT,
    replaces BIGINT, receipt TEXT, before TEXT, hash TEXT, closes_at BIGINT);

-- name: put_ballot(rows)!
INSERT INTO ballots (poll, voter, choice, name, link, nonce, who, salt)
SELECT poll, voter, choice, name, link, nonce, who, salt FROM jsonb_to_recordset(CAST(:rows AS jsonb))
AS r (poll TEXT, voter TEXT, choice TEXT, name TEXT, link BIGINT, nonce TEXT, who TEXT, salt TEXT)
ON CONFLICT (poll, voter) DO UPDATE
SET choice = excluded.choice, name = excluded.name, link = excluded.link, nonce = excluded.nonce, who = excluded.who,
    salt = excluded.salt;

-- name: drop_ballot(rows)!
DELETE FROM ballots b USING jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (poll TEXT, voter TEXT)
WHERE b.poll = r.poll AND b.voter = r.voter;

-- name: count_more(rows)!
INSERT INTO choice_counts (poll, choice, count)
SELECT poll, choice, change FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (poll TEXT, choice TEXT, change BIGINT)
ON CONFLICT (poll, choice) DO UPDATE SET count = choice_counts.count + excluded.count;

-- name: count_fewer(rows)!
UPDATE choice_counts c SET count = c.count - r.change
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (poll TEXT, choice TEXT, change BIGINT)
WHERE c.poll = r.poll AND c.choice = r.choice;

-- name: advance_poll(rows)!
UPDATE polls p SET head = r.head, links = r.links, ballots = r.ballots, row_seal = r.row_seal
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (poll TEXT, head TEXT, links BIGINT, ballots BIGINT, row_seal TEXT)
WHERE p.id = r.poll;

-- name: put_sealed_ballot(rows)!
INSERT INTO ballots (poll, voter, choice, seal)
SELECT poll, voter, choice, seal FROM jsonb_to_recordset(CAST(:rows AS jsonb))
AS r (poll TEXT, voter TEXT, choice TEXT, seal TEXT);

-- name: seal_named_ballot(rows)!
UPDATE ballots b SET seal = r.seal FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (poll TEXT, voter TEXT, seal TEXT)
WHERE b.poll = r.poll AND b.voter = r.voter;

-- name: put_closing_commitment(rows)!
INSERT INTO closing_commitments (poll, commitment)
SELECT poll, commitment FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (poll TEXT, commitment TEXT);
