drop table fhir_export;
