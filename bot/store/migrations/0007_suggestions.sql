-- What members suggest for the content, and what became of it.

CREATE TABLE suggestions (
    id         TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 40),
    community  TEXT NOT NULL,
    member     TEXT NOT NULL,                       -- platform:workspace:id, or erased
    name       TEXT NOT NULL,                       -- what the member was called then
    at         INTEGER NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('correction', 'source', 'argument')),
    pack       TEXT NOT NULL,
    entry      TEXT NOT NULL,                       -- the card that it is about; empty: the topic
    words      TEXT NOT NULL CHECK (length(words) BETWEEN 1 AND 2000),
    url        TEXT NOT NULL CHECK (length(url) <= 500),
    state      TEXT NOT NULL CHECK (state IN ('open', 'asked', 'accepted', 'rejected', 'published')),
    note       TEXT NOT NULL CHECK (length(note) <= 1000),    -- what an editor asked, or why it was rejected
    answer     TEXT NOT NULL CHECK (length(answer) <= 2000),  -- what the member answered
    decided_by TEXT NOT NULL,                       -- what the editor was called then
    decided_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX suggestions_waiting ON suggestions (at, id) WHERE state IN ('open', 'asked');
CREATE INDEX suggestions_by_member ON suggestions (member, at);

-- What members look for, as counts of a month, without who: cards asked for and disputed, searches that found nothing.
CREATE TABLE interest (
    month TEXT NOT NULL CHECK (length(month) = 7),  -- such as 2026-11
    what  TEXT NOT NULL CHECK (what IN ('asked', 'disputed', 'missed')),
    pack  TEXT NOT NULL,                            -- empty for a search
    entry TEXT NOT NULL CHECK (length(entry) BETWEEN 1 AND 80),  -- a card's id, or the words of a search
    times INTEGER NOT NULL CHECK (times > 0),
    PRIMARY KEY (month, what, pack, entry)
) STRICT, WITHOUT ROWID;
