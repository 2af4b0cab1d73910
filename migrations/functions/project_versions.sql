-- project_versions stores what was derived anew from versions that are stored
-- already, of any EHRs, and gives the positions (from 1) of those that it has
-- done, which it takes from the queue. Left alone is a version that is not the
-- latest any more, and one whose resources are not those that the caller has
-- compared with. So is one that a commit has locked, so that the two cannot wait
-- for each other in a circle, unless p_wait is given with one version alone.
--
-- Arrays run in parallel: the v_ arrays have one element per version; those of
-- the others have its position in _i. r_ are resources that came out differently
-- or have vanished, s_ those with other search values or rules alone, c_ the
-- content of the former, l_ the losses where they changed.
--
-- ZF001: the rules are not those in force.
create function project_versions(
    p_rules   text,
    p_wait    boolean,
    v_ehr_no  bigint[],
    v_vo      bigint[],
    v_ver     integer[],
    v_made    integer[],                      -- highest revision of its current resources; -1: none
    r_i       integer[],
    r_kind    integer[],
    r_type    text[],
    r_id      text[],
    r_from    integer[],
    r_len     integer[],                      -- null: vanished
    r_search  text[],
    r_astray  integer[],                      -- positions of those whose id does not say where they are
    c_i       integer[],
    c_raw     bytea[],
    s_i       integer[],
    s_kind    integer[],
    s_type    text[],
    s_id      text[],
    s_search  text[],
    l_i       integer[],
    l_mapped  text[],
    l_losses  text[]                          -- null: none
) returns integer[]
language plpgsql volatile as $$
declare
    done integer[];
    t    timestamptz;
begin
    if not exists (select from fhir_state where rules = p_rules) then
        raise exception using errcode = 'ZF001', message = 'other rules are in force';
    end if;
    if p_wait then
        select coalesce(array_agg(l.i), '{}') into done from (
            select u.i::integer as i from unnest(v_ehr_no, v_vo, v_ver) with ordinality as u(ehr_no, vo_no, ver, i)
            join version v on v.ehr_no = u.ehr_no and v.vo_no = u.vo_no and v.ver = u.ver
            where v.time_superseded is null for no key update of v) as l;
    else
        select coalesce(array_agg(l.i), '{}') into done from (
            select u.i::integer as i from unnest(v_ehr_no, v_vo, v_ver) with ordinality as u(ehr_no, vo_no, ver, i)
            join version v on v.ehr_no = u.ehr_no and v.vo_no = u.vo_no and v.ver = u.ver
            where v.time_superseded is null for no key update of v skip locked) as l;
    end if;
    select coalesce(array_agg(d.i), '{}') into done from unnest(done) as d(i)
    where v_made[d.i] = (select coalesce(max(r.revision), -1) from fhir_resource r
        where r.ehr_no = v_ehr_no[d.i] and r.vo_no = v_vo[d.i] and r.ver = v_ver[d.i] and r.superseded is null);

    -- Later than all that they replace, also if the clock was set back.
    select greatest(date_trunc('milliseconds', clock_timestamp()), interval '1 millisecond' + max(r.last_updated)) into t
    from unnest(done) as d(i)
    join fhir_resource r on r.ehr_no = v_ehr_no[d.i] and r.vo_no = v_vo[d.i] and r.superseded is null;
    t := coalesce(t, date_trunc('milliseconds', clock_timestamp()));

    update fhir_resource as old set superseded = t, replaced = pg_current_xact_id()
    from unnest(r_i, r_type, r_id) as r(i, type, id)
    where r.i = any(done) and old.ehr_no = v_ehr_no[r.i] and old.resource_type = r.type and old.resource_id = r.id
      and old.superseded is null;
    insert into fhir_content (ehr_no, vo_no, ver, revision, raw)
    select v_ehr_no[c.i], v_vo[c.i], v_ver[c.i], v_made[c.i] + 1, c.raw
    from unnest(c_i, c_raw) as c(i, raw) where c.i = any(done);
    insert into fhir_resource (ehr_no, vo_no, ver, revision, kind_no, byte_from, byte_len, last_updated,
                               resource_type, resource_id, search, rank, identified)
    select v_ehr_no[r.i], v_vo[r.i], v_ver[r.i], v_made[r.i] + 1, r.kind, r.byte_from, r.byte_len, t,
           r.type, r.id, r.search::jsonb, fhir_number(r.search::jsonb), case when r.search::jsonb ? 'identifier' then true end
    from unnest(r_i, r_kind, r_type, r_id, r_from, r_len, r_search) as r(i, kind, type, id, byte_from, byte_len, search)
    where r.i = any(done);

    insert into fhir_id (resource_id, resource_type, ehr_no, vo_no)
    select r_id[a.n], r_type[a.n], v_ehr_no[r_i[a.n]], v_vo[r_i[a.n]] from unnest(r_astray) as a(n)
    where r_i[a.n] = any(done)
    on conflict (resource_id, resource_type, ehr_no) do update set vo_no = excluded.vo_no;

    update fhir_resource as old set kind_no = s.kind, search = s.search::jsonb,
        rank = fhir_number(s.search::jsonb), identified = case when s.search::jsonb ? 'identifier' then true end
    from unnest(s_i, s_kind, s_type, s_id, s_search) as s(i, kind, type, id, search)
    where s.i = any(done) and old.ehr_no = v_ehr_no[s.i] and old.resource_type = s.type and old.resource_id = s.id
      and old.superseded is null;

    delete from fhir_loss f using unnest(l_i) as l(i)
    where l.i = any(done) and f.ehr_no = v_ehr_no[l.i] and f.vo_no = v_vo[l.i] and f.ver = v_ver[l.i];
    insert into fhir_loss (ehr_no, vo_no, ver, template_no, mapped, losses)
    select v.ehr_no, v.vo_no, v.ver, v.template_no, l.mapped::text[], l.losses::jsonb
    from unnest(l_i, l_mapped, l_losses) as l(i, mapped, losses)
    join version v on v.ehr_no = v_ehr_no[l.i] and v.vo_no = v_vo[l.i] and v.ver = v_ver[l.i]
    where l.i = any(done) and l.losses is not null;

    delete from fhir_queue q using unnest(done) as d(i)
    where q.ehr_no = v_ehr_no[d.i] and q.vo_no = v_vo[d.i];
    return done;
end
$$;
