-- The role that a poll pings when it opens: an id in its community; empty for nobody.

ALTER TABLE polls ADD COLUMN ping TEXT NOT NULL DEFAULT '';
