-- Weekly digests.

-- name: put_digest(community, next_at)!
INSERT INTO digests (community, next_at) VALUES (:community, :next_at)
ON CONFLICT (community) DO UPDATE SET next_at = excluded.next_at;

-- name: drop_digest(community)!
DELETE FROM digests WHERE community = :community;

-- name: due_digests(now)
SELECT community, next_at FROM digests WHERE next_at <= :now ORDER BY next_at, community;

-- name: advance_digest(community, due_at, next_at)!
-- The process that changes the row posts it, so it is posted once.
UPDATE digests SET next_at = :next_at WHERE community = :community AND next_at = :due_at;

-- name: next_digest()$
SELECT min(next_at) FROM digests;
