-- name: insert_poll(id, community, creator, creator_name, question, method, max_choices, secret, results, roles, joined_before, quorum, topic, public, private, opened_at, closes_at, remind_at, head, format, first_closes_at, row_seal, consent, follows, ping)!
INSERT INTO polls (id, community, creator, creator_name, question, method, max_choices, secret, results, roles, joined_before, quorum,
    topic, public, private, opened_at, closes_at, remind_at, head, format, first_closes_at, row_seal, consent, follows, ping)
VALUES (:id, :community, :creator, :creator_name, :question, :method, :max_choices, :secret, :results, :roles, :joined_before, :quorum,
    :topic, :public, :private, :opened_at, :closes_at, :remind_at, :head, :format, :first_closes_at, :row_seal, :consent, :follows, :ping);

-- name: insert_option*!
INSERT INTO poll_options (poll, position, name, entry, words, emoji) VALUES (:poll, :position, :name, :entry, :words, :emoji);

-- name: rewrite_poll(id, question, method, consent, max_choices, secret, results, roles, joined_before, quorum, topic, public, closes_at, remind_at, head, first_closes_at, row_seal, follows)!
UPDATE polls SET question = :question, method = :method, consent = :consent, max_choices = :max_choices, secret = :secret,
    results = :results, roles = :roles, joined_before = :joined_before, quorum = :quorum, topic = :topic,
    public = :public, closes_at = :closes_at, remind_at = :remind_at, head = :head, first_closes_at = :first_closes_at,
    row_seal = :row_seal, follows = :follows
WHERE id = :id AND state = 'open' AND links = 0;

-- name: drop_options(poll)!
DELETE FROM poll_options WHERE poll = :poll;

-- name: insert_secret(poll, wrapped)!
INSERT INTO poll_secrets (poll, wrapped) VALUES (:poll, :wrapped);

-- name: add_poll_community(poll, community)!
INSERT INTO poll_communities (poll, community) VALUES (:poll, :community) ON CONFLICT DO NOTHING;

-- name: add_poll_place(poll, platform, workspace, channel)!
INSERT INTO poll_places (poll, platform, workspace, channel) VALUES (:poll, :platform, :workspace, :channel)
ON CONFLICT DO NOTHING;

-- name: polls_by_ids(ids)
SELECT * FROM polls WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY opened_at, id;

-- name: public_poll(id)$
SELECT id FROM polls WHERE id = :id AND public = 1 AND private = 0 AND state <> 'cancelled';

-- name: options_of(ids)
SELECT poll, name, entry, words, emoji FROM poll_options
WHERE poll IN (SELECT value FROM json_each(:ids)) ORDER BY poll, position;

-- name: communities_of(ids)
SELECT poll, community FROM poll_communities WHERE poll IN (SELECT value FROM json_each(:ids));

-- name: places_of(ids)
SELECT poll, platform, workspace, channel FROM poll_places WHERE poll IN (SELECT value FROM json_each(:ids));

-- name: open_poll_ids()
SELECT id FROM polls WHERE state = 'open' ORDER BY closes_at, id;

-- name: hold_community(id)!
-- Changes nothing, and so keeps the row from everybody else until the transaction ends.
UPDATE communities SET id = id WHERE id = :id;

-- name: open_counts(community, creator)
SELECT count(*) AS here, count(CASE WHEN creator = :creator THEN 1 END) AS own FROM polls
WHERE community = :community AND state = 'open';

-- name: community_poll_ids(community, limit)
-- Polls that this community created or where they were posted to it; open ones first, then the latest.
SELECT id FROM polls
WHERE community = :community OR id IN (SELECT poll FROM poll_communities WHERE community = :community)
ORDER BY CASE state WHEN 'open' THEN 0 ELSE 1 END, opened_at DESC, id LIMIT :limit;

