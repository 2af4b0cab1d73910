-- Value sets, code systems and concept maps that were loaded into this system,
-- each as the FHIR R4 resource it came as.
create table terminology_resource (
    kind     text not null check (kind in ('CodeSystem', 'ValueSet', 'ConceptMap')),
    url      text collate "C" not null,
    version  text collate "C" not null,       -- '' if the resource has none
    name     text not null,
    concepts integer not null,                -- codes or mappings listed
    bytes    bigint not null,                 -- of the resource
    content  bytea not null,                  -- JSON, compressed with zstd
    loaded   timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
    primary key (kind, url, version)
);
alter table terminology_resource alter column content set storage external;

-- Counts the changes, so that servers notice them.
create table terminology_revision (
    only_one boolean primary key default true check (only_one),
    revision bigint not null
);
insert into terminology_revision (revision) values (0);

create function terminology_changed() returns trigger language plpgsql as $$
begin
    update terminology_revision set revision = revision + 1;
    return null;
end $$;
create trigger terminology_changed after insert or update or delete or truncate on terminology_resource
    for each statement execute function terminology_changed();
