-- keep_workflow replaces what the compositions v_vo of an EHR say about workflows,
-- and gives the objects whose resources depend on what they said or say: those
-- with the INSTRUCTIONs that the ACTIONs name, or of the same workflow. The e_
-- arrays have one element per entry, e_i the position (from 1) of its composition.
-- The caller has locked the workflows of the EHR (see pkg/store/workflow.go).
create function keep_workflow(
    p_ehr_no   bigint,
    v_vo       bigint[],
    v_object   uuid[],
    e_i        integer[],
    e_target   uuid[],
    e_workflow text[],
    e_action   text[]
) returns setof bigint
language plpgsql volatile as $$
declare
    targets   uuid[];
    workflows text[];
begin
    with gone as (
        delete from workflow_entry w where w.ehr_no = p_ehr_no and w.vo_no = any(v_vo)
        returning w.target, w.workflow, w.action
    ), here as (
        select g.target, g.workflow from gone g where g.action is not null
        union
        select e.target, e.workflow from unnest(e_target, e_workflow, e_action) as e(target, workflow, action)
        where e.action is not null
    )
    select array_agg(h.target) filter (where h.target is not null), array_agg(h.workflow) filter (where h.workflow is not null)
    into targets, workflows from here h;

    insert into workflow_entry (ehr_no, vo_no, entry_no, object_id, target, workflow, action)
    select p_ehr_no, v_vo[e.i], row_number() over (partition by e.i order by e.n), v_object[e.i], e.target, e.workflow, e.action::jsonb
    from unnest(e_i, e_target, e_workflow, e_action) with ordinality as e(i, target, workflow, action, n);

    return query
        select v.vo_no from version v
        where v.ehr_no = p_ehr_no and v.object_id = any(targets) and v.kind = 1 and v.ver > 0
          and v.time_superseded is null and v.lifecycle_state <> 523 and v.vo_no <> all(v_vo)
        union
        select w.vo_no from workflow_entry w
        where w.ehr_no = p_ehr_no and w.workflow = any(workflows) and w.action is null and w.vo_no <> all(v_vo);
end
$$;

-- workflow_of gives what ACTIONs say about the orders in compositions, which are
-- in the order of the arrays, with the position (from 1) of the composition.
create function workflow_of(
    v_ehr_no bigint[],
    v_vo     bigint[],
    v_object uuid[]
) returns table (i bigint, action jsonb)
language sql stable as $$
    select u.i, f.action
    from unnest(v_ehr_no, v_vo, v_object) with ordinality as u(ehr_no, vo_no, object_id, i)
    cross join lateral (
        select w.vo_no, w.entry_no, w.action from workflow_entry w
        where w.ehr_no = u.ehr_no and w.target = u.object_id and w.action is not null
        union
        select w.vo_no, w.entry_no, w.action
        from workflow_entry x join workflow_entry w on w.ehr_no = x.ehr_no and w.workflow = x.workflow
        where x.ehr_no = u.ehr_no and x.vo_no = u.vo_no and x.action is null and w.action is not null
    ) f
    order by u.i, f.vo_no, f.entry_no
$$;
