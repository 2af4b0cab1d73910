-- commit_contribution stores contributions with their versions and everything
-- derived from them. It is the only writer of the record. One call is one
-- statement and so one transaction: any guard that raises undoes all of it.
--
-- Arrays run in parallel: the p_ arrays have one element per contribution, the
-- v_ arrays one per version, the r_, c_ and l_ arrays one per FHIR resource,
-- version with resources and version with losses, whose _i element is the
-- position (from 1) of its version; v_p is that of its contribution. Arrays of
-- arrays are passed as array literals. Documents and search values are UTF-8 text or,
-- with p_kept, the bytes in which this database keeps them as jsonb.
--
-- Several contributions at once may only hold first versions of COMPOSITIONs
-- for EHRs that exist, p_more is null for them, and they come in the order of
-- p_ehr, in which all such calls lock the EHRs.
--
-- Null in the place of an EHR is the demographic repository, ehr_no 0, which has
-- no row in ehr.
--
-- p_more, null for almost all contributions, is what few versions have:
--   versions      {position from 1: {
--     tree          [trunk, branch, version] of a branch version
--     system        creating system, if it is another one
--     preceding     system::tree of the preceding version, if it is not ver - 1
--     inputs        other_input_version_uids
--     audit         what an ATTESTATION has beyond AUDIT_DETAILS
--     item          of an IMPORTED_VERSION, its ORIGINAL_VERSION without data
--     chosen        true: the object of a first version has an id of the client's
--     alone         true: a later call will need to be alone with the object
--     only          true: no other object may have a current persistent
--                   COMPOSITION of its template}}
--   attestations  [{
--     i             position of the version of this contribution, or else
--     object, system, ver or tree    of an earlier one
--     change, committer, description, more    as in table attestation}]
--   workflow      true: the caller keeps what compositions say about workflows
--                 (keep_workflow)
--   continues     true: an earlier call in this transaction has begun the
--                 contribution, and with it every object of this call
--
-- One call has at most one version of each object. A contribution with more is
-- several calls in one transaction, the versions that others follow first. Each
-- has a time of its own, later than that of the versions it goes on from, and
-- the contribution has that of the last. What the first call has checked of the
-- EHR holds for all of them.
--
-- Guards raise these conditions; DETAIL is the latest version uid where one
-- is meant, of the trunk or of the branch:
--   ZC404  no such EHR, versioned object or version
--   ZC403  the EHR is not modifiable
--   ZC409  the version or its object exists already; MESSAGE says how
--   ZC412  the version replaced is not the latest
--   ZC410  the same, and the latest is a logical deletion
--   ZC411  the version replaced is the latest and a logical deletion
--   ZC422  the new version may not follow its predecessor; MESSAGE says why
--   ZC001  the EHR_STATUS is not the one that the caller has seen
--   ZW001  an object is of a workflow, and p_more does not say that this is known
--
-- It returns one row: the time of commit, and for each version in the order of
-- the v_ arrays the number of its EHR and of its versioned object and whether
-- it is the latest of that object's trunk from now on. What is derived from
-- current versions only, in the same statement or transaction, goes by these:
--   with c as materialized (select * from commit_contribution(...))
--   select c.committed, other_function(c.ehr_no, c.vo, c.current, ...) from c
--
-- Times of commit are whole milliseconds: that is what all doors show, and a
-- client that asks for the version extant at the time it was shown must get it.
create function commit_contribution(
    p_ehr           uuid[],                   -- null: the demographic repository
    p_contribution  uuid[],
    p_change        smallint[],
    p_description   text[],
    p_committer     text[],
    p_actor         text[],
    p_on_behalf_of  text[],
    p_purpose       text[],
    p_status_seen   uuid[],                   -- the EHR_STATUS that the caller knows; null: any
    p_status_trunk  integer[],                -- and its version; 0: any

    p_system        text,
    -- a new EHR (null: an existing one) and, in both cases, the fields that
    -- its row repeats from a new EHR_STATUS (p_queryable null: none)
    p_status_object uuid,
    p_access_object uuid,
    p_queryable     boolean,
    p_modifiable    boolean,
    p_subject_type  text,
    p_subject_id    text,
    p_subject_ns    text,

    v_p          integer[],
    v_object     uuid[],
    v_ver        integer[],
    v_previous   text[],                      -- creating system of version ver - 1
    v_kind       smallint[],
    v_lifecycle  smallint[],
    v_change     smallint[],
    v_template   integer[],
    v_concept    integer[],
    v_concepts   text[],
    v_category   smallint[],
    v_signature  text[],
    v_start      timestamptz[],
    v_description text[],
    v_content    bytea[],
    v_raw        bytea[],

    r_i          integer[],
    r_kind       integer[],
    r_type       text[],
    r_id         text[],
    r_from       integer[],
    r_len        integer[],
    r_search     bytea[],
    r_rank       integer[],                   -- fhir_number(search)
    r_identified boolean[],                   -- true: search has an identifier; or else null
    r_astray     integer[],                   -- positions of those whose id does not say where they are

    c_i          integer[],
    c_raw        bytea[],

    l_i          integer[],
    l_mapped     text[],
    l_losses     text[],

    p_more       jsonb,
    p_rules      text,                        -- by which the resources were made
    q_i          integer[],                   -- versions that are projected later
    p_kept       boolean,                     -- needs casts that not every database has (0048)

    out committed timestamptz,
    out ehr_no    bigint[],
    out vo        bigint[],
    out current   boolean[]
)
language plpgsql volatile as $$
#variable_conflict use_column
declare
    e        ehr%rowtype;
    p        version%rowtype;
    latest   version%rowtype;
    trunk    version%rowtype;
    updates  boolean := false;
    goes_on  boolean := coalesce((p_more->'continues')::boolean, false);
    t        timestamptz;
    i        integer;
    owners   bigint[];                        -- by contribution, the number of its EHR
    others   boolean;                         -- rules in force
    x        jsonb;                           -- of p_more, for the version at hand
    before   text[];                          -- system and tree of its predecessor
    -- by version: its key, that of the version it replaces, and what p_more says
    n_ver    integer[] := v_ver;
    n_prec   text[] := array_fill(null::text, array[cardinality(v_object)]);
    n_old    integer[] := array_fill(null::integer, array[cardinality(v_object)]);
    n_tree   text[];
    n_system text[];
    n_inputs text[];
    n_audit  text[];
    n_item   text[];
