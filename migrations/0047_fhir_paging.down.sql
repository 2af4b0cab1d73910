-- What replaced resources are found by may stay: nothing before reads it.
drop table fhir_origin;
drop index fhir_resource_replaced;
alter table fhir_resource drop column made, drop column replaced;
