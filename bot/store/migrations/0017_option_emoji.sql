-- An option that begins with a platform's own emoji keeps how the platform writes it, such as `<:tea:12>` for `:tea:`.

ALTER TABLE poll_options ADD COLUMN emoji TEXT NOT NULL DEFAULT '';
