-- The tables before cannot hold two projections of one version.
do $$
begin
    if exists (select from fhir_resource where revision > 0) then
        raise exception 'resources were made again of versions that are stored: there is no way back';
    end if;
end $$;
drop table fhir_state, fhir_queue;
alter table fhir_resource drop constraint fhir_resource_pkey, add primary key (ehr_no, resource_type, resource_id, ver);
alter table fhir_resource drop column revision;
alter table fhir_content drop constraint fhir_content_pkey, add primary key (ehr_no, vo_no, ver);
alter table fhir_content drop column revision;
