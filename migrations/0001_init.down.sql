drop table if exists fhir_loss, fhir_resource, fhir_content, fhir_kind, document, version, concept, template, contribution, ehr;
drop sequence if exists vo_no_seq;
