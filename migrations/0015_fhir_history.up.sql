-- The history of a type or of everything reads versions by time. Rows are
-- written in that order, so that a few bytes per range of pages find them and a
-- commit pays next to nothing.
create index fhir_resource_updated on fhir_resource using brin (last_updated)
    with (pages_per_range = 32, autosummarize = on);