begin
    if cardinality(p_ehr) > 1 and (p_more is not null or p_queryable is not null
                                   or 1 <> all(v_ver) or 1 <> all(v_kind)) then
        raise exception 'contributions that cannot be stored at once';
    end if;
    vo := array_fill(null::bigint, array[cardinality(v_object)]);
    current := array_fill(true, array[cardinality(v_object)]);
    if p_more is not null then
        n_tree := n_prec;
        n_system := n_prec;
        n_inputs := n_prec;
        n_audit := n_prec;
        n_item := n_prec;
    end if;
    if p_status_object is not null then
        insert into ehr (ehr_id, system_id, time_created, is_queryable, is_modifiable,
                         subject_type, subject_id, subject_namespace,
                         status_object, status_system, status_ver, access_object)
        values (p_ehr[1], p_system, date_trunc('milliseconds', clock_timestamp()), p_queryable, p_modifiable,
                p_subject_type, p_subject_id, p_subject_ns,
                p_status_object, p_system, 1, p_access_object)
        returning * into e;
        t := e.time_created;
        owners := array[e.ehr_no];
    elsif p_ehr[1] is null then
        -- The demographic repository: no EHR, and no EHR_STATUS that rules it.
        e.ehr_no := 0;
        t := date_trunc('milliseconds', clock_timestamp());
        owners := array[e.ehr_no];
    else
        for i in 1 .. cardinality(p_ehr) loop
            -- Writers of content share the EHR with each other; a writer of its
            -- EHR_STATUS has it alone, so that nothing is committed under a status
            -- that has just been replaced. In memory: the row is not touched.
            if p_queryable is null then
                perform pg_advisory_xact_lock_shared(uuid_hash_extended(p_ehr[i], 1));
            else
                perform pg_advisory_xact_lock(uuid_hash_extended(p_ehr[i], 1));
            end if;
            select * into e from ehr where ehr_id = p_ehr[i];
            if not found then
                raise exception using errcode = 'ZC404', message = 'no EHR with this id';
            end if;
            -- Another EHR_STATUS means that the EHR was deleted physically and its id
            -- used again, perhaps for somebody else.
            if p_status_trunk[i] > 0 and e.status_ver <> p_status_trunk[i] or e.status_object <> p_status_seen[i] then
                raise exception using errcode = 'ZC001', message = 'the EHR_STATUS has changed';
            end if;
            if not goes_on and not e.is_modifiable and v_kind && '{1,3}'::smallint[] then
                raise exception using errcode = 'ZC403', message = 'the EHR is not modifiable';
            end if;
            owners[i] := e.ehr_no;
        end loop;
        t := date_trunc('milliseconds', clock_timestamp());
    end if;

    for i in select s.i from generate_subscripts(v_object, 1) as s(i) order by v_object[s.i] loop
        x := p_more->'versions'->i::text;
        if x is not null then
            n_tree[i] := translate(x->>'tree', '[] ', '{}');
            n_system[i] := x->>'system';
            n_prec[i] := x->>'preceding';
            n_inputs[i] := (select array_agg(u) from jsonb_array_elements_text(x->'inputs') u)::text;
            n_audit[i] := x->>'audit';
            n_item[i] := x->>'item';
            if n_tree[i] is not null or n_item[i] is not null or x ? 'chosen' or x ? 'alone' then
                -- Alone with the object: its rows below zero are counted, and
                -- there may be none yet to lock.
                perform pg_advisory_xact_lock(uuid_hash_extended(v_object[i], 2));
                loop
                    select * into latest from version
                    where ehr_no = e.ehr_no and object_id = v_object[i] and ver > 0
                    order by ver desc limit 1
                    for no key update;
                    -- One that was replaced while this waited for it is not it.
                    exit when latest.time_superseded is null;
                end loop;
            end if;
            if v_kind[i] in (2, 4) and (n_tree[i] is not null or n_item[i] is not null) then
                raise exception using errcode = 'ZC422', message = 'kind';
            end if;
            if (x ? 'chosen' or n_item[i] is not null) and latest.kind <> v_kind[i] then
                raise exception using errcode = 'ZC409', message = 'kind';
            end if;
            if x ? 'chosen' and latest.ver is not null then
                raise exception using errcode = 'ZC409', message = 'object';
            end if;
            if x ? 'only' then
                -- Of the template, whichever of its revisions.
                perform pg_advisory_xact_lock(hashtextextended('only ' || (
                    select tn.template_id from template tn where tn.template_no = v_template[i]), e.ehr_no));
                if exists (select from version v where v.ehr_no = e.ehr_no and v.kind = 1 and v.time_superseded is null
                           and v.template_no in (select tr.template_no from template tn join template tr on tr.template_id = tn.template_id
                                                 where tn.template_no = v_template[i])
                           and v.category = 431 and v.lifecycle_state <> 523)
                   or exists (select from generate_subscripts(v_object, 1) o
                              where o < i and v_ver[o] = 1 and v_template[o] = v_template[i] and v_category[o] = 431) then
                    raise exception using errcode = 'ZC409', message = 'persistent';
                end if;
            end if;
        end if;

        if n_tree[i] is not null then
            -- A branch version, created here or imported.
            updates := true;
            select * into p from version v
            where v.ehr_no = e.ehr_no and v.object_id = v_object[i] and v.ver = v_ver[i] and v.kind = v_kind[i];
            if p.ver is null and n_item[i] is not null then
                raise exception using errcode = 'ZC422', message = 'branch order';
            end if;
            trunk := latest;
            select * into latest from version v
            where v.ehr_no = e.ehr_no and v.object_id = v_object[i] and v.tree[1:2] = (n_tree[i]::integer[])[1:2]
              and lower(v.creating_system) = lower(coalesce(n_system[i], p_system))
            order by v.tree desc limit 1;
            if n_item[i] is not null then
                if exists (select from version v where v.ehr_no = e.ehr_no and v.object_id = v_object[i]
                           and v.tree = n_tree[i]::integer[] and lower(v.creating_system) = lower(n_system[i])) then
                    raise exception using errcode = 'ZC409', message = 'version';
                end if;
                if (n_tree[i]::integer[])[3] > 1 and latest.tree[3] is distinct from (n_tree[i]::integer[])[3] - 1 then
                    raise exception using errcode = 'ZC422', message = 'branch order';
                end if;
            else
                before := string_to_array(n_prec[i], '::');
                if before[2] like '%.%' then
                    select * into p from version v
                    where v.ehr_no = e.ehr_no and v.object_id = v_object[i] and lower(v.creating_system) = lower(before[1])
                      and v.tree = string_to_array(before[2], '.')::integer[];
                end if;
                if p.ver is null or lower(p.creating_system) <> lower(before[1]) then
                    if trunk.ver is null or trunk.kind <> v_kind[i] then
                        raise exception using errcode = 'ZC404', message = 'no such versioned object';
                    end if;
                    raise exception using
                        errcode = case trunk.lifecycle_state when 523 then 'ZC410' else 'ZC412' end,
                        message = 'no such version',
                        detail = trunk.object_id || '::' || trunk.creating_system || '::' || trunk.ver;
                end if;
                if latest.ver is null and (n_tree[i]::integer[])[3] = 1 then
                    if (n_tree[i]::integer[])[2] <> 1 + (select coalesce(max(v.tree[2]), 0) from version v
                                      where v.ehr_no = e.ehr_no and v.object_id = v_object[i] and v.tree[1] = v_ver[i]) then
                        raise exception using errcode = 'ZC422', message = 'branch number';
                    end if;
                elsif latest.ver is distinct from p.ver then
                    raise exception using
                        errcode = case latest.lifecycle_state when 523 then 'ZC410' else 'ZC412' end,
                        message = 'not the latest version',
                        detail = latest.object_id || '::' || latest.creating_system || '::' || array_to_string(latest.tree, '.');
                end if;
                if p.lifecycle_state = 523 then
                    raise exception using errcode = 'ZC411', message = 'the object is deleted',
                        detail = p.object_id || '::' || p.creating_system || '::' || coalesce(array_to_string(p.tree, '.'), p.ver::text);
                end if;
            end if;
            current[i] := false;
            n_ver[i] := (select least(min(v.ver), 0) - 1 from version v where v.ehr_no = e.ehr_no and v.vo_no = p.vo_no);

        elsif n_item[i] is not null then
            -- An imported version of the trunk. What came in between may be
            -- unknown here, and it may be older than what is known.
            if latest.ver is null then
                vo[i] := nextval('vo_no_seq');
                continue;
            end if;
            updates := true;
            select * into p from version v
            where v.ehr_no = e.ehr_no and v.object_id = v_object[i] and v.ver = v_ver[i];
            if found then
                raise exception using errcode = 'ZC409',
                    message = case when lower(p.creating_system) = lower(n_system[i]) then 'version' else 'fork' end;
            end if;
            before := string_to_array(n_prec[i], '::');
            if before[2] not like '%.%' and exists (
                select from version v where v.ehr_no = e.ehr_no and v.object_id = v_object[i] and v.ver = before[2]::integer
                and lower(v.creating_system) <> lower(before[1])) then
                raise exception using errcode = 'ZC409', message = 'fork';
            end if;
            p := latest;
            if p.ver > v_ver[i] then
                current[i] := false;
            else
                if p.lifecycle_state = 523 then
                    raise exception using errcode = 'ZC411', message = 'the object is deleted',
                        detail = p.object_id || '::' || p.creating_system || '::' || p.ver;
                end if;
                n_old[i] := p.ver;
            end if;

        elsif v_ver[i] = 1 then
            vo[i] := nextval('vo_no_seq');
            continue;
        else
            updates := true;
            select * into p from version
            where ehr_no = e.ehr_no and object_id = v_object[i] and ver = v_ver[i] - 1
            for no key update;
            if found and p.kind = v_kind[i] and lower(p.creating_system) = lower(v_previous[i])
               and p.time_superseded is null then
                if p.lifecycle_state = 523 then
                    raise exception using errcode = 'ZC411', message = 'the object is deleted',
                        detail = p.object_id || '::' || p.creating_system || '::' || p.ver;
                end if;
            else
                select * into latest from version
                where ehr_no = e.ehr_no and object_id = v_object[i] and kind = v_kind[i] and ver > 0
                order by ver desc limit 1;
                if not found then
                    raise exception using errcode = 'ZC404', message = 'no such versioned object';
                end if;
                raise exception using
                    errcode = case latest.lifecycle_state when 523 then 'ZC410' else 'ZC412' end,
                    message = 'not the latest version',
                    detail = latest.object_id || '::' || latest.creating_system || '::' || latest.ver;
            end if;
            n_old[i] := p.ver;
            if lower(p.creating_system) <> lower(p_system) then
                n_prec[i] := p.creating_system || '::' || p.ver;
            end if;
        end if;

        -- RM common, change_control: version lifecycle. The steps of an import
        -- were taken elsewhere.
        if n_item[i] is null
           and ((p.lifecycle_state = 801 and v_lifecycle[i] not in (801, 553, 523))
                or (v_lifecycle[i] = 801 and p.lifecycle_state not in (801, 553))) then
            raise exception using errcode = 'ZC422', message = 'lifecycle';
        end if;
        -- RM ehr, VERSIONED_COMPOSITION: one archetype, persistent or not
        if e.ehr_no > 0 and p.root_concept <> v_concept[i] then
            raise exception using errcode = 'ZC422', message = 'archetype';
        end if;
        if (p.category = 431) <> (v_category[i] = 431) then
            raise exception using errcode = 'ZC422', message = 'category';
        end if;
        vo[i] := p.vo_no;
        -- Also if the clock was set back, and beside the trunk: later versions
        -- are later.
        t := greatest(t, interval '1 millisecond' + greatest(p.time_committed, (
            select max(v.time_committed) from version v
            where v.ehr_no = e.ehr_no and v.vo_no = p.vo_no
              and v.ver < case when n_tree[i] is null and n_item[i] is null then 0 else 2147483647 end), (
            -- resources may have been made after their version
            select max(r.last_updated) from fhir_resource r
            where r.ehr_no = e.ehr_no and r.vo_no = p.vo_no and r.superseded is null)));
    end loop;

    if cardinality(owners) = 1 then
        ehr_no := array_fill(owners[1], array[cardinality(v_object)]);
    else
        ehr_no := array(select owners[u.p] from unnest(v_p) with ordinality as u(p, i) order by u.i);
    end if;

    if goes_on then
        update contribution set time_committed = t
        where ehr_no = e.ehr_no and contribution_id = p_contribution[1];
    else
        insert into contribution (ehr_no, contribution_id, system_id, time_committed,
                                  change_type, description, committer,
                                  actor, on_behalf_of, purpose)
        select n.ehr_no, n.contribution, p_system, t, n.change, n.description::jsonb, n.committer::jsonb,
               n.actor, n.on_behalf_of, n.purpose
        from unnest(owners, p_contribution, p_change, p_description, p_committer, p_actor, p_on_behalf_of, p_purpose)
             as n(ehr_no, contribution, change, description, committer, actor, on_behalf_of, purpose);
    end if;

    if updates and not coalesce((p_more->'workflow')::boolean, false) and exists (
        select from unnest(vo, current) as n(vo_no, current)
        join workflow_entry w on w.ehr_no = e.ehr_no and w.vo_no = n.vo_no where n.current) then
        raise exception using errcode = 'ZW001', message = 'the object is of a workflow';
    end if;

    if updates then
        update version as old set time_superseded = t
        from unnest(vo, n_old) as n(vo_no, ver)
        where old.ehr_no = e.ehr_no and old.vo_no = n.vo_no and old.ver = n.ver;
    end if;

    insert into version (ehr_no, vo_no, ver, kind, object_id, creating_system, contribution_id,
                         template_no, root_concept, category, lifecycle_state, change_type,
                         audit_system_id, description, committer, signature,
                         start_time, time_committed, time_superseded, concepts,
                         tree, preceding, other_inputs, audit_more, item)
    select n.ehr_no, n.vo_no, n.ver, n.kind, n.object, coalesce(n.system, p_system), p_contribution[n.p],
           n.template, n.concept, n.category, n.lifecycle, n.change,
           p_system, n.description::jsonb, p_committer[n.p]::jsonb, n.signature,
           n.start, t, case when not n.current then t end, n.concepts::integer[],
           n.tree::integer[], n.preceding, n.inputs::text[], n.audit::jsonb, n.item
    from unnest(ehr_no, v_p, vo, n_ver, v_kind, v_object, v_template, v_concept, v_category, v_lifecycle,
                v_change, v_signature, v_start, v_description, v_concepts, current,
                n_system, n_tree, n_prec, n_inputs, n_audit, n_item)
         as n(ehr_no, p, vo_no, ver, kind, object, template, concept, category, lifecycle,
              change, signature, start, description, concepts, current,
              system, tree, preceding, inputs, audit, item);

    -- A template may have been deleted since it was looked up. Whoever deletes one
    -- locks the table that has just been written to.
    if exists (select from unnest(v_template) as n(template_no)
               where n.template_no is not null
                 and not exists (select from template x where x.template_no = n.template_no)) then
        raise exception using errcode = 'ZC422', message = 'template';
    end if;

    if p_kept then
        insert into document (ehr_no, vo_no, ver, content, raw)
        select n.ehr_no, n.vo_no, n.ver, n.content::jsonb, n.raw
        from unnest(ehr_no, vo, n_ver, v_content, v_raw) as n(ehr_no, vo_no, ver, content, raw)
        where n.content is not null;
    else
        insert into document (ehr_no, vo_no, ver, content, raw)
        select n.ehr_no, n.vo_no, n.ver, convert_from(n.content, 'UTF8')::jsonb, n.raw
        from unnest(ehr_no, vo, n_ver, v_content, v_raw) as n(ehr_no, vo_no, ver, content, raw)
        where n.content is not null;
    end if;

    if p_queryable is not null and p_status_object is null then
        update ehr set is_queryable = p_queryable, is_modifiable = p_modifiable,
               subject_type = p_subject_type, subject_id = p_subject_id,
               subject_namespace = p_subject_ns, status_system = p_system,
               status_ver = s.ver
        from (select v_ver[k] as ver from generate_subscripts(v_kind, 1) k where v_kind[k] = 2) s
        where ehr_no = e.ehr_no;
    end if;

    if updates then
        -- What the versions replaced gave and the new ones do not has vanished
        -- and leaves a tombstone; one that lies there already stays.
        with replaced as (
            update fhir_resource as old set superseded = t, replaced = pg_current_xact_id()
            from unnest(vo, n_ver, current) with ordinality as n(vo_no, ver, current, i)
            where n.ver > 1 and n.current and n.i <> all(q_i) and old.ehr_no = e.ehr_no and old.vo_no = n.vo_no
              and old.superseded is null
              and (old.byte_len is not null
                   or exists (select from unnest(r_i, r_type, r_id) as r(i, type, id)
                              where r.i = n.i and r.type = old.resource_type and r.id = old.resource_id))
            returning old.resource_type, old.resource_id, old.kind_no, n.vo_no, n.ver, n.i
        )
        insert into fhir_resource (ehr_no, vo_no, ver, kind_no, last_updated, resource_type, resource_id)
        select e.ehr_no, o.vo_no, o.ver, o.kind_no, t, o.resource_type, o.resource_id
        from replaced o
        where not exists (select from unnest(r_i, r_type, r_id) as r(i, type, id)
                          where r.i = o.i and r.type = o.resource_type and r.id = o.resource_id);
    end if;

    if cardinality(r_i) > 0 then
        insert into fhir_content (ehr_no, vo_no, ver, raw)
        select ehr_no[c.i], vo[c.i], n_ver[c.i], c.raw from unnest(c_i, c_raw) as c(i, raw) where current[c.i];

        if p_kept then
            insert into fhir_resource (ehr_no, vo_no, ver, kind_no, byte_from, byte_len, last_updated,
                                       resource_type, resource_id, search, rank, identified)
            select ehr_no[r.i], vo[r.i], n_ver[r.i], r.kind, r.byte_from, r.byte_len, t,
                   r.type, r.id, r.search::jsonb, r.rank, r.identified
            from unnest(r_i, r_kind, r_type, r_id, r_from, r_len, r_search, r_rank, r_identified)
                 as r(i, kind, type, id, byte_from, byte_len, search, rank, identified)
            where current[r.i];
        else
            insert into fhir_resource (ehr_no, vo_no, ver, kind_no, byte_from, byte_len, last_updated,
                                       resource_type, resource_id, search, rank, identified)
            select ehr_no[r.i], vo[r.i], n_ver[r.i], r.kind, r.byte_from, r.byte_len, t,
                   r.type, r.id, convert_from(r.search, 'UTF8')::jsonb, r.rank, r.identified
            from unnest(r_i, r_kind, r_type, r_id, r_from, r_len, r_search, r_rank, r_identified)
                 as r(i, kind, type, id, byte_from, byte_len, search, rank, identified)
            where current[r.i];
        end if;

        if cardinality(r_astray) > 0 then
            insert into fhir_id (resource_id, resource_type, ehr_no, vo_no)
            select r_id[a.n], r_type[a.n], ehr_no[r_i[a.n]], vo[r_i[a.n]] from unnest(r_astray) as a(n)
            where current[r_i[a.n]]
            on conflict (resource_id, resource_type, ehr_no) do update set vo_no = excluded.vo_no;
        end if;
    end if;

    if cardinality(l_i) > 0 then
        insert into fhir_loss (ehr_no, vo_no, ver, template_no, mapped, losses)
        select ehr_no[l.i], vo[l.i], n_ver[l.i], v_template[l.i], l.mapped::text[], l.losses::jsonb
        from unnest(l_i, l_mapped, l_losses) as l(i, mapped, losses)
        where current[l.i];
    end if;

    -- What was left for later, or made by other rules than those in force. An
    -- object that waits already keeps its place.
    others := exists (select from fhir_state s where s.rules <> coalesce(p_rules, ''));
    if others or cardinality(q_i) > 0 then
        insert into fhir_queue (ehr_no, vo_no, since, retry)
        select n.ehr_no, n.vo_no, t, t
        from unnest(ehr_no, vo, v_kind, v_lifecycle, current) with ordinality as n(ehr_no, vo_no, kind, lifecycle, current, i)
        where (others or n.i = any(q_i)) and n.current and n.kind in (1, 2, 7, 8, 9) and n.lifecycle <> 523
        on conflict (ehr_no, vo_no) do update set retry = excluded.retry, attempts = 0;
    end if;
    if updates and not others then
        delete from fhir_queue q using unnest(commit_contribution.ehr_no, vo, current) with ordinality as n(ehr_no, vo_no, current, i)
        where n.current and n.i <> all(q_i) and q.ehr_no = n.ehr_no and q.vo_no = n.vo_no;
    end if;

    for x in select a.x from jsonb_array_elements(p_more->'attestations') a(x) loop
        if x ? 'i' then
            i := (x->>'i')::integer;
            p.vo_no := vo[i];
            p.ver := n_ver[i];
        else
            select * into p from version v
            where v.ehr_no = e.ehr_no and v.object_id = (x->>'object')::uuid
              and lower(v.creating_system) = lower(x->>'system')
              and case when x ? 'tree' then v.tree = translate(x->>'tree', '[] ', '{}')::integer[]
                       else v.ver = (x->>'ver')::integer end
            for no key update;
            if p.ver is null then
                raise exception using errcode = 'ZC404', message = 'no such version to attest';
            end if;
            if not goes_on and not e.is_modifiable and p.kind in (1, 3) then
                raise exception using errcode = 'ZC403', message = 'the EHR is not modifiable';
            end if;
            -- RM common, VERSIONED_OBJECT.commit_attestation
            if p.item is not null then
                raise exception using errcode = 'ZC422', message = 'imported';
            end if;
        end if;
        insert into attestation (ehr_no, vo_no, ver, attestation_no, contribution_id, change_type,
                                 system_id, time_committed, committer, description, more)
        select e.ehr_no, p.vo_no, p.ver, 1 + coalesce(max(a.attestation_no), 0), p_contribution[1], (x->>'change')::smallint,
               p_system, t, x->'committer', x->'description', x->'more'
        from attestation a where a.ehr_no = e.ehr_no and a.vo_no = p.vo_no and a.ver = p.ver;
    end loop;

    committed := t;
end
$$;
