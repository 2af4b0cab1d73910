-- New versions of compositions for subscriptions to documents, which are made of
-- them when they are asked for. The trigger that calls this exists only while there
-- is such a subscription.
create function fhir_publish_document() returns trigger
language plpgsql as $$
begin
    insert into fhir_outbox (prior, present, ehr_no, vo_no, last_updated, resource_type, resource_id)
    select false, true, n.ehr_no, n.vo_no, n.time_committed, 'DocumentReference', n.ehr_no || '-' || n.vo_no
    from new_rows n
    where n.kind = 1 and n.tree is null and n.ver > 0
    order by n.time_committed, n.ehr_no, n.vo_no;
    return null;
end
$$;
