-- name: polls_by_ids(ids)
SELECT * FROM polls WHERE id IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb))) ORDER BY opened_at, id;

-- name: options_of(ids)
SELECT poll, name, entry FROM poll_options
WHERE poll IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb))) ORDER BY poll, position;

-- name: communities_of(ids)
SELECT poll, community FROM poll_communities WHERE poll IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb)));

-- name: next_deadline(platforms)$
SELECT min(due) FROM (
    SELECT min(closes_at) AS due FROM polls WHERE state = 'open'
    UNION ALL SELECT min(due_at) FROM tellings
        WHERE platform IN (SELECT jsonb_array_elements_text(CAST(:platforms AS jsonb)))
    UNION ALL SELECT min(remind_at) FROM polls WHERE state = 'open' AND remind_at IS NOT NULL
) AS deadlines;
