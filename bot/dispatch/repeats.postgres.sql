-- name: claim_action(key, scope, span)!
INSERT INTO repeats (key, scope, until, done)
VALUES (:key, :scope, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) + CAST(:span AS BIGINT), 0)
ON CONFLICT (key) DO UPDATE SET until = excluded.until
WHERE repeats.done = 0 AND (repeats.until <= excluded.until - CAST(:span AS BIGINT)
    OR repeats.until > excluded.until + CAST(:span AS BIGINT));

-- name: renew_action(key, span)!
UPDATE repeats SET until = CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) + CAST(:span AS BIGINT)
WHERE key = :key AND done = 0;

-- name: clear_actions(age)!
DELETE FROM repeats WHERE until < CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) - CAST(:age AS BIGINT);
