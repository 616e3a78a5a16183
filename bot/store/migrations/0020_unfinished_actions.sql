-- A member's newer action looks for older unfinished ones about the same thing. A finished action has no scope.
CREATE INDEX unfinished_actions ON repeats (scope) WHERE scope <> '';
