-- What members did in the last minutes, so that a platform that delivers it twice has it done once. A key is a digest
-- of the platform's own id for it, without who did it and what. Only while it is worked on stands beside it, again as
-- a digest, whose and about what it is: what the same member does next there overtakes it.
CREATE TABLE repeats (
    key   TEXT NOT NULL PRIMARY KEY CHECK (length(key) > 0),
    scope TEXT NOT NULL,                            -- empty once it is done
    until INTEGER NOT NULL,                         -- until when its worker has it, by the database's own clock
    done  INTEGER NOT NULL CHECK (done IN (0, 1))
) STRICT, WITHOUT ROWID;
