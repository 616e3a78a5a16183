-- Previews of polls.

-- name: put_preview(id, community, member, poll, at)!
INSERT INTO poll_drafts (id, community, member, poll, at) VALUES (:id, :community, :member, :poll, :at)
ON CONFLICT (id) DO UPDATE SET poll = excluded.poll, at = excluded.at WHERE poll_drafts.member = excluded.member;

-- name: find_preview(id, member)^
SELECT id, community, member, poll, at FROM poll_drafts WHERE id = :id AND member = :member;

-- name: drop_preview(id, member)!
DELETE FROM poll_drafts WHERE id = :id AND member = :member;

-- name: drop_old_previews(before)!
DELETE FROM poll_drafts WHERE at < :before;

-- name: forget_previews_of(member)!
DELETE FROM poll_drafts WHERE member = :member;

-- name: previews_by(community, person)
SELECT id FROM poll_drafts WHERE community = :community AND member = :community || ':' || :person ORDER BY id;
