-- Actions that a platform may deliver twice. A time too far ahead was set by a clock that has been put back since.

-- name: claim_actions(rows, span)
-- `rows`: [{"key": …, "scope": …}, …], each key once. Returns the claimed keys.
INSERT INTO repeats (key, scope, until, done)
SELECT json_extract(value, '$.key'), json_extract(value, '$.scope'),
    CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER) + :span, 0
FROM json_each(:rows) WHERE TRUE
ON CONFLICT (key) DO UPDATE SET until = excluded.until
WHERE repeats.done = 0 AND (repeats.until <= excluded.until - :span OR repeats.until > excluded.until + :span)
RETURNING key;

-- name: overtake_actions(key, scope)*!
-- An action without a scope overtakes none. The index of unfinished actions serves this query.
UPDATE repeats SET done = 1, scope = '' WHERE scope = :scope AND scope <> '' AND key <> :key AND done = 0;

-- name: renew_action(key, span)!
UPDATE repeats SET until = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER) + :span
WHERE key = :key AND done = 0;

-- name: finish_action(key)*!
UPDATE repeats SET done = 1, scope = '' WHERE key = :key;

-- name: release_action(key)*!
DELETE FROM repeats WHERE key = :key AND done = 0;

-- name: clear_actions(age)!
DELETE FROM repeats WHERE until < CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER) - :age;
