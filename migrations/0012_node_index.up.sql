-- The node index: one row per frame of the latest version of each composition
-- (docs/adr/0012). It is derived from the documents and can be rebuilt. A
-- frame's columns and the keys of v mean what the registry says of its path.
--
-- Frames of an archetype stand together in one of the partitions below, which
-- is given to it when it is first stored; node_0 has those of all archetypes
-- that came when none was left, and of those that are seldom asked for.
create table node (
    ehr_no   bigint   not null,
    vo_no    bigint   not null,
    path_id  integer  not null,               -- node_path
    num      integer  not null,               -- in the composition, in document order, from 0
    last     integer  not null,               -- the last frame inside this one
    parent   integer  not null,               -- the frame around this one; -1: none
    part     smallint not null,
    n1 numeric, n2 numeric, n3 numeric,
    k1 text, k2 text,
    d1 numeric,                               -- seconds since 1970, as aql_datetime gives them
    v        jsonb
) partition by list (part);

create index node_object on node (ehr_no, vo_no);

do $$
begin
    for i in 0 .. 24 loop
        execute format('create table node_%s partition of node for values in (%s)', i, i);
    end loop;
end $$;

-- The registry. Steps are attribute and node id alternately, "" for an object
-- without a node id. Rows are only added, but for node_value.multiple.
create table node_place (
    place_id  integer  primary key,
    archetype text     not null,
    steps     text[]   not null,              -- from the root of the archetype
    rm_type   text     not null,
    name      text     not null,              -- the usual name of frames here
    part      smallint not null
);

create table node_path (
    path_id  integer primary key,
    parent   integer not null,                -- 0: none
    place_id integer not null,
    slot     text[]  not null                 -- the steps from the parent frame
);

create table node_value (
    value_id integer primary key,
    place_id integer not null,
    steps    text[]  not null,                -- from the frame
    rm_type  text    not null,
    usual    text    not null,
    col      text    not null,                -- the column of the first attribute
    multiple boolean not null
);

create table node_state (
    one_row    boolean primary key default true check (one_row),
    generation bigint  not null,              -- of the registry: changes with it
    rules      integer not null,              -- the version of the rules that made the rows
    complete   boolean not null,              -- all latest versions of compositions are covered
    -- of the rebuilding that is under way or was the last
    rebuilding integer,                       -- the rules that it follows; null: none is under way
    after_ehr  bigint,                        -- everything up to here is done
    after_vo   bigint,
    done       bigint not null default 0,
    started    timestamptz,
    ended      timestamptz
);
insert into node_state (generation, rules, complete)
select 1, 1, not exists (select from version where kind = 1);

-- The EHRs that population queries leave out, of which there are few.
create index ehr_not_queryable on ehr (ehr_no) where not is_queryable;
