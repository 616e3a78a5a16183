-- A poll belongs to its places. A private one is seen, listed and voted on only there, for good.

ALTER TABLE polls ADD COLUMN private INTEGER NOT NULL DEFAULT 0 CHECK (private IN (0, 1));

-- Where a poll was opened and posted. `channel` is a thread where a thread can have members of its own.
CREATE TABLE poll_places (
    poll      TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    platform  TEXT NOT NULL,
    workspace TEXT NOT NULL,
    channel   TEXT NOT NULL,
    PRIMARY KEY (poll, platform, workspace, channel)
) STRICT, WITHOUT ROWID;

INSERT INTO poll_places (poll, platform, workspace, channel)
SELECT DISTINCT poll, platform, workspace, CASE WHEN thread <> '' AND platform <> 'slack' THEN thread ELSE channel END
FROM poll_copies;

-- Nobody recorded whether the channels of earlier polls were private. So these polls answer only where they were posted,
-- but for those whose host said that everybody may read their page.
UPDATE polls SET private = 1 WHERE public = 0 AND (community LIKE 'slack:%' OR community LIKE 'discord:%');

-- The log is read outside those places, and these entries hold the question.
UPDATE acts SET detail = '' WHERE did IN ('close', 'cancel') AND object IN (SELECT id FROM polls WHERE private = 1);