-- name: visible_poll_ids(community, platform, workspace, channel, thread, limit)
-- Those of them that a request in this place may see; for none, the ones that are not private.
SELECT id FROM polls
WHERE (community = :community OR id IN (SELECT poll FROM poll_communities WHERE community = :community))
    AND (private = 0 OR id IN (
        SELECT poll FROM poll_places
        WHERE platform = :platform AND workspace = :workspace AND channel IN (:channel, :thread)
    ))
ORDER BY CASE state WHEN 'open' THEN 0 ELSE 1 END, opened_at DESC, id LIMIT :limit;

-- name: all_poll_ids()
SELECT id FROM polls ORDER BY opened_at, id;

-- name: due_poll_ids(now)
SELECT id FROM polls WHERE state = 'open' AND closes_at <= :now ORDER BY closes_at, id;

-- name: due_reminder_ids(now)
SELECT id FROM polls WHERE state = 'open' AND reminded = 0 AND remind_at <= :now AND closes_at > :now
ORDER BY remind_at, id;

-- name: take_reminder(poll, now)!
-- The process that changes the row announces it, so it goes out once.
UPDATE polls SET remind_at = NULL, reminded = 1 WHERE id = :poll AND state = 'open' AND reminded = 0 AND remind_at <= :now;

-- name: remind_now(poll)!
UPDATE polls SET remind_at = NULL, reminded = 1 WHERE id = :poll AND state = 'open' AND reminded = 0;

-- name: next_deadline(platforms)$
SELECT min(due) FROM (
    SELECT min(closes_at) AS due FROM polls WHERE state = 'open'
    UNION ALL SELECT min(due_at) FROM tellings WHERE platform IN (SELECT value FROM json_each(:platforms))
    UNION ALL SELECT min(remind_at) FROM polls WHERE state = 'open' AND reminded = 0 AND remind_at IS NOT NULL
) AS deadlines;

-- name: links_of(ids)
SELECT poll, number, step, commitment, replaces, receipt, before, hash, closes_at FROM links
WHERE poll IN (SELECT value FROM json_each(:ids)) ORDER BY poll, number;

-- name: ballots_of(ids)
SELECT poll, voter, choice, name, link, nonce, seal, who, salt FROM ballots
WHERE poll IN (SELECT value FROM json_each(:ids)) ORDER BY poll, voter;

-- name: closing_of(ids)
SELECT poll, commitment FROM closing_commitments
WHERE poll IN (SELECT value FROM json_each(:ids)) ORDER BY poll, commitment;

-- name: counts_of(ids)
SELECT poll, choice, count FROM choice_counts WHERE poll IN (SELECT value FROM json_each(:ids)) AND count > 0;

-- name: hash_of_link(poll, number)$
SELECT hash FROM links WHERE poll = :poll AND number = :number;

-- name: link_by_receipt(poll, receipt)^
SELECT * FROM links WHERE poll = :poll AND receipt = :receipt;

-- name: link_replacing(poll, number)^
SELECT * FROM links WHERE poll = :poll AND replaces = :number;

-- name: link_by_head(poll, head)^
SELECT * FROM links WHERE poll = :poll AND substr(hash, 1, length(:head)) = :head;

-- name: ballot_by_link(poll, link)^
SELECT voter, choice, name, link, nonce, seal, who, salt FROM ballots WHERE poll = :poll AND link = :link;

-- name: wrapped_secrets()
SELECT poll, wrapped FROM poll_secrets ORDER BY poll;

-- name: wrapped_secrets_of(ids)
SELECT poll, wrapped FROM poll_secrets WHERE poll IN (SELECT value FROM json_each(:ids));

-- name: rewrap_secret(poll, wrapped)!
UPDATE poll_secrets SET wrapped = :wrapped WHERE poll = :poll;

-- name: seal_end(poll, row_seal)!
UPDATE polls SET row_seal = :row_seal WHERE id = :poll AND state <> 'open';

-- name: wrapped_secret(poll)$
SELECT wrapped FROM poll_secrets WHERE poll = :poll;
