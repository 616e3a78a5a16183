-- Discussions, their statements and ballots.

-- name: insert_discussion(id, community, creator, creator_name, question, pack, moderation, private, opened_at, closes_at)!
INSERT INTO discussions
    (id, community, creator, creator_name, question, pack, moderation, private, opened_at, closes_at)
VALUES (:id, :community, :creator, :creator_name, :question, :pack, :moderation, :private, :opened_at, :closes_at);

-- name: insert_discussion_secret(discussion, wrapped)!
INSERT INTO discussion_secrets (discussion, wrapped) VALUES (:discussion, :wrapped);

-- name: add_discussion_place(discussion, platform, workspace, channel)!
INSERT INTO discussion_places (discussion, platform, workspace, channel)
VALUES (:discussion, :platform, :workspace, :channel) ON CONFLICT DO NOTHING;

-- name: put_statement*!
INSERT INTO discussion_statements (discussion, position, words, starter, lean, state, author)
VALUES (:discussion, :position, :words, :starter, :lean, :state, :author);

-- name: discussions_by_ids(ids)
SELECT * FROM discussions WHERE id IN (SELECT value FROM json_each(:ids));

-- name: discussion_places_of(ids)
SELECT * FROM discussion_places WHERE discussion IN (SELECT value FROM json_each(:ids));

-- name: discussion_ids(community, limit)
SELECT id FROM discussions WHERE community = :community
ORDER BY CASE WHEN state = 'open' THEN 0 ELSE 1 END, opened_at DESC, id LIMIT :limit;

-- name: open_discussions(community)$
SELECT count(*) FROM discussions WHERE community = :community AND state = 'open';

-- name: due_discussions(now)
SELECT id FROM discussions WHERE state = 'open' AND (closing = 1 OR closes_at <= :now) ORDER BY closes_at;

-- name: next_discussion_deadline(platforms)$
SELECT min(due) FROM (
    SELECT min(CASE WHEN closing = 1 THEN 0 ELSE closes_at END) AS due FROM discussions WHERE state = 'open'
    UNION ALL
    SELECT min(due_at) AS due FROM discussion_tellings WHERE platform IN (SELECT value FROM json_each(:platforms))
) AS dues;

-- name: statements_of_discussion(discussion)
SELECT * FROM discussion_statements WHERE discussion = :discussion ORDER BY position;

-- name: discussion_secret(discussion)$
SELECT wrapped FROM discussion_secrets WHERE discussion = :discussion;

-- name: wrapped_discussion_secrets()
SELECT discussion, wrapped FROM discussion_secrets;

-- name: rewrap_discussion_secret(discussion, wrapped)!
UPDATE discussion_secrets SET wrapped = :wrapped WHERE discussion = :discussion;

-- name: hold_discussion(discussion)!
-- Lock the discussion until the transaction ends.
UPDATE discussions SET votes = votes WHERE id = :discussion AND state = 'open';

-- name: hold_unclosing_discussion(discussion)!
UPDATE discussions SET votes = votes WHERE id = :discussion AND state = 'open' AND closing = 0;

-- name: begin_closing(discussion, closed_by)!
UPDATE discussions SET closing = 1, closed_by = :closed_by WHERE id = :discussion AND state = 'open' AND closing = 0;

-- name: hold_open_discussion(discussion)$
-- The secret of a discussion that takes answers. Lock the discussion until the transaction ends.
SELECT wrapped FROM discussion_secrets s JOIN discussions d ON d.id = s.discussion
WHERE d.id = :discussion AND d.state = 'open' AND d.closing = 0;

-- name: ballots_of_people(discussion, people)
SELECT person, ballot FROM discussion_ballots
WHERE discussion = :discussion AND person IN (SELECT value FROM json_each(:people));

-- name: ballot_of_person(discussion, person)$
SELECT ballot FROM discussion_ballots WHERE discussion = :discussion AND person = :person;

-- name: discussion_ballots(discussion)$
-- All ballots in one text, separated by spaces: SQLite builds it in one step, without blocking Python.
SELECT group_concat(ballot, ' ') FROM (
    SELECT ballot FROM discussion_ballots WHERE discussion = :discussion ORDER BY person
) AS ballots;

-- name: put_discussion_ballot*!
INSERT INTO discussion_ballots (discussion, person, ballot) VALUES (:discussion, :person, :ballot)
ON CONFLICT (discussion, person) DO UPDATE SET ballot = excluded.ballot;

-- name: drop_ballot_of_person(discussion, person)!
DELETE FROM discussion_ballots WHERE discussion = :discussion AND person = :person;

-- name: count_statement*!
UPDATE discussion_statements
SET agrees = agrees + :agrees, disagrees = disagrees + :disagrees, passes = passes + :passes
WHERE discussion = :discussion AND position = :statement;

-- name: count_discussion(discussion, people, votes)!
-- A message shows the number of people, so Parley redraws it for a new member, not for each answer.
UPDATE discussions SET people = people + :people, votes = votes + :votes,
    drawn = drawn + CASE WHEN :people = 0 THEN 0 ELSE 1 END
WHERE id = :discussion;

-- name: move_statement(discussion, position, before, state, note)!
UPDATE discussion_statements SET state = :state, note = :note
WHERE discussion = :discussion AND position = :position AND state IN (SELECT value FROM json_each(:before));

-- name: drop_draft(discussion, position, author)!
UPDATE discussion_statements SET state = 'rejected', author = '', words = '-'
WHERE discussion = :discussion AND position = :position AND author = :author AND state IN ('draft', 'waiting');

-- name: extend_discussion(discussion, closes_at)!
UPDATE discussions SET closes_at = :closes_at, drawn = drawn + 1
WHERE id = :discussion AND state = 'open' AND closing = 0 AND closes_at < :closes_at;

-- name: end_discussion(discussion, state, closed_at, closed_by, result, result_hash)!
UPDATE discussions SET state = :state, closed_at = :closed_at, result = :result,
    closed_by = CASE WHEN CAST(:closed_by AS TEXT) = '' THEN closed_by ELSE CAST(:closed_by AS TEXT) END,
    result_hash = :result_hash, people = 0, votes = 0, drawn = drawn + 1
WHERE id = :discussion AND state = 'open';

-- name: drop_discussion_ballots(discussion)!
DELETE FROM discussion_ballots WHERE discussion = :discussion;

-- name: drop_discussion_secret(discussion)!
DELETE FROM discussion_secrets WHERE discussion = :discussion;

-- name: forget_statements(discussion)!
UPDATE discussion_statements SET author = '', lean = '', agrees = 0, disagrees = 0, passes = 0
WHERE discussion = :discussion;

-- name: drop_unseen_statements(discussion)!
DELETE FROM discussion_statements WHERE discussion = :discussion AND state IN ('draft', 'waiting', 'rejected');

-- name: statements_by_author(author)
SELECT discussion, position, words, state FROM discussion_statements WHERE author = :author ORDER BY discussion, position;

-- name: forget_statement_author(author)!
UPDATE discussion_statements SET author = '' WHERE author = :author;

-- name: withdraw_statements_of(author)!
UPDATE discussion_statements SET words = '-', state = 'rejected', author = ''
WHERE author = :author AND state IN ('draft', 'waiting');

-- name: forget_discussion_host(community, person)!
UPDATE discussions SET creator = '', creator_name = '' WHERE community = :community AND creator = :person;

-- name: delete_discussions_of_community(community)!
DELETE FROM discussions WHERE community = :community;
