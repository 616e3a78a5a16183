-- name: polls_by_ids(ids)
SELECT * FROM polls WHERE id IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb))) ORDER BY opened_at, id;

-- name: options_of(ids)
SELECT poll, name, entry, words, emoji FROM poll_options
WHERE poll IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb))) ORDER BY poll, position;

-- name: communities_of(ids)
SELECT poll, community FROM poll_communities WHERE poll IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb)));

-- name: places_of(ids)
SELECT poll, platform, workspace, channel FROM poll_places
WHERE poll IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb)));

-- name: next_deadline(platforms)$
SELECT min(due) FROM (
    SELECT min(closes_at) AS due FROM polls WHERE state = 'open'
    UNION ALL SELECT min(due_at) FROM tellings
        WHERE platform IN (SELECT jsonb_array_elements_text(CAST(:platforms AS jsonb)))
    UNION ALL SELECT min(remind_at) FROM polls WHERE state = 'open' AND reminded = 0 AND remind_at IS NOT NULL
) AS deadlines;

-- name: links_of(ids)
SELECT poll, number, step, commitment, replaces, receipt, before, hash, closes_at FROM links
WHERE poll IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb))) ORDER BY poll, number;

-- name: ballots_of(ids)
SELECT poll, voter, choice, name, link, nonce, seal, who, salt FROM ballots
WHERE poll IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb))) ORDER BY poll, voter;

-- name: closing_of(ids)
SELECT poll, commitment FROM closing_commitments
WHERE poll IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb))) ORDER BY poll, commitment;

-- name: counts_of(ids)
SELECT poll, choice, count FROM choice_counts
WHERE poll IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb))) AND count > 0;

-- name: wrapped_secrets_of(ids)
SELECT poll, wrapped FROM poll_secrets WHERE poll IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb)));
