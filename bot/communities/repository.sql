-- name: ensure_community(id)!
INSERT INTO communities (id) VALUES (:id) ON CONFLICT DO NOTHING;

-- name: community_settings(id)$
SELECT settings FROM communities WHERE id = :id;

-- name: put_settings(id, settings)!
INSERT INTO communities (id, settings) VALUES (:id, :settings)
ON CONFLICT (id) DO UPDATE SET settings = excluded.settings;

-- name: community_ids()
SELECT id FROM communities ORDER BY id;

-- name: served_communities()
SELECT id FROM communities WHERE left_at IS NULL AND id NOT LIKE '%:dm%' ORDER BY substr(id, 1, 4) = 'web:', id LIMIT 3;

-- name: mark_left(id, left_at)!
UPDATE communities SET left_at = :left_at WHERE id = :id AND left_at IS NULL;

-- name: mark_returned(id)!
UPDATE communities SET left_at = NULL WHERE id = :id;

-- name: community_is_here(id)$
SELECT count(*) FROM communities WHERE id = :id AND left_at IS NULL;

-- name: left_before(then)
SELECT id FROM communities WHERE left_at <= :then ORDER BY left_at;

-- name: open_polls_of_community(community)
SELECT id FROM polls WHERE community = :community AND state = 'open' ORDER BY id;
