-- Places that are still to hear of something.

-- name: tell_places(poll, news, now)!
-- Each place where the poll was posted, once.
INSERT INTO tellings (poll, news, platform, workspace, channel, thread, since, due_at)
SELECT DISTINCT poll, CAST(:news AS TEXT), platform, workspace, channel, thread,
    CAST(:now AS BIGINT), CAST(:now AS BIGINT)
FROM poll_copies WHERE poll = :poll ON CONFLICT DO NOTHING;

-- name: take_telling(platforms, now)^
-- The process that takes the row out tells the place, so it hears once.
DELETE FROM tellings WHERE (poll, news, platform, workspace, channel, thread) = (
    SELECT poll, news, platform, workspace, channel, thread FROM tellings
    WHERE due_at <= :now AND platform IN (SELECT value FROM json_each(:platforms)) ORDER BY due_at LIMIT 1
) RETURNING *;

-- name: claim_creator(poll)!
-- The process that changes the row tells them, so they hear it once.
UPDATE polls SET creator_told = 1 WHERE id = :poll AND creator_told = 0;

-- name: put_telling(poll, news, platform, workspace, channel, thread, since, due_at)!
INSERT INTO tellings (poll, news, platform, workspace, channel, thread, since, due_at)
SELECT id, :news, :platform, :workspace, :channel, :thread, :since, :due_at FROM polls WHERE id = :poll
ON CONFLICT DO NOTHING;

-- name: drop_tellings(before)!
DELETE FROM tellings WHERE since < :before;
