-- name: claim_actions(rows, span)
-- Sorted, so that of two processes that claim the same keys one waits for the other.
INSERT INTO repeats (key, scope, until, done)
SELECT key, scope, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) + CAST(:span AS BIGINT), 0
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (key TEXT, scope TEXT) ORDER BY key
ON CONFLICT (key) DO UPDATE SET until = excluded.until
WHERE repeats.done = 0 AND (repeats.until <= excluded.until - CAST(:span AS BIGINT)
    OR repeats.until > excluded.until + CAST(:span AS BIGINT))
RETURNING key;

-- name: overtake_actions(rows)!
-- A locked action is being ended by a living process, so nothing needs to overtake it.
UPDATE repeats SET done = 1, scope = '' WHERE key IN (
    SELECT repeats.key FROM repeats JOIN jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (key TEXT, scope TEXT)
        ON repeats.scope = r.scope AND repeats.key <> r.key
    WHERE repeats.scope <> '' AND repeats.done = 0
    FOR UPDATE OF repeats SKIP LOCKED);

-- name: renew_action(key, span)!
UPDATE repeats SET until = CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) + CAST(:span AS BIGINT)
WHERE key = :key AND done = 0;

-- name: clear_actions(age)!
DELETE FROM repeats WHERE until < CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) - CAST(:age AS BIGINT);
