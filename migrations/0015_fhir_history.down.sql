drop index fhir_resource_updated;
