drop index fhir_event_created;
create index fhir_event_created on fhir_event (created);

insert into fhir_outbox (xid, prior, present, ehr_no, vo_no, kind_no, last_updated, resource_type, resource_id, search)
select xid, prior, present, ehr_no, vo_no, kind_no, last_updated, resource_type, resource_id, search
from fhir_change where seq in (select seq from fhir_outbox where types is not null) order by seq, place;
delete from fhir_outbox where types is not null;
drop view fhir_change;
alter table fhir_outbox
    drop column types,
    drop column ids,
    alter column kind_no set not null,
    alter column present set not null,
    alter column resource_type set not null,
    alter column resource_id set not null;

create or replace function fhir_publish() returns trigger
language plpgsql as $$
begin
    insert into fhir_outbox (prior, present, ehr_no, vo_no, kind_no, last_updated, resource_type, resource_id, search)
    select false, n.byte_len is not null, n.ehr_no, n.vo_no, n.kind_no, n.last_updated, n.resource_type, n.resource_id, n.search
    from new_rows n
    where n.superseded is null
    order by n.last_updated, n.resource_type, n.resource_id;
    return null;
end
$$;
