-- Slots of frames inside, as JSON arrays of steps, of which every frame of the
-- path that was ever stored has at least one. Of paths that are known already
-- nothing is said.
alter table node_path add column always text[] not null default '{}';
