-- The messages that show a poll. One is stale when the poll has more links than it had when the message was drawn. One that
-- could not be drawn rests until the poll has twice as many links as then, or ends.

-- name: put_copy(poll, platform, workspace, channel, thread, message, posted_at)!
INSERT INTO poll_copies (poll, platform, workspace, channel, thread, message, posted_at)
VALUES (:poll, :platform, :workspace, :channel, :thread, :message, :posted_at) ON CONFLICT DO NOTHING;

-- name: copies_of(poll)
SELECT c.*, CASE WHEN c.final = 0 AND c.shown <> p.links AND (c.lost = 0 OR p.state <> 'open' OR p.links >= 2 * c.shown)
    THEN 1 ELSE 0 END AS stale
FROM poll_copies c JOIN polls p ON p.id = c.poll
WHERE c.poll = :poll ORDER BY c.posted_at, c.channel, c.message;

-- name: find_copy(poll, platform, workspace, channel, message)^
SELECT c.*, CASE WHEN c.final = 0 AND c.shown <> p.links AND (c.lost = 0 OR p.state <> 'open' OR p.links >= 2 * c.shown)
    THEN 1 ELSE 0 END AS stale
FROM poll_copies c JOIN polls p ON p.id = c.poll
WHERE c.poll = :poll AND c.platform = :platform AND c.workspace = :workspace AND c.channel = :channel
    AND c.message = :message;

-- name: stale_copies()
-- Those of polls that have ended come first.
SELECT c.*, 1 AS stale FROM poll_copies c JOIN polls p ON p.id = c.poll
WHERE c.final = 0 AND c.shown <> p.links AND (c.lost = 0 OR p.state <> 'open' OR p.links >= 2 * c.shown)
ORDER BY p.state, p.closes_at, c.posted_at, c.channel, c.message;

-- name: copies_of_open_polls()
SELECT c.*, CASE WHEN c.shown <> p.links THEN 1 ELSE 0 END AS stale FROM poll_copies c JOIN polls p ON p.id = c.poll
WHERE p.state = 'open' ORDER BY p.closes_at, c.posted_at, c.channel, c.message;

-- name: mark_shown(poll, platform, workspace, channel, message, edited_at, shown, final)!
-- A clock that was put back never makes an edit older than its message.
UPDATE poll_copies SET shown = :shown, final = :final, lost = 0,
    edited_at = CASE WHEN CAST(:edited_at AS BIGINT) > posted_at THEN CAST(:edited_at AS BIGINT) ELSE posted_at END
WHERE poll = :poll AND platform = :platform AND workspace = :workspace AND channel = :channel AND message = :message;

-- name: outdate_copies(poll)!
UPDATE poll_copies SET shown = -1 WHERE poll = :poll AND final = 0;

-- name: lose_copy(poll, platform, workspace, channel, message)^
-- Only while the poll is open: afterwards nothing is drawn any more.
UPDATE poll_copies SET lost = lost + 1, shown = (SELECT links FROM polls WHERE id = poll_copies.poll)
WHERE poll = :poll AND platform = :platform AND workspace = :workspace AND channel = :channel AND message = :message
    AND EXISTS (SELECT 1 FROM polls WHERE id = poll_copies.poll AND state = 'open')
RETURNING lost;

-- name: drop_copy(poll, platform, workspace, channel, message)!
DELETE FROM poll_copies
WHERE poll = :poll AND platform = :platform AND workspace = :workspace AND channel = :channel AND message = :message;
