-- One row of the outbox for each projection of an object, with the names of the
-- resources alone: what they are found by is read from them when the row is
-- compared, and not copied by the commit. Rows of before have a resource each.
alter table fhir_outbox
    alter column kind_no drop not null,
    alter column present drop not null,
    alter column resource_type drop not null,
    alter column resource_id drop not null,
    add column types text[],                          -- of the resources, with their ids
    add column ids   text[];

create or replace function fhir_publish() returns trigger
language plpgsql as $$
begin
    insert into fhir_outbox (prior, ehr_no, vo_no, last_updated, types, ids)
    select false, n.ehr_no, n.vo_no, n.last_updated,
        array_agg(n.resource_type order by n.resource_type, n.resource_id), array_agg(n.resource_id order by n.resource_type, n.resource_id)
    from new_rows n
    where n.superseded is null
    group by n.last_updated, n.ehr_no, n.vo_no
    order by n.last_updated, n.ehr_no, n.vo_no;
    return null;
end
$$;

-- The changes of single resources. A resource that was replaced meanwhile is not
-- found by anything any more: what it was found by is in the row that says so,
-- which comes later in the outbox. One that was deleted physically is no change.
create view fhir_change as
    select o.seq, 0::bigint as place, o.xid, o.prior, o.present, o.ehr_no, o.vo_no, o.kind_no, o.last_updated, o.resource_type, o.resource_id, o.search
    from fhir_outbox o
    where o.types is null
    union all
    select o.seq, u.place, o.xid, false, f.byte_len is not null, o.ehr_no, o.vo_no, f.kind_no, o.last_updated, u.type, u.id,
        case when f.superseded is null then f.search else (
            select p.search from fhir_outbox p
            where p.prior and p.seq > o.seq and p.ehr_no = o.ehr_no and p.resource_type = u.type and p.resource_id = u.id and p.last_updated = f.superseded
            order by p.seq limit 1) end
    from fhir_outbox o
    cross join lateral unnest(o.types, o.ids) with ordinality as u(type, id, place)
    cross join lateral ( -- limited, so that each is looked up by its key, whatever the planner expects
        select r.* from fhir_resource r
        where r.ehr_no = o.ehr_no and r.resource_type = u.type and r.resource_id = u.id and r.last_updated = o.last_updated
        order by r.ver desc, r.revision desc limit 1) f
    where o.types is not null;

-- Events are added in the order of their time.
drop index fhir_event_created;
create index fhir_event_created on fhir_event using brin (created);
