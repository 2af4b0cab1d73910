-- The count of changes at which a resource was loaded, so that who has read it knows
-- one that has replaced it since.
alter table terminology_resource add column revision bigint not null default 0;
