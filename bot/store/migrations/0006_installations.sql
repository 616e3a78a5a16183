-- Where a platform's app is installed, with the token that the platform gave for it, sealed under a key derived from the
-- instance's, which is kept elsewhere. It goes when the app is removed. Who installed it is not kept.

CREATE TABLE installations (
    community    TEXT NOT NULL PRIMARY KEY CHECK (length(community) BETWEEN 3 AND 200 AND community LIKE '%_:_%'),
    sealed       TEXT NOT NULL CHECK (length(sealed) BETWEEN 100 AND 20000),
    installed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What an installer brought back from the platform counts once: SHA-256, until it would have expired anyway.
CREATE TABLE spent_states (
    hash       TEXT NOT NULL PRIMARY KEY CHECK (length(hash) = 64),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
