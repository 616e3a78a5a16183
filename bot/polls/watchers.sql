-- Members who want to be reminded of a poll in private.

-- name: put_watcher(poll, member, workspace, remind_at)!
INSERT INTO poll_watchers (poll, member, workspace, remind_at)
SELECT id, CAST(:member AS TEXT), CAST(:workspace AS TEXT), CAST(:remind_at AS BIGINT)
FROM polls WHERE id = :poll AND state = 'open' ON CONFLICT DO NOTHING;

-- name: drop_watcher(poll, member)!
DELETE FROM poll_watchers WHERE poll = :poll AND member = :member;

-- name: drop_watchers(poll)!
DELETE FROM poll_watchers WHERE poll = :poll;

-- name: move_watchers(poll, later)!
UPDATE poll_watchers SET remind_at = remind_at + :later WHERE poll = :poll;

-- name: take_watcher(now)^
-- The process that takes the row out tells the member, so they hear it once.
DELETE FROM poll_watchers WHERE (poll, member) = (
    SELECT poll, member FROM poll_watchers WHERE remind_at <= :now ORDER BY remind_at, poll, member LIMIT 1
) RETURNING poll, member, workspace, remind_at;

-- name: next_watcher()$
SELECT min(remind_at) FROM poll_watchers;

-- name: polls_watched_by(voter, community, guest, platform, workspace, person)
-- In polls that other communities brought to this one the member is theirs, by the same id. A reminder that waits for its
-- delivery has the member as its place.
SELECT w.poll FROM poll_watchers w JOIN polls p ON p.id = w.poll
WHERE w.member = :voter OR (w.member = p.community || ':' || :guest AND EXISTS (
    SELECT 1 FROM poll_communities c WHERE c.poll = p.id AND c.community = :community
))
UNION SELECT poll FROM tellings
WHERE news = 'nudge' AND platform = :platform AND workspace = :workspace AND thread = :person ORDER BY 1;

-- name: forget_watcher(voter, community, guest)!
DELETE FROM poll_watchers WHERE member = :voter OR EXISTS (
    SELECT 1 FROM polls p JOIN poll_communities c ON c.poll = p.id
    WHERE p.id = poll_watchers.poll AND poll_watchers.member = p.community || ':' || :guest AND c.community = :community
);

-- name: forget_watchers_from(prefix)!
DELETE FROM poll_watchers WHERE substr(member, 1, length(:prefix)) = :prefix;

-- name: forget_nudges(platform, workspace, person)!
DELETE FROM tellings WHERE news = 'nudge' AND platform = :platform AND workspace = :workspace AND thread = :person;

-- name: forget_nudges_from(platform, workspace)!
DELETE FROM tellings WHERE news = 'nudge' AND platform = :platform AND workspace = :workspace;
