-- name: take_telling(platforms, now)^
-- SKIP LOCKED: a row that another process is taking out is not waited for.
-- An IN may run its subquery once for each row, and would take out more rows than it returns. `=` runs it once.
DELETE FROM tellings WHERE (poll, news, platform, workspace, channel, thread) = (
    SELECT poll, news, platform, workspace, channel, thread FROM tellings
    WHERE due_at <= :now AND platform IN (SELECT jsonb_array_elements_text(CAST(:platforms AS jsonb)))
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING *;

-- name: put_telling(poll, news, platform, workspace, channel, thread, since, due_at)!
INSERT INTO tellings (poll, news, platform, workspace, channel, thread, since, due_at)
SELECT id, CAST(:news AS TEXT), CAST(:platform AS TEXT), CAST(:workspace AS TEXT), CAST(:channel AS TEXT),
    CAST(:thread AS TEXT), CAST(:since AS BIGINT), CAST(:due_at AS BIGINT)
FROM polls WHERE id = :poll ON CONFLICT DO NOTHING;
