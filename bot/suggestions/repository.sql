-- What members suggest.

-- name: add_suggestion(id, community, member, name, at, kind, pack, entry, words, url)!
INSERT INTO suggestions
    (id, community, member, name, at, kind, pack, entry, words, url, state, note, answer, decided_by)
VALUES (:id, :community, :member, :name, :at, :kind, :pack, :entry, :words, :url, 'open', '', '', '');

-- name: waiting_of_member(member)$
SELECT count(*) FROM suggestions WHERE member = :member AND state IN ('open', 'asked');

-- name: waiting_of_community(community)$
SELECT count(*) FROM suggestions WHERE community = :community AND state IN ('open', 'asked');

-- name: waiting_suggestions()$
SELECT count(*) FROM suggestions WHERE state IN ('open', 'asked');

-- name: waiting_after(at, id)^
-- The oldest that waits after this one.
SELECT * FROM suggestions WHERE state IN ('open', 'asked') AND (at > :at OR at = :at AND id > :id)
ORDER BY at, id LIMIT 1;

-- name: suggestion(id)^
SELECT * FROM suggestions WHERE id = :id;

-- name: suggestions_of(member, limit)
SELECT * FROM suggestions WHERE member = :member ORDER BY at DESC, id DESC LIMIT :limit;

-- name: suggestions_in_state(state, limit)
SELECT * FROM suggestions WHERE state = :state ORDER BY at, id LIMIT :limit;

-- name: move_suggestion(id, before, state, note, decided_by, decided_at)!
UPDATE suggestions SET state = :state, note = :note, decided_by = :decided_by, decided_at = :decided_at
WHERE id = :id AND state IN (SELECT value FROM json_each(:before));

-- name: answer_suggestion(id, answer)!
UPDATE suggestions SET state = 'open', answer = :answer WHERE id = :id AND state = 'asked';

-- name: delete_suggestions_of(member)!
DELETE FROM suggestions WHERE member = :member AND state NOT IN ('accepted', 'published');

-- name: forget_suggester(member)!
UPDATE suggestions SET member = 'erased', name = '' WHERE member = :member;

-- name: delete_suggestions_from(community)!
DELETE FROM suggestions WHERE community = :community;

-- name: count_interest*!
INSERT INTO interest (month, what, pack, entry, times) VALUES (:month, :what, :pack, :entry, :times)
ON CONFLICT (month, what, pack, entry) DO UPDATE SET times = interest.times + excluded.times;

-- name: interest_kinds(month, what)$
SELECT count(*) FROM interest WHERE month = :month AND what = :what;

-- name: all_interest()
SELECT min(month) AS month, what, pack, entry, CAST(sum(times) AS BIGINT) AS times FROM interest GROUP BY what, pack, entry;

-- name: drop_interest(before)!
DELETE FROM interest WHERE month < :before;
