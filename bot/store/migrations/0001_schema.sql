-- Written in SQLite's words. On PostgreSQL, INTEGER reads BIGINT, and STRICT and WITHOUT ROWID are left out.
-- Times are microseconds since 1970 in UTC. Structured values are JSON. Yes and no are 1 and 0. Hashes are SHA-256, hex.

CREATE TABLE communities (
    id       TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 3 AND 200 AND id LIKE '%_:_%'), -- platform:workspace
    settings TEXT NOT NULL DEFAULT '{}' CHECK (settings LIKE '{%}'),
    left_at  INTEGER                                -- when it removed the bot
) STRICT, WITHOUT ROWID;

CREATE TABLE polls (
    id            TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 40 AND id NOT LIKE '% %'),
    community     TEXT NOT NULL REFERENCES communities (id),
    creator       TEXT NOT NULL,                    -- a person's id in that community; empty once erased
    question      TEXT NOT NULL CHECK (length(question) BETWEEN 1 AND 300),
    method        TEXT NOT NULL CHECK (method IN ('single', 'approval', 'ranked', 'score')),
    max_choices   INTEGER NOT NULL CHECK (max_choices BETWEEN 1 AND 25),
    secret        INTEGER NOT NULL CHECK (secret IN (0, 1)),
    results       TEXT NOT NULL CHECK (results IN ('at-close', 'after-vote', 'live')),
    roles         TEXT NOT NULL CHECK (roles LIKE '[%]'),
    joined_before INTEGER NOT NULL CHECK (joined_before IN (0, 1)),
    quorum        INTEGER NOT NULL CHECK (quorum >= 0),
    topic         TEXT NOT NULL,
    public        INTEGER NOT NULL CHECK (public IN (0, 1)),
    opened_at     INTEGER NOT NULL,
    closes_at     INTEGER NOT NULL,
    remind_at     INTEGER,                          -- empty once the reminder went out
    state         TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed', 'cancelled')),
    closed_at     INTEGER,
    closed_by     TEXT NOT NULL DEFAULT '',         -- empty: the deadline did it
    announce_at   INTEGER,                          -- when its close wants to be announced; empty once it was
    head          TEXT NOT NULL CHECK (length(head) = 64),
    links         INTEGER NOT NULL DEFAULT 0 CHECK (links >= 0),
    ballots       INTEGER NOT NULL DEFAULT 0 CHECK (ballots BETWEEN 0 AND links),
    CHECK (closes_at > opened_at),
    CHECK ((state = 'open') = (closed_at IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX polls_by_community ON polls (community, opened_at);
CREATE INDEX polls_due ON polls (closes_at) WHERE state = 'open';
CREATE INDEX polls_to_announce ON polls (announce_at) WHERE announce_at IS NOT NULL;
CREATE INDEX polls_to_remind ON polls (remind_at) WHERE state = 'open' AND remind_at IS NOT NULL;

CREATE TABLE poll_options (
    poll     TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    position INTEGER NOT NULL CHECK (position BETWEEN 0 AND 24),
    name     TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 75),
    entry    TEXT NOT NULL DEFAULT '',              -- the id of the policy option's card
    PRIMARY KEY (poll, position),
    UNIQUE (poll, name)
) STRICT, WITHOUT ROWID;

-- Where a poll was posted: members of these communities may vote.
CREATE TABLE poll_communities (
    poll      TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    community TEXT NOT NULL REFERENCES communities (id),
    PRIMARY KEY (poll, community)
) STRICT, WITHOUT ROWID;

CREATE INDEX poll_communities_by_community ON poll_communities (community);

-- The messages that show a poll.
CREATE TABLE poll_copies (
    poll      TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    platform  TEXT NOT NULL,
    workspace TEXT NOT NULL,
    channel   TEXT NOT NULL,
    thread    TEXT NOT NULL,
    message   TEXT NOT NULL CHECK (length(message) > 0),
    posted_at INTEGER NOT NULL,
    edited_at INTEGER CHECK (edited_at >= posted_at),
    PRIMARY KEY (poll, platform, workspace, channel, message)
) STRICT, WITHOUT ROWID;

-- The random secret of an open poll, wrapped by the instance's key, which is kept elsewhere. Deleted at the close.
CREATE TABLE poll_secrets (
    poll    TEXT NOT NULL PRIMARY KEY REFERENCES polls (id) ON DELETE CASCADE,
    wrapped TEXT NOT NULL CHECK (length(wrapped) > 43)
) STRICT, WITHOUT ROWID;

-- One row for each standing ballot. There is no time, and after the close of a secret poll no voter and no link.
CREATE TABLE ballots (
    poll   TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    voter  TEXT NOT NULL CHECK (length(voter) > 0), -- a keyed hash in an open secret poll, then random; else the voter
    choice TEXT NOT NULL CHECK (length(choice) BETWEEN 1 AND 1000),
    name   TEXT,                                    -- how the voter was called; only in a poll that says it is named
    link   INTEGER CHECK (link > 0),                -- the link of the chain that stands for it
    nonce  TEXT CHECK (length(nonce) = 32),         -- opens the link's commitment
    seal   TEXT CHECK (length(seal) = 32),          -- opens the closing commitment
    PRIMARY KEY (poll, voter),
    CHECK ((link IS NULL) = (nonce IS NULL)),
    CHECK (link IS NOT NULL OR (seal IS NOT NULL AND name IS NULL))
) STRICT, WITHOUT ROWID;

-- What a tally counts: distinct ballots and how many there are of each.
CREATE TABLE choice_counts (
    poll   TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    choice TEXT NOT NULL,
    count  INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (poll, choice)
) STRICT, WITHOUT ROWID;

-- The chain. Only ever appended to; it goes when the whole poll goes, which `erasures` records.
CREATE TABLE links (
    poll       TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL CHECK (number > 0),
    step       TEXT NOT NULL CHECK (step IN ('cast', 'change', 'withdraw', 'close')),
    commitment TEXT NOT NULL CHECK (length(commitment) = CASE WHEN step = 'withdraw' THEN 0 ELSE 64 END),
    replaces   INTEGER NOT NULL CHECK (replaces >= 0 AND replaces < number),
    receipt    TEXT NOT NULL CHECK (length(receipt) = CASE WHEN step IN ('cast', 'change') THEN 64 ELSE 0 END),
    before     TEXT NOT NULL CHECK (length(before) = 64),
    hash       TEXT NOT NULL CHECK (length(hash) = 64),
    PRIMARY KEY (poll, number),
    CHECK ((replaces > 0) = (step IN ('change', 'withdraw')))
) STRICT, WITHOUT ROWID;

CREATE TABLE closing_commitments (
    poll       TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    commitment TEXT NOT NULL CHECK (length(commitment) = 64),
    PRIMARY KEY (poll, commitment)
) STRICT, WITHOUT ROWID;

-- Which polls were erased whole, and why. A poll can't be deleted without its line here, and the line stays.
CREATE TABLE erasures (
    poll      TEXT NOT NULL PRIMARY KEY,
    links     INTEGER NOT NULL CHECK (links >= 0),
    head      TEXT NOT NULL CHECK (length(head) = 64),
    reason    TEXT NOT NULL CHECK (length(reason) > 0),
    erased_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
