-- Bulk exports that were asked for. What they contain is a snapshot that the
-- tables of resources still hold: nothing is copied, only counted.
create table fhir_export (
    export_id   uuid        primary key,
    actor       text        not null,
    request     text        not null,           -- the URL, for the manifest
    snapshot    timestamptz not null,           -- resources as they were then
    types       text[]      not null,           -- empty: all
    since       timestamptz,
    patients    uuid[],                         -- null: all that are queryable
    created     timestamptz not null default now(),
    expires     timestamptz not null,
    files       jsonb                           -- [{type, part, deleted, count}] once counted
);
create index fhir_export_expires on fhir_export (expires);
