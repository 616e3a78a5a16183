-- name: move_suggestion(id, before, state, note, decided_by, decided_at)!
UPDATE suggestions SET state = :state, note = :note, decided_by = :decided_by, decided_at = :decided_at
WHERE id = :id AND state IN (SELECT jsonb_array_elements_text(CAST(:before AS jsonb)));
