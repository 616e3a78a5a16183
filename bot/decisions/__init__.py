"""What a community decided: by which poll, who carries it out, when it is looked at again."""
