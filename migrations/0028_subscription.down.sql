drop function fhir_publish() cascade;
drop function fhir_retire() cascade;
drop table fhir_binding;
drop table fhir_event;
drop table fhir_outbox;
drop table fhir_subscription;
-- The jobs of the library that delivers notifications, if it was ever started.
do $$
begin
    execute format('drop schema if exists %I cascade', case current_schema() when 'public' then 'river' else current_schema() || '_river' end);
end $$;
