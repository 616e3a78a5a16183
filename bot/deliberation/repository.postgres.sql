-- name: discussions_by_ids(ids)
SELECT * FROM discussions WHERE id IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb)));

-- name: discussion_places_of(ids)
SELECT * FROM discussion_places WHERE discussion IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb)));

-- name: next_discussion_deadline(platforms)$
SELECT min(due) FROM (
    SELECT min(CASE WHEN closing = 1 THEN 0 ELSE closes_at END) AS due FROM discussions WHERE state = 'open'
    UNION ALL SELECT min(due_at) FROM discussion_tellings
        WHERE platform IN (SELECT jsonb_array_elements_text(CAST(:platforms AS jsonb)))
) AS deadlines;

-- name: move_statement(discussion, position, before, state, note)!
UPDATE discussion_statements SET state = :state, note = :note
WHERE discussion = :discussion AND position = :position
    AND state IN (SELECT jsonb_array_elements_text(CAST(:before AS jsonb)));

-- name: count_discussion(discussion, people, votes)!
UPDATE discussions SET people = people + CAST(:people AS BIGINT), votes = votes + CAST(:votes AS BIGINT),
    drawn = drawn + CASE WHEN CAST(:people AS BIGINT) = 0 THEN 0 ELSE 1 END
WHERE id = :discussion;

-- name: hold_open_discussion(discussion)$
-- The secret of a discussion that takes answers. Lock the discussion until the transaction ends.
SELECT wrapped FROM discussion_secrets s JOIN discussions d ON d.id = s.discussion
WHERE d.id = :discussion AND d.state = 'open' AND d.closing = 0 FOR UPDATE OF d;

-- name: ballots_of_people(discussion, people)
SELECT person, ballot FROM discussion_ballots
WHERE discussion = :discussion AND person IN (SELECT jsonb_array_elements_text(CAST(:people AS jsonb)));

-- name: discussion_ballots(discussion)$
SELECT string_agg(ballot, ' ' ORDER BY person) FROM discussion_ballots WHERE discussion = :discussion;
