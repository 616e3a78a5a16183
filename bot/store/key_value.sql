-- name: kept_value(name)$
SELECT value FROM kept WHERE name = :name;

-- name: change_value(name, value)!
UPDATE kept SET value = :value WHERE name = :name AND value <> :value;

-- name: begin_value(name, value)!
INSERT INTO kept (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING;

-- name: keep_value(name, value)!
INSERT INTO kept (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: answers()$
SELECT 1;
