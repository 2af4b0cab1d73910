-- index_versions keeps the node index with the versions of a contribution: it
-- takes the rows of the versions replaced away and adds those of the new ones.
-- p_vo and p_current are what commit_contribution returns. The other arrays run
-- in parallel, one element per row; r_i is the position (from 1) of its version.
create function index_versions(
    p_ehr_no  bigint,
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
        delete from node
        where ehr_no = p_ehr_no
          and vo_no = any(array(select u.vo_no from unnest(p_vo, p_current) as u(vo_no, current) where u.current));
    end if;
    if cardinality(r_i) > 0 then
        insert into node (ehr_no, vo_no, path_id, num, last, parent, part, n1, n2, n3, k1, k2, d1, v)
        select p_ehr_no, p_vo[r.i], r.path, r.num, r.last, r.parent, r.part, r.n1, r.n2, r.n3, r.k1, r.k2, r.d1, r.v::jsonb
        from unnest(r_i, r_num, r_last, r_parent, r_path, r_part, r_n1, r_n2, r_n3, r_k1, r_k2, r_d1, r_v)
             as r(i, num, last, parent, path, part, n1, n2, n3, k1, k2, d1, v)
        where p_current[r.i];
    end if;
end
$$;

-- node_guard ends a query that was compiled from another generation of the
-- registry, or runs while the index does not cover everything: it could miss
-- rows. The query is compiled anew then.
create function node_guard(p_generation bigint, p_rules integer) returns boolean
language plpgsql stable as $$
begin
    if exists (select from node_state where generation = p_generation and rules = p_rules and complete) then
        return true;
    end if;
    raise exception using errcode = 'ZQ001', message = 'the node index has changed';
end
$$;
