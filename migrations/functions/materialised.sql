-- kept_guard ends a query that was compiled for kept rows which are not there
-- any more: they were made by other rules, or, of a whole result, at another
-- time, or the record has lost something since that may be in it. It is stable
-- so that it sees what the statement around it sees.
create function kept_guard(p_query integer, p_fingerprint text, p_refreshed timestamptz) returns boolean
language plpgsql stable as $$
begin
    if exists (select from aql_materialised m
               where m.query_no = p_query and m.fingerprint = p_fingerprint
                 and (p_refreshed is null or m.refreshed_at = p_refreshed
                      and not exists (select from aql_change c where c.query_no = p_query))) then
        return true;
    end if;
    raise exception using errcode = 'ZQ001', message = 'the kept rows have changed';
end
$$;

-- drop_materialised takes away what is kept of a query.
create function drop_materialised(p_name text, p_version text) returns boolean
language plpgsql volatile as $$
declare
    number integer;
begin
    delete from aql_materialised where name = p_name and version = p_version returning query_no into number;
    if number is null then
        return false;
    end if;
    delete from aql_kept where query_no = number;
    delete from aql_result where query_no = number;
    delete from aql_change where query_no = number;
    return true;
end
$$;

-- erase_kept takes the rows of EHRs away, or of all with null, of which
-- something is being deleted physically, and every whole result. What remains
-- of EHRs that are given is looked at anew. The caller has locked aql_materialised in row
-- exclusive mode before its transaction read anything: whoever makes rows holds
-- a stronger lock meanwhile.
create function erase_kept(p_ehrs bigint[]) returns void
language plpgsql volatile as $$
begin
    if not exists (select from aql_materialised) then
        return;
    end if;
    delete from aql_kept where p_ehrs is null or ehr_no = any(p_ehrs);
    delete from aql_result;
    insert into aql_change (query_no, ehr_no)
    select m.query_no, e.ehr_no from aql_materialised m cross join unnest(p_ehrs) as e(ehr_no) where m.every_s is null
    union all
    select m.query_no, 0 from aql_materialised m where m.every_s is not null;
end
$$;
