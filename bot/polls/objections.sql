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

-- name: objections_by(member)
SELECT poll, reason FROM objections WHERE member = :member ORDER BY poll, number;

-- name: forget_objector(member)!
UPDATE objections SET member = '', name = '' WHERE member = :member;
