-- name: add_act(id, at, community, actor, name, did, object, detail)!
INSERT INTO acts (id, at, community, actor, name, did, object, detail)
VALUES (:id, :at, :community, :actor, :name, :did, :object, :detail);

-- name: acts_before(community, at, id, limit)
-- The newest first. Those of one moment are told apart by their ids.
SELECT id, at, community, actor, name, did, object, detail FROM acts
WHERE community = :community AND (at < :at OR at = :at AND id < :id) ORDER BY at DESC, id DESC LIMIT :limit;

-- name: acts_of(actor)
SELECT id, at, community, actor, name, did, object, detail FROM acts WHERE actor = :actor ORDER BY at, id;

-- name: forget_actor(actor)!
UPDATE acts SET actor = 'erased', name = '' WHERE actor = :actor;

-- name: forget_actors_from(prefix)!
UPDATE acts SET actor = 'erased', name = '' WHERE substr(actor, 1, length(:prefix)) = :prefix;

-- name: delete_acts_of_community(community)!
DELETE FROM acts WHERE community = :community;
