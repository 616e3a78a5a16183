-- name: take_discussion_telling(platforms, now)^
-- An IN may run its subquery once for each row, and would take out more rows than it returns. `=` runs it once.
DELETE FROM discussion_tellings WHERE (poll, platform, workspace, channel, thread) = (
    SELECT poll, platform, workspace, channel, thread FROM discussion_tellings
    WHERE due_at <= :now AND platform IN (SELECT jsonb_array_elements_text(CAST(:platforms AS jsonb)))
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING *;

-- name: put_discussion_telling(poll, platform, workspace, channel, thread, since, due_at)!
INSERT INTO discussion_tellings (poll, platform, workspace, channel, thread, since, due_at)
SELECT id, CAST(:platform AS TEXT), CAST(:workspace AS TEXT), CAST(:channel AS TEXT), CAST(:thread AS TEXT),
    CAST(:since AS BIGINT), CAST(:due_at AS BIGINT)
FROM discussions WHERE id = :poll ON CONFLICT DO NOTHING;
