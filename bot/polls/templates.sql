-- Templates of polls.

-- name: put_template(id, community, name, member, member_name, private, place, poll, at)!
INSERT INTO poll_templates (id, community, name, member, member_name, private, place, poll, at)
VALUES (:id, :community, :name, :member, :member_name, :private, :place, :poll, :at);

-- name: templates_of(community)
SELECT * FROM poll_templates WHERE community = :community ORDER BY name, id;

-- name: find_template(id)^
SELECT * FROM poll_templates WHERE id = :id;

-- name: drop_template(id)!
DELETE FROM poll_templates WHERE id = :id;

-- name: templates_by(community, person)
SELECT id FROM poll_templates WHERE community = :community AND member = :person ORDER BY id;

-- name: forget_template_member(community, person)!
UPDATE poll_templates SET member = '', member_name = '' WHERE community = :community AND member = :person;
