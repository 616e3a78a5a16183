-- name: kept_value(name)$
SELECT value FROM kept WHERE name = :name;

-- name: keep_value(name, value)!
INSERT INTO kept (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: answers()$
SELECT 1;
