-- Work that processes share: which copies are out of date, who has what in hand, and where news is still to be told.

-- How many links the poll had when the message was last drawn; less than any poll has: it is to be drawn anew.
-- `final`: it shows a poll that has ended, so it never changes again.
ALTER TABLE poll_copies ADD COLUMN shown INTEGER NOT NULL DEFAULT 0;
ALTER TABLE poll_copies ADD COLUMN final INTEGER NOT NULL DEFAULT 0 CHECK (final IN (0, 1));

UPDATE poll_copies SET final = 1 WHERE EXISTS (
    SELECT 1 FROM polls WHERE polls.id = poll_copies.poll AND polls.closed_at <= poll_copies.edited_at
);

CREATE INDEX poll_copies_to_draw ON poll_copies (poll) WHERE final = 0;

-- What one process has in hand, until when by the database's own clock. Another takes it over once that has passed.
CREATE TABLE leases (
    name   TEXT NOT NULL PRIMARY KEY CHECK (length(name) > 0),
    holder TEXT NOT NULL CHECK (length(holder) > 0),
    until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Places that are still to hear of something. Whoever takes a row out tells that place.
CREATE TABLE tellings (
    poll      TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    news      TEXT NOT NULL CHECK (news IN ('result', 'reminder')),
    platform  TEXT NOT NULL,
    workspace TEXT NOT NULL,
    channel   TEXT NOT NULL,
    thread    TEXT NOT NULL,
    since     INTEGER NOT NULL,                     -- when it fell due
    due_at    INTEGER NOT NULL,                     -- when it is tried, again perhaps
    PRIMARY KEY (poll, news, platform, workspace, channel, thread)
) STRICT, WITHOUT ROWID;

CREATE INDEX tellings_due ON tellings (due_at);

INSERT INTO tellings (poll, news, platform, workspace, channel, thread, since, due_at)
SELECT DISTINCT c.poll, 'result', c.platform, c.workspace, c.channel, c.thread, p.closed_at, p.closed_at
FROM polls p JOIN poll_copies c ON c.poll = p.id WHERE p.announce_at IS NOT NULL;

DROP INDEX polls_to_announce;
ALTER TABLE polls DROP COLUMN announce_at;
