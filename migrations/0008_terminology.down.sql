drop table if exists terminology_resource;
drop table if exists terminology_revision;
drop function if exists terminology_changed();
