-- name: polls_by_ids(ids)
SELECT * FROM polls WHERE id IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb))) ORDER BY opened_at, id;

-- name: options_of(ids)
SELECT poll, name, entry FROM poll_options
WHERE poll IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb))) ORDER BY poll, position;

-- name: communities_of(ids)
SELECT poll, community FROM poll_communities WHERE poll IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb)));
