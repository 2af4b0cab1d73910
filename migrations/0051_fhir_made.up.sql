-- Subscriptions to Compositions: when what an event tells of has happened, where
-- that is not when the version was committed.
alter table fhir_event add column happened timestamptz;

-- A Composition names what is made of its version. Of one that is projected after
-- its commit it is told when that is done, which may make nothing. What was put in
-- the queue later than its commit has been told of before. The trigger that calls
-- this exists only while there is such a subscription.
create function fhir_publish_waited() returns trigger
language plpgsql as $$
begin
    insert into fhir_outbox (prior, present, ehr_no, vo_no, last_updated, resource_type, resource_id)
    select false, true, v.ehr_no, v.vo_no, v.time_committed, 'Composition', v.ehr_no || '-' || v.vo_no
    from old_rows o
    join version v on v.ehr_no = o.ehr_no and v.vo_no = o.vo_no and v.time_superseded is null
    where v.kind = 1 and v.tree is null and v.ver > 0 and o.since <= v.time_committed
    order by v.time_committed, v.ehr_no, v.vo_no;
    return null;
end
$$;

-- The pages of searches for what is made of versions and accesses when it is asked
-- for are of the state that the first page was of. What was made before this is of
-- any state. (Those of resources: fhir_resource.made.)
alter table version add column made xid8;
alter table version alter column made set default pg_current_xact_id();
alter table erased add column made xid8;
alter table erased alter column made set default pg_current_xact_id();
alter table ehr_tombstone add column made xid8;
alter table ehr_tombstone alter column made set default pg_current_xact_id();
alter table access add column made xid8;
alter table access alter column made set default pg_current_xact_id();
