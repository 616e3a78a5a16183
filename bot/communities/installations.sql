-- name: put_installation(community, sealed, installed_at)!
INSERT INTO installations (community, sealed, installed_at) VALUES (:community, :sealed, :installed_at)
ON CONFLICT (community) DO UPDATE SET sealed = excluded.sealed, installed_at = excluded.installed_at;

-- name: installation(community)^
SELECT sealed, installed_at FROM installations WHERE community = :community;

-- name: forget_installation(community, sealed)!
DELETE FROM installations WHERE community = :community AND sealed = :sealed;

-- name: spend_state(hash, expires_at)!
INSERT INTO spent_states (hash, expires_at) VALUES (:hash, :expires_at) ON CONFLICT DO NOTHING;

-- name: forget_states(now)!
DELETE FROM spent_states WHERE expires_at <= :now;

-- name: every_installation()
SELECT community, sealed, installed_at FROM installations ORDER BY installed_at, community;

-- name: reseal_installation(community, sealed)!
UPDATE installations SET sealed = :sealed WHERE community = :community;
