-- Objections in consent polls.

-- name: withdraw_objection(poll, member, reason, at)!
-- Every objection of the member but the one with this reason.
UPDATE objections SET withdrawn_at = :at
WHERE poll = :poll AND member = :member AND withdrawn_at IS NULL AND reason <> :reason;

-- name: put_objection(poll, member, name, reason, at)!
INSERT INTO objections (poll, number, member, name, reason, at)
SELECT CAST(:poll AS TEXT), coalesce(max(number), 0) + 1, CAST(:member AS TEXT), CAST(:name AS TEXT),
    CAST(:reason AS TEXT), CAST(:at AS BIGINT)
FROM objections WHERE poll = :poll
HAVING NOT EXISTS (
    SELECT 1 FROM objections WHERE poll = :poll AND member = :member AND reason = :reason AND withdrawn_at IS NULL
);

-- name: objections_of(poll)
SELECT number, member, name, reason, at, withdrawn_at, answer FROM objections WHERE poll = :poll ORDER BY number;

-- name: answer_objection(poll, number, answer)!
UPDATE objections SET answer = :answer WHERE poll = :poll AND number = :number AND withdrawn_at IS NULL;

-- name: objections_by(voter, community, guest)
-- In polls that other communities brought to this one the member is theirs, by the same id.
SELECT o.poll, o.reason FROM objections o JOIN polls p ON p.id = o.poll
WHERE o.member = :voter OR (o.member = p.community || ':' || :guest AND EXISTS (
    SELECT 1 FROM poll_communities c WHERE c.poll = p.id AND c.community = :community
)) ORDER BY o.poll, o.number;

-- name: forget_objector(voter, community, guest)!
UPDATE objections SET member = '', name = '' WHERE member = :voter OR EXISTS (
    SELECT 1 FROM polls p JOIN poll_communities c ON c.poll = p.id
    WHERE p.id = objections.poll AND objections.member = p.community || ':' || :guest AND c.community = :community
);

-- name: forget_objectors_from(prefix)!
UPDATE objections SET member = '', name = '' WHERE substr(member, 1, length(:prefix)) = :prefix;
