drop index fhir_resource_kind;
drop index fhir_resource_identifier;
create index fhir_resource_kind on fhir_resource (kind_no, fhir_number(search)) where superseded is null;
create index fhir_resource_identifier on fhir_resource using gin ((search->'identifier') jsonb_path_ops)
    where superseded is null and search ? 'identifier';
alter table fhir_resource drop column rank, drop column identified;

create unique index version_of_ehr on version (ehr_no, object_id, ver);
drop index version_object;
alter index version_of_ehr rename to version_object;

create index fhir_resource_id on fhir_resource using hash (resource_id) where superseded is null;
drop table fhir_id;
