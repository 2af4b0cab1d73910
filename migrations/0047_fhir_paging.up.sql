-- The pages of a search are all of the state that the first page was of: the
-- transactions that made and replaced each resource tell which these are. What was
-- made before this is of any state, what was replaced before of none.
--
-- From now on a resource that is replaced keeps its values of search parameters
-- (fhir_resource.search), by which it is still found on later pages. Those replaced
-- before have none.
alter table fhir_resource
    add column made     xid8,                  -- the transaction that made the row
    add column replaced xid8;                  -- the one that set superseded
alter table fhir_resource alter column made set default pg_current_xact_id();
create index fhir_resource_replaced on fhir_resource (replaced) where replaced is not null;

-- Numbers of transactions are those of one database server. All that stood when the
-- database came to the one it is in, be it restored there, is of any state.
create table fhir_origin (
    one_row boolean primary key default true check (one_row),
    system  bigint,                            -- pg_control_system(); null: not known
    until   timestamptz                        -- what was made until then is of any state
);
insert into fhir_origin default values;
