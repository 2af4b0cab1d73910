-- index_versions keeps the node index with the versions of a contribution: it
-- takes the rows of the versions replaced away and adds those of the new ones.
-- p_ehr_no, p_vo and p_current are what commit_contribution returns. The other arrays run
-- in parallel, one element per row; r_i is the position (from 1) of its version.
create function index_versions(
    p_ehr_no  bigint[],
    p_vo      bigint[],
    p_current boolean[],
    p_replace boolean,                        -- versions may have been replaced
    r_i       integer[],
    r_num     integer[],
    r_last    integer[],
    r_parent  integer[],
    r_path    integer[],
    r_part    smallint[],
    r_n1      numeric[],
    r_n2      numeric[],
    r_n3      numeric[],
    r_k1      text[],
    r_k2      text[],
    r_d1      numeric[],
    r_v       text[]
) returns void
language plpgsql volatile as $$
begin
    if p_replace then
        -- Those that replace others are of one EHR.
        delete from node
        where ehr_no = p_ehr_no[1]
          and vo_no = any(array(select u.vo_no from unnest(p_vo, p_current) as u(vo_no, current) where u.current));
    end if;
    if cardinality(r_i) > 0 then
        insert into node (ehr_no, vo_no, path_id, num, last, parent, part, n1, n2, n3, k1, k2, d1, v)
        select p_ehr_no[r.i], p_vo[r.i], r.path, r.num, r.last, r.parent, r.part, r.n1, r.n2, r.n3, r.k1, r.k2, r.d1, r.v::jsonb
        from unnest(r_i, r_num, r_last, r_parent, r_path, r_part, r_n1, r_n2, r_n3, r_k1, r_k2, r_d1, r_v)
             as r(i, num, last, parent, path, part, n1, n2, n3, k1, k2, d1, v)
        where p_current[r.i];
    end if;
end
$$;

-- node_stale ends a query that was compiled from another generation of the
-- registry, or runs while the index does not cover everything: it could miss
-- rows. The query is compiled anew then.
create function node_stale() returns boolean
language plpgsql volatile as $$
begin
    raise exception using errcode = 'ZQ001', message = 'the node index has changed';
end
$$;

-- reindex_versions writes the rows of versions that are stored already, of any
-- EHRs, and gives the positions (from 1) of those that it has done. One that is
-- not the latest any more has been indexed by the commit that replaced it, and
-- is left alone. One whose object a commit has locked is left out too, so that
-- the two cannot wait for each other in a circle, unless p_wait is given with
-- one version alone.
create function reindex_versions(
    v_ehr_no  bigint[],
    v_vo      bigint[],
    v_ver     integer[],
    p_wait    boolean,
    r_i       integer[],
    r_num     integer[],
    r_last    integer[],
    r_parent  integer[],
    r_path    integer[],
    r_part    smallint[],
    r_n1      numeric[],
    r_n2      numeric[],
    r_n3      numeric[],
    r_k1      text[],
    r_k2      text[],
    r_d1      numeric[],
    r_v       text[]
) returns integer[]
language plpgsql volatile as $$
declare
    done integer[];
begin
    if p_wait then
        select coalesce(array_agg(l.i), '{}') into done from (
            select u.i::integer as i from unnest(v_ehr_no, v_vo, v_ver) with ordinality as u(ehr_no, vo_no, ver, i)
            join version v on v.ehr_no = u.ehr_no and v.vo_no = u.vo_no and v.ver = u.ver
            where v.time_superseded is null for share of v) as l;
    else
        select coalesce(array_agg(l.i), '{}') into done from (
            select u.i::integer as i from unnest(v_ehr_no, v_vo, v_ver) with ordinality as u(ehr_no, vo_no, ver, i)
            join version v on v.ehr_no = u.ehr_no and v.vo_no = u.vo_no and v.ver = u.ver
            where v.time_superseded is null for share of v skip locked) as l;
    end if;
    delete from node n using unnest(done) as l(i)
    where n.ehr_no = v_ehr_no[l.i] and n.vo_no = v_vo[l.i];
    insert into node (ehr_no, vo_no, path_id, num, last, parent, part, n1, n2, n3, k1, k2, d1, v)
    select v_ehr_no[r.i], v_vo[r.i], r.path, r.num, r.last, r.parent, r.part, r.n1, r.n2, r.n3, r.k1, r.k2, r.d1, r.v::jsonb
    from unnest(r_i, r_num, r_last, r_parent, r_path, r_part, r_n1, r_n2, r_n3, r_k1, r_k2, r_d1, r_v)
         as r(i, num, last, parent, path, part, n1, n2, n3, k1, k2, d1, v)
    where r.i = any(done);
    return done;
end
$$;
