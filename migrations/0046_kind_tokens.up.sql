-- Searches by a code find its kinds by an index. There are few kinds in writing and
-- thousands to look through, for every search anew.
create index fhir_kind_tokens on fhir_kind using gin (tokens jsonb_path_ops) with (fastupdate = off);
