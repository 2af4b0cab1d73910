-- The shapes of the queries that were run: their texts with a parameter in the
-- place of every value, so that nothing of a patient is here.
create table aql_shape (
    digest    bytea            primary key,   -- SHA-256 of text
    text      text             not null,      -- AQL
    runs      bigint           not null,
    row_count bigint           not null,      -- in all runs, like the next
    total_ms  double precision not null,
    max_ms    double precision not null,      -- of the slowest run
    first_run timestamptz      not null,
    last_run  timestamptz      not null
);

-- Stored queries whose results are kept. An incremental one has the rows of each
-- EHR from before aggregates, order and paging; a scheduled one its whole result.
create table aql_materialised (
    query_no     integer generated always as identity primary key, -- never used again
    name         text collate "C" not null,
    version      text collate "C" not null,
    text         text    not null,            -- that of the stored query
    every_s      integer,                     -- seconds between refreshes; null: incremental
    fingerprint  text,                        -- of the rules the rows were made by; null: none yet
    complete     boolean not null default false, -- incremental: every EHR has been looked at once
    refreshed_at timestamptz,                 -- all commits until then are in the rows
    problem      text,                        -- why the last refresh did not succeed
    actor        text    not null,            -- who declared it
    unique (name, version)
);

create table aql_kept (
    query_no integer not null,
    ehr_no   bigint  not null,
    cells    jsonb[] not null
);
create index aql_kept_ehr on aql_kept (query_no, ehr_no);

create table aql_result (
    query_no integer not null,
    n        bigint  not null,                -- position of the row
    cells    text[]  not null,                -- JSON as it is returned
    primary key (query_no, n)
);

-- EHRs whose rows are not those of the record any more: written in the
-- transaction that changes the record, deleted in the one that renews the rows.
-- Of a scheduled query, with 0 for the EHR, that its result must not be used.
create table aql_change (
    query_no integer not null,
    ehr_no   bigint  not null
);
create index aql_change_ehr on aql_change (query_no, ehr_no);

create function aql_mark_ehr() returns trigger
language plpgsql as $$
begin
    insert into aql_change (query_no, ehr_no)
    select m.query_no, new.ehr_no from aql_materialised m where m.every_s is null;
    return null;
end
$$;

-- Every commit inserts a contribution. The trigger is enabled as long as there
-- is an incremental query.
create trigger aql_mark after insert on contribution for each row
    when (new.ehr_no <> 0) execute function aql_mark_ehr();
alter table contribution disable trigger aql_mark;

create function aql_mark_results() returns trigger
language plpgsql as $$
begin
    insert into aql_change (query_no, ehr_no)
    select m.query_no, 0 from aql_materialised m where m.every_s is not null;
    return null;
end
$$;

-- An EHR that must not be queried any more has to vanish from results at once.
create trigger aql_mark after update of is_queryable on ehr for each row
    when (old.is_queryable and not new.is_queryable) execute function aql_mark_results();
