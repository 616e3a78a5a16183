-- Polls that open by themselves.

-- name: put_schedule(id, community, member, member_name, platform, workspace, channel, thread, private, poll, weekly, clock, next_at, at)!
INSERT INTO poll_schedules (id, community, member, member_name, platform, workspace, channel, thread, private, poll, weekly,
    clock, next_at, at)
VALUES (:id, :community, :member, :member_name, :platform, :workspace, :channel, :thread, :private, :poll, :weekly,
    :clock, :next_at, :at);

-- name: schedules_of(community)
-- Those that will open a poll; the next first.
SELECT * FROM poll_schedules WHERE community = :community AND next_at IS NOT NULL ORDER BY next_at, id;

-- name: schedule_counts(community, member)
SELECT count(*) AS here, count(CASE WHEN member = :member THEN 1 END) AS own FROM poll_schedules
WHERE community = :community AND next_at IS NOT NULL;

-- name: find_schedule(id)^
SELECT * FROM poll_schedules WHERE id = :id;

-- name: due_schedules(now)
SELECT * FROM poll_schedules WHERE next_at <= :now ORDER BY next_at, id LIMIT 100;

-- name: advance_schedule(id, due_at, next_at)!
-- The process that changes the row opens the poll, in the same transaction, so it opens once.
UPDATE poll_schedules SET next_at = :next_at WHERE id = :id AND next_at = :due_at;

-- name: stop_schedule(id, stopped)!
UPDATE poll_schedules SET next_at = NULL, stopped = :stopped WHERE id = :id AND next_at IS NOT NULL;

-- name: next_schedule()$
SELECT min(next_at) FROM poll_schedules WHERE next_at IS NOT NULL;

-- name: schedules_by(community, person)
SELECT id FROM poll_schedules WHERE community = :community AND member = :person ORDER BY id;

-- name: forget_schedules_of(community, person)!
-- What they scheduled stops with them.
DELETE FROM poll_schedules WHERE community = :community AND member = :person;
