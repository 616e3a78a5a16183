-- Leases. A time too far ahead was set by a clock that has been put back since: it binds nobody.

-- name: take_lease(name, holder, span)!
INSERT INTO leases (name, holder, until)
VALUES (:name, :holder, CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER) + :span)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE leases.holder = excluded.holder OR leases.until <= excluded.until - :span OR leases.until > excluded.until + :span;

-- name: release_lease(name, holder)!
DELETE FROM leases WHERE name = :name AND holder = :holder;

-- name: release_leases(holder)!
DELETE FROM leases WHERE holder = :holder;

-- name: clear_leases()!
DELETE FROM leases;
