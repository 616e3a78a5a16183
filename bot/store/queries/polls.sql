-- name: insert_poll(id, community, creator, question, method, max_choices, secret, results, roles, joined_before, quorum, topic, public, opened_at, closes_at, remind_at, head)!
INSERT INTO polls (id, community, creator, question, method, max_choices, secret, results, roles, joined_before, quorum,
    topic, public, opened_at, closes_at, remind_at, head)
VALUES (:id, :community, :creator, :question, :method, :max_choices, :secret, :results, :roles, :joined_before, :quorum,
    :topic, :public, :opened_at, :closes_at, :remind_at, :head);

-- name: insert_option*!
INSERT INTO poll_options (poll, position, name, entry) VALUES (:poll, :position, :name, :entry);

-- name: insert_secret(poll, wrapped)!
INSERT INTO poll_secrets (poll, wrapped) VALUES (:poll, :wrapped);

-- name: add_poll_community(poll, community)!
INSERT INTO poll_communities (poll, community) VALUES (:poll, :community) ON CONFLICT DO NOTHING;

-- name: polls_by_ids(ids)
SELECT * FROM polls WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY opened_at, id;

-- name: options_of(ids)
SELECT poll, name, entry FROM poll_options
WHERE poll IN (SELECT value FROM json_each(:ids)) ORDER BY poll, position;

-- name: communities_of(ids)
SELECT poll, community FROM poll_communities WHERE poll IN (SELECT value FROM json_each(:ids));

-- name: open_poll_ids()
SELECT id FROM polls WHERE state = 'open' ORDER BY closes_at, id;

-- name: hold_community(id)!
-- Changes nothing, and so keeps the row from everybody else until the transaction ends.
UPDATE communities SET id = id WHERE id = :id;

-- name: open_counts(community, creator)^
SELECT count(*) AS here, count(CASE WHEN creator = :creator THEN 1 END) AS own FROM polls
WHERE community = :community AND state = 'open';

-- name: community_poll_ids(community, limit)
-- Polls that this community created or where they were posted to it; open ones first, then the latest.
SELECT id FROM polls
WHERE community = :community OR id IN (SELECT poll FROM poll_communities WHERE community = :community)
ORDER BY CASE state WHEN 'open' THEN 0 ELSE 1 END, opened_at DESC, id LIMIT :limit;

-- name: all_poll_ids()
SELECT id FROM polls ORDER BY opened_at, id;

-- name: due_poll_ids(now)
SELECT id FROM polls WHERE state = 'open' AND closes_at <= :now ORDER BY closes_at, id;

-- name: due_reminder_ids(now)
SELECT id FROM polls WHERE state = 'open' AND remind_at <= :now AND closes_at > :now ORDER BY remind_at, id;

-- name: take_reminder(poll, now)!
-- Whoever changes the row has it told, so it goes out once.
UPDATE polls SET remind_at = NULL WHERE id = :poll AND state = 'open' AND remind_at <= :now;

-- name: next_deadline(platforms)$
SELECT min(due) FROM (
    SELECT min(closes_at) AS due FROM polls WHERE state = 'open'
    UNION ALL SELECT min(due_at) FROM tellings WHERE platform IN (SELECT value FROM json_each(:platforms))
    UNION ALL SELECT min(remind_at) FROM polls WHERE state = 'open' AND remind_at IS NOT NULL
) AS deadlines;

-- name: extend_poll(poll, closes_at, remind_at)!
UPDATE polls SET closes_at = :closes_at, remind_at = :remind_at
WHERE id = :poll AND state = 'open' AND closes_at < :closes_at;

-- name: choice_counts(poll)
SELECT choice, count FROM choice_counts WHERE poll = :poll AND count > 0;

-- name: poll_links(poll)
SELECT number, step, commitment, replaces, receipt, before, hash FROM links WHERE poll = :poll ORDER BY number;

-- name: poll_ballots(poll)
SELECT voter, choice, name, link, nonce, seal FROM ballots WHERE poll = :poll ORDER BY voter;

-- name: poll_closing(poll)
SELECT commitment FROM closing_commitments WHERE poll = :poll ORDER BY commitment;

-- name: link_by_receipt(poll, receipt)^
SELECT number, step FROM links WHERE poll = :poll AND receipt = :receipt;

-- name: link_replacing(poll, number)^
SELECT number, step FROM links WHERE poll = :poll AND replaces = :number;

-- name: wrapped_secrets()
SELECT poll, wrapped FROM poll_secrets ORDER BY poll;

-- name: rewrap_secret(poll, wrapped)!
UPDATE poll_secrets SET wrapped = :wrapped WHERE poll = :poll;

-- name: wrapped_secret(poll)$
SELECT wrapped FROM poll_secrets WHERE poll = :poll;
