-- Projection again when the mappings change (docs/adr/0021).
--
-- A version that is projected again gives new versions of those resources that
-- come out differently. They have the same ver and a higher revision: what the
-- first projection made has revision 0.
alter table fhir_resource
    add column revision smallint not null default 0,
    drop constraint fhir_resource_pkey,
    add primary key (ehr_no, resource_type, resource_id, ver, revision);
alter table fhir_content
    add column revision smallint not null default 0,
    drop constraint fhir_content_pkey,
    add primary key (ehr_no, vo_no, ver, revision);

-- Objects whose latest version is to be projected: those that a commit has
-- projected by other rules than fhir_state has, and those that could not be
-- read. Such a version may have been projected in the meantime.
create table fhir_queue (
    ehr_no   bigint      not null,
    vo_no    bigint      not null,
    queue_no bigint      generated always as identity,
    since    timestamptz not null,            -- the commit that put it here
    attempts integer     not null default 0,
    retry    timestamptz not null,            -- not before
    primary key (ehr_no, vo_no)
);
create index fhir_queue_order on fhir_queue (queue_no);
create index fhir_queue_since on fhir_queue (since);

-- By which rules the resources of this database are to be made, and how far the
-- stored versions have been projected by them. A program that starts sets its
-- own rules and, if they are others, begins from the first version.
create table fhir_state (
    one_row   boolean primary key default true check (one_row),
    rules     text,                           -- null: not known
    -- of the projection of stored versions: null if none is under way, or else
    -- all objects up to here are done
    after_ehr bigint,
    after_vo  bigint,
    done      bigint not null default 0,      -- objects
    total     bigint not null default 0,      -- an estimate
    changed   bigint not null default 0,      -- objects with resources that came out differently
    failed    bigint not null default 0,      -- objects that could not be read, which are in the queue
    started   timestamptz,
    ended     timestamptz
);
insert into fhir_state default values;
