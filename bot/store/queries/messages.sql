-- The messages that show a poll.

-- name: put_copy(poll, platform, workspace, channel, thread, message, posted_at)!
INSERT INTO poll_copies (poll, platform, workspace, channel, thread, message, posted_at)
VALUES (:poll, :platform, :workspace, :channel, :thread, :message, :posted_at) ON CONFLICT DO NOTHING;

-- name: copies_of(poll)
SELECT poll, platform, workspace, channel, thread, message, posted_at, edited_at
FROM poll_copies WHERE poll = :poll ORDER BY posted_at, channel, message;

-- name: mark_edited(poll, platform, workspace, channel, message, edited_at)!
UPDATE poll_copies SET edited_at = :edited_at
WHERE poll = :poll AND platform = :platform AND workspace = :workspace AND channel = :channel AND message = :message;

-- name: drop_copy(poll, platform, workspace, channel, message)!
DELETE FROM poll_copies
WHERE poll = :poll AND platform = :platform AND workspace = :workspace AND channel = :channel AND message = :message;
