alter table fhir_export drop column queryable;
drop table fhir_group_member, fhir_group;
drop index fhir_resource_kind;
create index fhir_resource_kind on fhir_resource (kind_no) where superseded is null;
drop function fhir_number(jsonb);
drop function fhir_rank(numeric);
