-- Functions of AQL beyond comparison. All are immutable and never fail, whatever
-- they are given: a value that has no meaning for them gives null.

-- The text of a value as it is written: of an object that which it compares by,
-- of a date, time or duration its ISO 8601 form, of a number or Boolean its
-- JSON form.
create function aql_written(v jsonb) returns text
language sql immutable strict parallel safe
return case jsonb_typeof(v) when 'object' then coalesce(aql_string(v), aql_bool(v -> 'value')::text) when 'array' then null else v #>> '{}' end;

-- The magnitude of a number or amount.
create function aql_amount(v jsonb) returns numeric
language sql immutable strict parallel safe
return case aql_scale(v) when 'n:proportion' then trim_scale(aql_magnitude(v)) when 'n' then aql_magnitude(v)
    else case when aql_scale(v) like 'n:%' then aql_magnitude(v) end end;

-- The characters from a position, which counts from 1, as many as the length
-- says. What the range leaves out at either end is no error.
create function aql_substring(v text, first numeric, length numeric default 2000000000) returns text
language sql immutable strict parallel safe
return substring(v from greatest(trunc(least(greatest(first, -1000000000), 1000000000)), 1)::int
    for greatest(trunc(least(length, 1000000000) + least(trunc(least(greatest(first, -1000000000), 1000000000)), 1) - 1), 0)::int);

-- A pattern of LIKE as AQL has it, as a pattern of SQL with \ as escape.
create function aql_pattern(v text) returns text
language plpgsql immutable strict parallel safe as $$
declare
    out text := '';
    c text;
    escaped boolean := false;
begin
    foreach c in array regexp_split_to_array(v, '') loop
        if escaped then
            escaped := false;
            out := out || case when c in ('*', '?') then c when c = '\' then '\\' else '\\' || case when c in ('%', '_') then '\' || c else c end end;
        elsif c = '\' then
            escaped := true;
        else
            out := out || case c when '*' then '%' when '?' then '_' when '%' then '\%' when '_' then '\_' else c end;
        end if;
    end loop;
    return out || case when escaped then '\\' else '' end;
end $$;

-- A duration of so many seconds in ISO 8601, in days, hours, minutes and seconds.
create function aql_iso_duration(v numeric) returns text
language plpgsql immutable strict parallel safe as $$
declare
    rest numeric := abs(v);
    days numeric := div(rest, 86400);
    hours numeric;
    minutes numeric;
    day text;
    clock text;
begin
    rest := rest - days * 86400;
    hours := div(rest, 3600);
    rest := rest - hours * 3600;
    minutes := div(rest, 60);
    rest := trim_scale(rest - minutes * 60);
    day := case when days > 0 then days || 'D' else '' end;
    clock := case when hours > 0 then hours || 'H' else '' end || case when minutes > 0 then minutes || 'M' else '' end ||
        case when rest > 0 then rest || 'S' else '' end;
    return case when v < 0 then '-' else '' end || 'P' ||
        case when day = '' and clock = '' then 'T0S' else day || case when clock = '' then '' else 'T' || clock end end;
end $$;

-- The date-time so many seconds after 1970-01-01T00:00:00Z, in UTC and to the
-- millisecond; null before year 1 and after 9999.
create function aql_iso_datetime(v numeric) returns text
language sql immutable strict parallel safe
return case when v >= -62135596800 and v < 253402300800 then to_char(timestamp '1970-01-01' +
    make_interval(days => div(round(v, 3), 86400)::int, secs => mod(round(v, 3), 86400)::double precision), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') end;

-- The sum or difference of two values whose types only the data know, as JSON:
-- a number, a DV_DURATION or a DV_DATE_TIME. A bare string is read as a
-- duration, or else as a date, or else as a time.
create function aql_sum(a jsonb, b jsonb, op text) returns jsonb
language plpgsql immutable strict parallel safe as $$
declare
    sa text := aql_scale(a);
    sb text := aql_scale(b);
    na numeric;
    nb numeric;
begin
    if sa = 'text' then
        na := coalesce(aql_duration(aql_string(a)), aql_datetime(aql_string(a)), aql_clock(aql_string(a)));
        sa := case when aql_duration(aql_string(a)) is not null then 'duration' when aql_datetime(aql_string(a)) is not null then 'datetime' else 'time' end;
    else
        na := aql_magnitude(a);
    end if;
    if sb = 'text' then
        nb := coalesce(aql_duration(aql_string(b)), aql_datetime(aql_string(b)), aql_clock(aql_string(b)));
        sb := case when aql_duration(aql_string(b)) is not null then 'duration' when aql_datetime(aql_string(b)) is not null then 'datetime' else 'time' end;
    else
        nb := aql_magnitude(b);
    end if;
    if na is null or nb is null then
        return null;
    end if;
    nb := case op when '-' then -nb else nb end;
    case
    when (sa = 'n' or sa like 'n:%') and (sb = 'n' or sb like 'n:%') then
        return to_jsonb(case when 'n:proportion' in (sa, sb) then trim_scale(na + nb) else na + nb end);
    when sa = 'duration' and sb = 'duration' or op = '-' and sa = sb and sa in ('datetime', 'time') then
        return jsonb_build_object('_type', 'DV_DURATION', 'value', aql_iso_duration(na + nb));
    when sa = 'datetime' and sb = 'duration' or op = '+' and sa = 'duration' and sb = 'datetime' then
        return jsonb_build_object('_type', 'DV_DATE_TIME', 'value', aql_iso_datetime(na + nb));
    else
        return null;
    end case;
end $$;

-- What aql_sum gives as it is shown: dates, times and durations as text.
create function aql_shown(v jsonb) returns jsonb
language sql immutable strict parallel safe
return case jsonb_typeof(v) when 'object' then v -> 'value' else v end;

-- A terminology id as services know it: without version, case, blanks, hyphens,
-- underscores and dots. A URI stays as it is.
create function aql_terminology(v text) returns text
language sql immutable strict parallel safe
return case when v ~ '^[A-Za-z][A-Za-z0-9+.-]*:' then v
    else translate(lower(regexp_replace(v, '\s*\([^)]*\)\s*$', '')), ' -_.', '') end;
