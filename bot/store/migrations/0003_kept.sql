-- What a platform has to remember between two runs, such as what it last told the platform's servers. Nothing personal.

CREATE TABLE kept (
    name  TEXT NOT NULL PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 100),
    value TEXT NOT NULL CHECK (length(value) <= 1000)
) STRICT, WITHOUT ROWID;
