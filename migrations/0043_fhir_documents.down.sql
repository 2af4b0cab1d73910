drop trigger if exists fhir_publish_document on version;
drop function fhir_publish_document();
delete from fhir_event where resource_type = 'DocumentReference';
delete from fhir_outbox where resource_type = 'DocumentReference';
