-- What editors and moderators did, and what the bot did with the content by itself. Never who voted, or for what.

CREATE TABLE acts (
    id        TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 40),
    at        INTEGER NOT NULL,
    community TEXT NOT NULL,                        -- whose business it was; empty: the content, which all share
    actor     TEXT NOT NULL,                        -- platform:workspace:id; empty: the bot itself; or erased
    name      TEXT NOT NULL,                        -- what the person was called then
    did       TEXT NOT NULL CHECK (length(did) > 0),
    object    TEXT NOT NULL,                        -- the id of what it was done to
    detail    TEXT NOT NULL CHECK (length(detail) <= 1000)
) STRICT, WITHOUT ROWID;

CREATE INDEX acts_by_community ON acts (community, at, id);
CREATE INDEX acts_by_actor ON acts (actor);
