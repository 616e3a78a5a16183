-- name: lock_polls(ids)
SELECT p.id, p.state, p.closes_at, p.secret, p.head, p.links, p.ballots, s.wrapped
FROM polls p LEFT JOIN poll_secrets s ON s.poll = p.id
WHERE p.id IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb)))
ORDER BY p.id FOR UPDATE OF p;

-- name: standing_ballots(keys)
SELECT b.poll, b.voter, b.choice, b.link
FROM jsonb_array_elements(CAST(:keys AS jsonb)) k JOIN ballots b ON b.poll = k ->> 0 AND b.voter = k ->> 1;
