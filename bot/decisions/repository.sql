-- Decisions and their history.

-- name: insert_decision(id, community, outcome, owner, owner_name, poll, discussion, totals_hash, links, review_at, private, platform, workspace, channel, member, member_name, at)!
INSERT INTO decisions (id, community, outcome, owner, owner_name, poll, discussion, totals_hash, links, state, review_at,
    ask_at, private, platform, workspace, channel, member, member_name, at)
VALUES (:id, :community, :outcome, :owner, :owner_name, :poll, :discussion, :totals_hash, :links, 'standing', :review_at,
    :review_at, :private, :platform, :workspace, :channel, :member, :member_name, :at);

-- name: append_decision_step(decision, step, words, member, member_name, at)!
INSERT INTO decision_steps (decision, number, step, words, member, member_name, at)
SELECT CAST(:decision AS TEXT), coalesce(max(number), 0) + 1, CAST(:step AS TEXT), CAST(:words AS TEXT),
    CAST(:member AS TEXT), CAST(:member_name AS TEXT), CAST(:at AS BIGINT)
FROM decision_steps WHERE decision = :decision;

-- name: find_decision(id)^
SELECT * FROM decisions WHERE id = :id;

-- name: decisions_of(community, platform, workspace, channel, thread, limit)
-- Those that a request in this place may see; without a place, those that are not private. The latest first.
SELECT * FROM decisions
WHERE community = :community AND (private = 0
    OR (platform = :platform AND workspace = :workspace AND channel IN (:channel, :thread)))
ORDER BY at DESC, id LIMIT :limit;

-- name: decisions_of_poll(poll)
SELECT * FROM decisions WHERE poll = :poll ORDER BY at, id;

-- name: decision_history(decision)
SELECT step, words, member, member_name, at FROM decision_steps WHERE decision = :decision ORDER BY number;

-- name: settle_decision(id, state, outcome, review_at)!
-- The change of a standing decision has its step written, so two answers at once leave one.
UPDATE decisions SET state = :state, outcome = :outcome, review_at = :review_at, ask_at = :review_at
WHERE id = :id AND state = 'standing';

-- name: take_review(now)^
-- The process that changes the row asks, so it is asked once.
UPDATE decisions SET ask_at = NULL
WHERE id = (SELECT id FROM decisions WHERE state = 'standing' AND ask_at <= :now ORDER BY ask_at, id LIMIT 1)
    AND ask_at <= :now
RETURNING *;

-- name: put_back_review(id, ask_at)!
UPDATE decisions SET ask_at = :ask_at WHERE id = :id AND state = 'standing' AND ask_at IS NULL;

-- name: next_review()$
SELECT min(ask_at) FROM decisions WHERE state = 'standing' AND ask_at IS NOT NULL;

-- name: decisions_about(community, person)
SELECT id FROM decisions WHERE community = :community AND (owner = :person OR member = :person) ORDER BY at, id;

-- name: forget_decision_owner(community, person)!
UPDATE decisions SET owner = '', owner_name = '' WHERE community = :community AND owner = :person;

-- name: forget_decision_member(community, person)!
UPDATE decisions SET member = '', member_name = '' WHERE community = :community AND member = :person;

-- name: forget_decision_steps(community, person)!
UPDATE decision_steps SET member = '', member_name = ''
WHERE member = :person AND decision IN (SELECT id FROM decisions WHERE community = :community);
