-- What hosts prepare, repeat and decide. Drafts, templates and schedules keep a poll as JSON (bot/polls/drafts.py).

-- A preview that only its host sees, until it is posted, cancelled or a week old.
CREATE TABLE poll_drafts (
    id        TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 40),
    community TEXT NOT NULL REFERENCES communities (id) ON DELETE CASCADE,
    member    TEXT NOT NULL,                        -- platform:workspace:id
    poll      TEXT NOT NULL CHECK (poll LIKE '{%}'),
    at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX poll_drafts_by_age ON poll_drafts (at);

-- `place` is where a private one was saved: it is seen only there.
CREATE TABLE poll_templates (
    id        TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 40),
    community TEXT NOT NULL REFERENCES communities (id) ON DELETE CASCADE,
    name      TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 75),
    member    TEXT NOT NULL,                        -- empty once erased, like the name
    member_name TEXT NOT NULL,
    private   INTEGER NOT NULL CHECK (private IN (0, 1)),
    place     TEXT NOT NULL,
    poll      TEXT NOT NULL CHECK (poll LIKE '{%}'),
    at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX poll_templates_by_community ON poll_templates (community, name);

CREATE TABLE poll_schedules (
    id        TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 40),
    community TEXT NOT NULL REFERENCES communities (id) ON DELETE CASCADE,
    member    TEXT NOT NULL,
    member_name TEXT NOT NULL,
    platform  TEXT NOT NULL,
    workspace TEXT NOT NULL,
    channel   TEXT NOT NULL,
    thread    TEXT NOT NULL,
    private   INTEGER NOT NULL CHECK (private IN (0, 1)),
    poll      TEXT NOT NULL CHECK (poll LIKE '{%}'),
    weekly    INTEGER NOT NULL CHECK (weekly IN (0, 1)),
    clock     TEXT NOT NULL,                        -- the wall clock it opens by, such as 2026-11-27T18:00
    next_at   INTEGER,                              -- empty once it has stopped
    stopped   TEXT NOT NULL DEFAULT '',             -- why
    at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX poll_schedules_due ON poll_schedules (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX poll_schedules_by_community ON poll_schedules (community);

-- Who wants to be reminded in private. Deleted when the poll ends.
CREATE TABLE poll_watchers (
    poll      TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    member    TEXT NOT NULL,                        -- as the poll's voter
    workspace TEXT NOT NULL,                        -- where they are told
    remind_at INTEGER NOT NULL,
    PRIMARY KEY (poll, member)
) STRICT, WITHOUT ROWID;

CREATE INDEX poll_watchers_due ON poll_watchers (remind_at);

-- A consent poll's row says method 'single' and consent 1, since a CHECK can't be changed in place. `follows` is the poll
-- whose proposal it changes.
ALTER TABLE polls ADD COLUMN consent INTEGER NOT NULL DEFAULT 0 CHECK (consent IN (0, 1));
ALTER TABLE polls ADD COLUMN follows TEXT NOT NULL DEFAULT '';

-- Whether its places were reminded: once, by the clock or by the host.
ALTER TABLE polls ADD COLUMN reminded INTEGER NOT NULL DEFAULT 0 CHECK (reminded IN (0, 1));

CREATE TABLE objections (
    poll      TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    number    INTEGER NOT NULL CHECK (number > 0),
    member    TEXT NOT NULL,                        -- as the poll's voter; empty once erased, like the name
    name      TEXT NOT NULL,
    reason    TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
    at        INTEGER NOT NULL,
    withdrawn_at INTEGER,
    answer    TEXT NOT NULL DEFAULT '' CHECK (length(answer) <= 1000),
    PRIMARY KEY (poll, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
    id        TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 40),
    community TEXT NOT NULL REFERENCES communities (id) ON DELETE CASCADE,
    outcome   TEXT NOT NULL CHECK (length(outcome) BETWEEN 1 AND 500),
    owner     TEXT NOT NULL,                        -- who carries it out: an id in the community; empty if only a name
    owner_name TEXT NOT NULL CHECK (length(owner_name) <= 100),
    poll      TEXT NOT NULL,                        -- the poll's id, or empty
    links     TEXT NOT NULL CHECK (links LIKE '[%]'),
    state     TEXT NOT NULL CHECK (state IN ('standing', 'done', 'changed', 'dropped')),
    review_at INTEGER,
    ask_at    INTEGER,                              -- when somebody is asked about it; empty while they have been
    private   INTEGER NOT NULL CHECK (private IN (0, 1)),
    platform  TEXT NOT NULL,
    workspace TEXT NOT NULL,
    channel   TEXT NOT NULL,
    member    TEXT NOT NULL,                        -- who recorded it: an id in the community
    member_name TEXT NOT NULL,
    at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX decisions_by_community ON decisions (community, at);
CREATE INDEX decisions_due ON decisions (ask_at) WHERE ask_at IS NOT NULL;

CREATE TABLE decision_steps (
    decision TEXT NOT NULL REFERENCES decisions (id) ON DELETE CASCADE,
    number   INTEGER NOT NULL CHECK (number > 0),
    step     TEXT NOT NULL CHECK (step IN ('recorded', 'done', 'changed', 'postponed', 'dropped')),
    words    TEXT NOT NULL CHECK (length(words) <= 500),
    member   TEXT NOT NULL,
    member_name TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (decision, number)
) STRICT, WITHOUT ROWID;

-- When a community's next weekly digest is due.
CREATE TABLE digests (
    community TEXT NOT NULL PRIMARY KEY REFERENCES communities (id) ON DELETE CASCADE,
    next_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The same table with two more kinds of news: a scheduled poll opens, and a member asked to be reminded. `thread` holds
-- the member's id for the latter, `channel` is empty.
CREATE TABLE tellings_again (
    poll      TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    news      TEXT NOT NULL CHECK (news IN ('result', 'reminder', 'opening', 'nudge')),
    platform  TEXT NOT NULL,
    workspace TEXT NOT NULL,
    channel   TEXT NOT NULL,
    thread    TEXT NOT NULL,
    since     INTEGER NOT NULL,                     -- when it fell due
    due_at    INTEGER NOT NULL,                     -- when it is tried, again perhaps
    PRIMARY KEY (poll, news, platform, workspace, channel, thread)
) STRICT, WITHOUT ROWID;

INSERT INTO tellings_again SELECT poll, news, platform, workspace, channel, thread, since, due_at FROM tellings;
DROP TABLE tellings;
ALTER TABLE tellings_again RENAME TO tellings;
CREATE INDEX tellings_due ON tellings (due_at);
