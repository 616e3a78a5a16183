-- name: claim_actions(rows, span)
-- Sorted, so that two processes that claim the same keys wait for each other instead of blocking each other.
INSERT INTO repeats (key, scope, until, done)
SELECT key, scope, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) + CAST(:span AS BIGINT), 0
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (key TEXT, scope TEXT) ORDER BY key
ON CONFLICT (key) DO UPDATE SET until = excluded.until
WHERE repeats.done = 0 AND (repeats.until <= excluded.until - CAST(:span AS BIGINT)
    OR repeats.until > excluded.until + CAST(:span AS BIGINT))
RETURNING key;

-- name: renew_action(key, span)!
UPDATE repeats SET until = CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) + CAST(:span AS BIGINT)
WHERE key = :key AND done = 0;

-- name: clear_actions(age)!
DELETE FROM repeats WHERE until < CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) - CAST(:age AS BIGINT);
