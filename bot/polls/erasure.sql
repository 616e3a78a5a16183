-- Erasure.

-- name: record_erasures(community, reason, erased_at)!
INSERT INTO erasures (poll, links, head, reason, erased_at)
SELECT id, links, head, :reason, CAST(:erased_at AS BIGINT) FROM polls WHERE community = :community;

-- name: delete_polls_of_community(community)!
DELETE FROM polls WHERE community = :community;

-- name: delete_community_places(community)!
DELETE FROM poll_communities WHERE community = :community;

-- name: delete_poll_places(platform, workspace)!
DELETE FROM poll_places WHERE platform = :platform AND workspace = :workspace;

-- name: delete_community_copies(platform, workspace)!
DELETE FROM poll_copies WHERE platform = :platform AND workspace = :workspace;

-- name: delete_community(community)!
DELETE FROM communities WHERE id = :community;

-- name: named_ballots_of(voter, community, guest)
-- Named ballots of one voter, with what their polls are now. In polls that other communities brought to this one the
-- voter is theirs, by the same id.
SELECT b.poll, b.voter, b.choice, b.name, p.state FROM ballots b JOIN polls p ON p.id = b.poll
WHERE p.secret = 0 AND (b.voter = :voter OR (b.voter = p.community || ':' || :guest AND EXISTS (
    SELECT 1 FROM poll_communities c WHERE c.poll = p.id AND c.community = :community
))) ORDER BY b.poll;

-- name: named_ballots_from(prefix)
-- Named ballots of all voters whose id starts so.
SELECT b.poll, b.voter, b.choice, b.name, p.state FROM ballots b JOIN polls p ON p.id = b.poll
WHERE p.secret = 0 AND substr(b.voter, 1, length(:prefix)) = :prefix ORDER BY b.poll;

-- name: unname_ballot(poll, voter, stranger)!
-- A closed poll keeps the ballot and its commitments, and forgets whose it was. Under format 1 the link's commitment opens to
-- the voter alone, so the row loses its link too.
UPDATE ballots SET voter = :stranger, name = NULL, salt = NULL,
    link = CASE WHEN who IS NULL THEN NULL ELSE link END, nonce = CASE WHEN who IS NULL THEN NULL ELSE nonce END
WHERE poll = :poll AND voter = :voter;

-- name: polls_created_by(community, person)
SELECT id FROM polls WHERE community = :community AND creator = :person ORDER BY opened_at;

-- name: forget_creator(community, person)!
UPDATE polls SET creator = '', creator_name = '' WHERE community = :community AND creator = :person;

-- name: forget_closer(voter)!
UPDATE polls SET closed_by = 'erased' WHERE closed_by = :voter;
