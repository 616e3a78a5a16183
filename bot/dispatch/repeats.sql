-- Actions that a platform may deliver twice. A time too far ahead was set by a clock that has been put back since.

-- name: claim_action(key, scope, span)!
INSERT INTO repeats (key, scope, until, done)
VALUES (:key, :scope, CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER) + :span, 0)
ON CONFLICT (key) DO UPDATE SET until = excluded.until
WHERE repeats.done = 0 AND (repeats.until <= excluded.until - :span OR repeats.until > excluded.until + :span);

-- name: overtake_actions(key, scope)!
UPDATE repeats SET done = 1, scope = '' WHERE scope = :scope AND key <> :key AND done = 0;

-- name: renew_action(key, span)!
UPDATE repeats SET until = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER) + :span
WHERE key = :key AND done = 0;

-- name: finish_action(key)*!
UPDATE repeats SET done = 1, scope = '' WHERE key = :key;

-- name: release_action(key)!
DELETE FROM repeats WHERE key = :key AND done = 0;

-- name: clear_actions(age)!
DELETE FROM repeats WHERE until < CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER) - :age;
