-- The messages that show a discussion, and the queue of places for its result. They work as for polls.

-- name: put_discussion_copy(poll, platform, workspace, channel, thread, message, posted_at)!
INSERT INTO discussion_copies (poll, platform, workspace, channel, thread, message, posted_at)
VALUES (:poll, :platform, :workspace, :channel, :thread, :message, :posted_at) ON CONFLICT DO NOTHING;

-- name: discussion_copies_of(poll)
SELECT c.*, CASE WHEN c.final = 0 AND c.shown <> d.drawn AND (c.lost = 0 OR d.state <> 'open') THEN 1 ELSE 0 END AS stale
FROM discussion_copies c JOIN discussions d ON d.id = c.poll
WHERE c.poll = :poll ORDER BY c.posted_at, c.channel, c.message;

-- name: find_discussion_copy(poll, platform, workspace, channel, message)^
SELECT c.*, CASE WHEN c.final = 0 AND c.shown <> d.drawn AND (c.lost = 0 OR d.state <> 'open') THEN 1 ELSE 0 END AS stale
FROM discussion_copies c JOIN discussions d ON d.id = c.poll
WHERE c.poll = :poll AND c.platform = :platform AND c.workspace = :workspace AND c.channel = :channel
    AND c.message = :message;

-- name: stale_discussion_copies()
SELECT c.*, 1 AS stale FROM discussion_copies c JOIN discussions d ON d.id = c.poll
WHERE c.final = 0 AND c.shown <> d.drawn AND (c.lost = 0 OR d.state <> 'open')
ORDER BY d.state, d.closes_at, c.posted_at, c.channel, c.message;

-- name: copies_of_open_discussions()
SELECT c.*, CASE WHEN c.shown <> d.drawn THEN 1 ELSE 0 END AS stale
FROM discussion_copies c JOIN discussions d ON d.id = c.poll
WHERE d.state = 'open' ORDER BY d.closes_at, c.posted_at, c.channel, c.message;

-- name: mark_discussion_shown(poll, platform, workspace, channel, message, edited_at, shown, final)!
UPDATE discussion_copies SET shown = :shown, final = :final, lost = 0,
    edited_at = CASE WHEN CAST(:edited_at AS BIGINT) > posted_at THEN CAST(:edited_at AS BIGINT) ELSE posted_at END
WHERE poll = :poll AND platform = :platform AND workspace = :workspace AND channel = :channel AND message = :message;

-- name: lose_discussion_copy(poll, platform, workspace, channel, message)^
UPDATE discussion_copies SET lost = lost + 1
WHERE poll = :poll AND platform = :platform AND workspace = :workspace AND channel = :channel AND message = :message
    AND EXISTS (SELECT 1 FROM discussions WHERE id = discussion_copies.poll AND state = 'open')
RETURNING lost;

-- name: drop_discussion_copy(poll, platform, workspace, channel, message)!
DELETE FROM discussion_copies
WHERE poll = :poll AND platform = :platform AND workspace = :workspace AND channel = :channel AND message = :message;

-- name: tell_discussion_places(poll, now)!
INSERT INTO discussion_tellings (poll, platform, workspace, channel, thread, since, due_at)
SELECT DISTINCT poll, platform, workspace, channel, thread, CAST(:now AS BIGINT), CAST(:now AS BIGINT)
FROM discussion_copies WHERE poll = :poll ON CONFLICT DO NOTHING;

-- name: take_discussion_telling(platforms, now)^
DELETE FROM discussion_tellings WHERE (poll, platform, workspace, channel, thread) = (
    SELECT poll, platform, workspace, channel, thread FROM discussion_tellings
    WHERE due_at <= :now AND platform IN (SELECT value FROM json_each(:platforms)) ORDER BY due_at LIMIT 1
) RETURNING *;

-- name: put_discussion_telling(poll, platform, workspace, channel, thread, since, due_at)!
INSERT INTO discussion_tellings (poll, platform, workspace, channel, thread, since, due_at)
SELECT id, :platform, :workspace, :channel, :thread, :since, :due_at FROM discussions WHERE id = :poll
ON CONFLICT DO NOTHING;

-- name: claim_discussion_host(poll)!
UPDATE discussions SET creator_told = 1 WHERE id = :poll AND creator_told = 0;
