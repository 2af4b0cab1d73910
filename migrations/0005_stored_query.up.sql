-- Stored queries. A version never changes once it is stored.
create table stored_query (
    name    text collate "C" not null,        -- with its namespace
    version text not null,                    -- semantic version, complete
    text    text not null,                    -- AQL
    saved   timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
    actor   text not null,                    -- the authenticated principal
    primary key (name, version)
);
