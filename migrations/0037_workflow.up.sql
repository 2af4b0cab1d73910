-- What the entries of the latest version of each composition say about workflows
-- (docs/adr/0032): how far an ACTION says that an order has come, and of which
-- workflow an INSTRUCTION is. It is what the resources of other compositions
-- depend on, whose object an ACTION names.
create table workflow_entry (
    ehr_no    bigint  not null,
    vo_no     bigint  not null,
    entry_no  integer not null,               -- in the composition, from 1
    object_id uuid    not null,               -- of vo_no
    target    uuid,                           -- versioned object with the INSTRUCTION of an ACTION
    workflow  text,                           -- ENTRY.workflow_id, as a digest
    action    jsonb,                          -- of an ACTION; null: an INSTRUCTION
    primary key (ehr_no, vo_no, entry_no)
);
create index workflow_entry_target on workflow_entry (ehr_no, target) where target is not null;
create index workflow_entry_workflow on workflow_entry (ehr_no, workflow) where workflow is not null;

-- Of what is stored already, so that from now on no ACTION is missing.
insert into workflow_entry (ehr_no, vo_no, entry_no, object_id, target, workflow, action)
select f.ehr_no, f.vo_no, row_number() over (partition by f.ehr_no, f.vo_no order by f.i), f.object_id,
       f.target, f.workflow, f.action
from (
    select v.ehr_no, v.vo_no, v.object_id, n.i, k.workflow,
           case when n.node->>'_type' = 'ACTION' and
                     split_part(d.ref #>> '{id,value}', '::', 1) ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
                then split_part(d.ref #>> '{id,value}', '::', 1)::uuid end as target,
           case when n.node->>'_type' = 'ACTION' then jsonb_strip_nulls(jsonb_build_object(
               'archetype', n.node #>> '{archetype_details,archetype_id,value}',
               'state', case when n.node #>> '{ism_transition,current_state,defining_code,terminology_id,value}' = 'openehr'
                             then n.node #>> '{ism_transition,current_state,defining_code,code_string}' end,
               'step', n.node #>> '{ism_transition,careflow_step,defining_code,code_string}',
               'time', n.node #>> '{time,value}',
               'instruction', d.ref #>> '{id,value}',
               'instruction_path', d.ref->>'path',
               'activity', n.node #>> '{instruction_details,activity_id}',
               'lifecycle', v.lifecycle_state,
               'workflow', k.workflow)) end as action
    from version v
    join document c on c.ehr_no = v.ehr_no and c.vo_no = v.vo_no and c.ver = v.ver
    cross join lateral jsonb_path_query(c.content, 'strict $.** ? (@._type == "ACTION" || @._type == "INSTRUCTION")')
        with ordinality as n(node, i)
    cross join lateral (select n.node #> '{instruction_details,instruction_id}' as ref) d
    cross join lateral (select case when n.node #>> '{workflow_id,id,value}' <> '' then encode(sha256(convert_to(
        coalesce(n.node #>> '{workflow_id,namespace}', '') || chr(31) || coalesce(n.node #>> '{workflow_id,type}', '') || chr(31) ||
        (n.node #>> '{workflow_id,id,value}'), 'UTF8')), 'hex') end as workflow) k
    where v.kind = 1 and v.ehr_no > 0 and v.ver > 0 and v.time_superseded is null and v.lifecycle_state <> 523
      and v.concepts && (select coalesce(array_agg(concept_id), '{}') from concept where rm_type in ('ACTION', 'INSTRUCTION'))
) f
where f.target is not null or f.workflow is not null;
