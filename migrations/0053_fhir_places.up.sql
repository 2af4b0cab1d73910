-- Fewer and cheaper entries in indexes for each resource (docs/adr/0044).
--
-- The id of a resource begins with the object that it is made from. So versions lead to
-- it, by their objects, and there is no index of ids. This has the ids that do not, as
-- those of before.
create table fhir_id (
    resource_id   text   not null,
    resource_type text   not null,
    ehr_no        bigint not null,
    vo_no         bigint not null,
    primary key (resource_id, resource_type, ehr_no)
);
create index fhir_id_source on fhir_id (ehr_no, vo_no);
-- Those of Patients and parties are UUIDs.
insert into fhir_id
select r.resource_id, r.resource_type, r.ehr_no, r.vo_no from fhir_resource r
where r.superseded is null and length(r.resource_id) <> 36;
drop index fhir_resource_id;

create unique index version_of_object on version (object_id, ehr_no, ver);
drop index version_object;
alter index version_of_object rename to version_object;

-- What indexes have of the search values is not taken out of these for each index.
alter table fhir_resource
    add column rank       integer,             -- fhir_number(search)
    add column identified boolean;             -- true: search has an identifier; or else null
drop index fhir_resource_kind;
drop index fhir_resource_identifier;
update fhir_resource set rank = fhir_number(search), identified = case when search ? 'identifier' then true end
where search ?| '{value-quantity,component-value-quantity,identifier}';
create index fhir_resource_kind on fhir_resource (kind_no, rank) where superseded is null;
create index fhir_resource_identifier on fhir_resource using gin ((search->'identifier') jsonb_path_ops)
    where superseded is null and identified;
