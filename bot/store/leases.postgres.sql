-- name: take_lease(name, holder, span)!
INSERT INTO leases (name, holder, until)
VALUES (:name, :holder, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) + CAST(:span AS BIGINT))
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE leases.holder = excluded.holder OR leases.until <= excluded.until - CAST(:span AS BIGINT)
    OR leases.until > excluded.until + CAST(:span AS BIGINT);
