drop index fhir_kind_tokens;
