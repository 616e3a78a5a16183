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

-- name: polls_watched_by(member)
SELECT poll FROM poll_watchers WHERE member = :member ORDER BY poll;

-- name: forget_watcher(member)!
DELETE FROM poll_watchers WHERE member = :member;
