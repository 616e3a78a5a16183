-- Discussions: statements that members agree with, disagree with or pass, and where a community agrees.

CREATE TABLE discussions (
    id           TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 3 AND 40 AND id LIKE 'd-%'),
    community    TEXT NOT NULL REFERENCES communities (id),
    creator      TEXT NOT NULL,                     -- a person's id in that community; empty once erased
    creator_name TEXT NOT NULL,
    question     TEXT NOT NULL CHECK (length(question) BETWEEN 1 AND 300),
    pack         TEXT NOT NULL,                     -- the topic whose starters and cards it shows; empty for none
    moderation   TEXT NOT NULL CHECK (moderation IN ('before', 'after', 'off')),
    private      INTEGER NOT NULL CHECK (private IN (0, 1)),
    opened_at    INTEGER NOT NULL,
    closes_at    INTEGER NOT NULL,
    state        TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed', 'cancelled')),
    closed_at    INTEGER,
    closed_by    TEXT NOT NULL DEFAULT '',          -- empty: the deadline did it
    people       INTEGER NOT NULL DEFAULT 0 CHECK (people >= 0),
    votes        INTEGER NOT NULL DEFAULT 0 CHECK (votes >= 0),  -- answers given and changed, ever
    drawn        INTEGER NOT NULL DEFAULT 0,        -- changes that its messages show
    result       TEXT NOT NULL DEFAULT '',          -- totals and groups as JSON, from the close on
    result_hash  TEXT NOT NULL DEFAULT '' CHECK (length(result_hash) IN (0, 64)),
    creator_told INTEGER NOT NULL DEFAULT 0 CHECK (creator_told IN (0, 1)),
    CHECK (closes_at > opened_at),
    CHECK ((state = 'open') = (closed_at IS NULL)),
    CHECK (state = 'closed' OR result = '')
) STRICT, WITHOUT ROWID;

CREATE INDEX discussions_by_community ON discussions (community, opened_at);
CREATE INDEX discussions_due ON discussions (closes_at) WHERE state = 'open';

-- Where a discussion was opened. `channel` is a thread where a thread can have members of its own.
CREATE TABLE discussion_places (
    discussion TEXT NOT NULL REFERENCES discussions (id) ON DELETE CASCADE,
    platform   TEXT NOT NULL,
    workspace  TEXT NOT NULL,
    channel    TEXT NOT NULL,
    PRIMARY KEY (discussion, platform, workspace, channel)
) STRICT, WITHOUT ROWID;

-- The messages that show a discussion; the columns are those of poll_copies.
CREATE TABLE discussion_copies (
    poll      TEXT NOT NULL REFERENCES discussions (id) ON DELETE CASCADE,
    platform  TEXT NOT NULL,
    workspace TEXT NOT NULL,
    channel   TEXT NOT NULL,
    thread    TEXT NOT NULL,
    message   TEXT NOT NULL CHECK (length(message) > 0),
    posted_at INTEGER NOT NULL,
    edited_at INTEGER CHECK (edited_at >= posted_at),
    shown     INTEGER NOT NULL DEFAULT 0,
    final     INTEGER NOT NULL DEFAULT 0 CHECK (final IN (0, 1)),
    lost      INTEGER NOT NULL DEFAULT 0 CHECK (lost >= 0),
    PRIMARY KEY (poll, platform, workspace, channel, message)
) STRICT, WITHOUT ROWID;

-- Places that are still to hear a result; the columns are those of tellings.
CREATE TABLE discussion_tellings (
    poll      TEXT NOT NULL REFERENCES discussions (id) ON DELETE CASCADE,
    platform  TEXT NOT NULL,
    workspace TEXT NOT NULL,
    channel   TEXT NOT NULL,
    thread    TEXT NOT NULL,
    since     INTEGER NOT NULL,
    due_at    INTEGER NOT NULL,
    PRIMARY KEY (poll, platform, workspace, channel, thread)
) STRICT, WITHOUT ROWID;

-- The random secret of an open discussion, wrapped by the instance's key. Deleted at the close.
CREATE TABLE discussion_secrets (
    discussion TEXT NOT NULL PRIMARY KEY REFERENCES discussions (id) ON DELETE CASCADE,
    wrapped    TEXT NOT NULL CHECK (length(wrapped) > 43)
) STRICT, WITHOUT ROWID;

-- Totals are 0 once the discussion has ended: what may be told of them stands in its result.
CREATE TABLE discussion_statements (
    discussion TEXT NOT NULL REFERENCES discussions (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL CHECK (position BETWEEN 0 AND 499),
    words      TEXT NOT NULL CHECK (length(words) BETWEEN 1 AND 300),
    starter    INTEGER NOT NULL CHECK (starter IN (0, 1)),
    lean       TEXT NOT NULL,                       -- of a starter, for a balanced beginning; never shown
    state      TEXT NOT NULL CHECK (state IN ('draft', 'waiting', 'open', 'rejected', 'muted')),
    author     TEXT NOT NULL,                       -- platform:workspace:id while it is open; empty for starters
    note       TEXT NOT NULL DEFAULT '' CHECK (length(note) <= 300),  -- why it was rejected
    agrees     INTEGER NOT NULL DEFAULT 0 CHECK (agrees >= 0),
    disagrees  INTEGER NOT NULL DEFAULT 0 CHECK (disagrees >= 0),
    passes     INTEGER NOT NULL DEFAULT 0 CHECK (passes >= 0),
    PRIMARY KEY (discussion, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX discussion_statements_by_author ON discussion_statements (author) WHERE author <> '';

-- One row for each answer of an open discussion, under a keyed hash of the member. All are deleted at the close.
CREATE TABLE discussion_votes (
    discussion TEXT NOT NULL REFERENCES discussions (id) ON DELETE CASCADE,
    person     TEXT NOT NULL CHECK (length(person) = 64),
    statement  INTEGER NOT NULL,
    vote       INTEGER NOT NULL CHECK (vote IN (-1, 0, 1)),
    PRIMARY KEY (discussion, person, statement)
) STRICT, WITHOUT ROWID;
