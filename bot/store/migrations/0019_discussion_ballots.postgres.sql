-- One row for each member who answers in an open discussion, under a keyed hash of them: a letter for each statement by
-- position (a agrees, d disagrees, p passes, . not answered). All are deleted at the close.

CREATE TABLE discussion_ballots (
    discussion TEXT NOT NULL REFERENCES discussions (id) ON DELETE CASCADE,
    person     TEXT NOT NULL CHECK (length(person) = 64),
    ballot     TEXT NOT NULL CHECK (length(ballot) BETWEEN 1 AND 500 AND ballot ~ '^[adp.]+$'),
    PRIMARY KEY (discussion, person)
);

INSERT INTO discussion_ballots (discussion, person, ballot)
SELECT people.discussion, people.person, string_agg(
    CASE votes.vote WHEN 1 THEN 'a' WHEN 0 THEN 'p' WHEN -1 THEN 'd' ELSE '.' END, '' ORDER BY statements.position
)
FROM (
    SELECT discussion, person, max(statement) AS last FROM discussion_votes GROUP BY discussion, person
) AS people
JOIN discussion_statements AS statements
    ON statements.discussion = people.discussion AND statements.position <= people.last
LEFT JOIN discussion_votes AS votes ON votes.discussion = people.discussion AND votes.person = people.person
    AND votes.statement = statements.position
GROUP BY people.discussion, people.person;

DROP TABLE discussion_votes;

-- From the moment at which a close begins no answer is taken, so that its result can be worked out in peace.
ALTER TABLE discussions ADD COLUMN closing BIGINT NOT NULL DEFAULT 0 CHECK (closing IN (0, 1));
