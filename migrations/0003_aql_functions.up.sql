-- Functions that AQL compiles to. All are immutable and never fail, whatever
-- they are given: a value that has no meaning for them gives null.

-- The value of a JSON number, string or boolean; null for any other JSON value.
create function aql_num(v jsonb) returns numeric
language sql immutable parallel safe
return case jsonb_typeof(v) when 'number' then v::numeric end;

create function aql_text(v jsonb) returns text
language sql immutable parallel safe
return case jsonb_typeof(v) when 'string' then v #>> '{}' end;

create function aql_bool(v jsonb) returns boolean
language sql immutable parallel safe
return case jsonb_typeof(v) when 'boolean' then v::boolean end;

-- Seconds since 1970-01-01T00:00:00Z of an ISO 8601 date or date-time, extended
-- or basic, complete or partial. A partial value counts from the first instant
-- it may denote, one without an offset as UTC. Calculated rather than cast,
-- because a cast fails on an impossible day. The usual complete form is told by
-- its shape, which is some 30 times faster than the regular expression.
create function aql_datetime(v text) returns numeric
language plpgsql immutable strict parallel safe as $$
declare
    shape text := translate(v, '123456789', '000000000');
    tail text;
    zone text := '';
    m text[];
    y int;
    mo int;
    d int := 1;
    secs numeric := 0;
begin
    if shape = '0000-00-00' then
        y := substr(v, 1, 4)::int;
        mo := substr(v, 6, 2)::int;
        d := substr(v, 9, 2)::int;
    else
        if left(shape, 19) = '0000-00-00T00:00:00' then
            tail := substr(shape, 20);
            if right(tail, 1) = 'Z' then
                tail := left(tail, -1);
            elsif right(tail, 6) in ('+00:00', '-00:00') then
                zone := right(v, 6);
                tail := left(tail, -6);
            end if;
            if rtrim(tail, '0') in ('', '.') and tail <> '.' and left(tail, 1) <> '0' then
                y := substr(v, 1, 4)::int;
                mo := substr(v, 6, 2)::int;
                d := substr(v, 9, 2)::int;
                secs := substr(v, 12, 2)::int * 3600 + substr(v, 15, 2)::int * 60 + substr(v, 18, 2 + length(tail))::numeric;
                if zone <> '' then
                    secs := secs - (left(zone, 1) || '1')::int * (substr(zone, 2, 2)::int * 3600 + substr(zone, 5, 2)::int * 60);
                end if;
            end if;
        end if;
        if y is null then
            m := regexp_match(v, '^(\d{4})(?:-?(\d\d)(?:-?(\d\d)(?:[Tt ](\d\d)(?::?(\d\d)(?::?(\d\d(?:[.,]\d+)?))?)?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)?)?)?)?$');
            if m is null then
                return null;
            end if;
            y := m[1]::int;
            mo := coalesce(m[2], '01')::int;
            d := coalesce(m[3], '01')::int;
            secs := coalesce(m[4], '0')::int * 3600 + coalesce(m[5], '0')::int * 60 + replace(coalesce(m[6], '0'), ',', '.')::numeric
                - coalesce(m[7] || '1', '1')::int * (coalesce(m[8], '0')::int * 3600 + coalesce(m[9], '0')::int * 60);
        end if;
    end if;
    y := y + 400;
    if mo <= 2 then
        y := y - 1;
        mo := mo + 12;
    end if;
    return (365 * y + y / 4 - y / 100 + y / 400 + (153 * (mo - 3) + 2) / 5 + d - 1 - 719468 - 146097)
        * 86400::numeric + secs;
end $$;

-- Seconds since midnight UTC of an ISO 8601 time, complete or partial.
create function aql_time(v text) returns numeric
language plpgsql immutable strict parallel safe as $$
declare
    m text[];
begin
    if translate(v, '123456789', '000000000') = '00:00:00' then
        return substr(v, 1, 2)::int * 3600 + substr(v, 4, 2)::int * 60 + substr(v, 7, 2)::int;
    end if;
    m := regexp_match(v, '^[Tt]?(\d\d)(?::?(\d\d)(?::?(\d\d(?:[.,]\d+)?))?)?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)?$');
    return m[1]::int * 3600 + coalesce(m[2], '0')::int * 60 + replace(coalesce(m[3], '0'), ',', '.')::numeric
        - coalesce(m[4] || '1', '1')::int * (coalesce(m[5], '0')::int * 3600 + coalesce(m[6], '0')::int * 60);
end $$;

-- The same of a text that cannot be meant as a date, as 2019-02 and 1030 can.
create function aql_clock(v text) returns numeric
language sql immutable strict parallel safe
return case when v like '%:%' or v ilike 'T%' or aql_datetime(v) is null then aql_time(v) end;

-- Seconds of an ISO 8601 duration with openEHR's deviations (W beside other
-- units, a sign), by the average lengths of BASE: 365.24 days a year and 30.42
-- days a month.
create function aql_duration(v text) returns numeric
language plpgsql immutable strict parallel safe as $$
declare
    rest text := replace(upper(v), ',', '.');
    sign int := 1;
    total numeric := 0;
    units text[] := '{Y,M,W,D,T,H,M,S}';
    seconds numeric[] := array[365.24 * 86400, 30.42 * 86400, 604800, 86400, 0, 3600, 60, 1];
    timed boolean := false;
    p int;
    num text;
    shape text;
begin
    if left(rest, 1) in ('+', '-') then
        sign := (left(rest, 1) || '1')::int;
        rest := substr(rest, 2);
    end if;
    if left(rest, 1) <> 'P' or length(rest) < 3 then
        return null;
    end if;
    rest := substr(rest, 2);
    for i in 1 .. 8 loop
        exit when rest = '';
        if units[i] = 'T' then
            if left(rest, 1) <> 'T' or length(rest) = 1 then
                return null;
            end if;
            timed := true;
            rest := substr(rest, 2);
            continue;
        end if;
        -- the unit's number ends where the unit stands, before the time part
        p := strpos(case when timed then rest else split_part(rest, 'T', 1) end, units[i]);
        continue when p = 0;
        num := left(rest, p - 1);
        shape := translate(num, '123456789', '000000000');
        if trim(shape, '0') not in ('', '.') or num = '' or left(num, 1) = '.' or right(num, 1) = '.' then
            return null;
        end if;
        total := total + num::numeric * seconds[i];
        rest := substr(rest, p + 1);
    end loop;
    if rest <> '' then
        return null;
    end if;
    return sign * total;
end $$;

-- The value attribute of an object as it compares: that of a date, time or
-- duration by the rules of the object, any other by itself.
create function aql_value(v jsonb) returns jsonb
language sql immutable parallel safe
return case when v ->> '_type' in ('DV_DATE', 'DV_DATE_TIME', 'DV_TIME', 'DV_DURATION') then v else v -> 'value' end;

-- The scale on which a value compares with others: two values are comparable
-- if their scales are equal. A bare number compares with every numeric scale
-- ('n' and beyond), a bare string with text and, read as such, with dates,
-- times and durations.
create function aql_scale(v jsonb) returns text
language plpgsql immutable strict parallel safe as $$
begin
    case jsonb_typeof(v)
    when 'object' then
        case v ->> '_type'
        when 'DV_QUANTITY' then
            return 'n:quantity:' || coalesce(v ->> 'units', '') || ':' || coalesce(v ->> 'units_system', '');
        when 'DV_COUNT' then return 'n:count';
        when 'DV_ORDINAL' then return 'n:ordinal';
        when 'DV_SCALE' then return 'n:scale';
        when 'DV_PROPORTION' then return 'n:proportion';
        when 'DV_DATE' then return 'datetime';
        when 'DV_DATE_TIME' then return 'datetime';
        when 'DV_TIME' then return 'time';
        when 'DV_DURATION' then return 'duration';
        when 'CODE_PHRASE' then return 'code';
        else
            return case jsonb_typeof(v -> 'value') when 'string' then 'text' when 'boolean' then 'boolean' end;
        end case;
    when 'number' then return 'n';
    when 'string' then return 'text';
    when 'boolean' then return 'boolean';
    else return null;
    end case;
end $$;

-- The place of a value on its scale, where that is a number; booleans are 0 and 1.
create function aql_magnitude(v jsonb) returns numeric
language plpgsql immutable strict parallel safe as $$
begin
    case jsonb_typeof(v)
    when 'object' then
        case v ->> '_type'
        when 'DV_QUANTITY', 'DV_COUNT' then return aql_num(v -> 'magnitude');
        when 'DV_ORDINAL', 'DV_SCALE' then return aql_num(v -> 'value');
        when 'DV_PROPORTION' then return aql_num(v -> 'numerator') / nullif(aql_num(v -> 'denominator'), 0);
        when 'DV_DATE', 'DV_DATE_TIME' then return aql_datetime(v ->> 'value');
        when 'DV_TIME' then return aql_time(v ->> 'value');
        when 'DV_DURATION' then return aql_duration(v ->> 'value');
        else return aql_bool(v -> 'value')::int;
        end case;
    when 'number' then return v::numeric;
    when 'boolean' then return v::boolean::int;
    else return null;
    end case;
end $$;

-- The text of a value whose scale is text or code.
create function aql_string(v jsonb) returns text
language sql immutable strict parallel safe
return case jsonb_typeof(v)
    when 'string' then v #>> '{}'
    when 'object' then case v ->> '_type'
        when 'CODE_PHRASE' then (v -> 'terminology_id' ->> 'value') || '::' || (v ->> 'code_string')
        else aql_text(v -> 'value') end
    end;

-- -1, 0 or 1 as a is less than, equal to or greater than b by the rules of the
-- Reference Model; null when they are not comparable.
create function aql_compare(a jsonb, b jsonb) returns integer
language plpgsql immutable strict parallel safe as $$
declare
    sa text := aql_scale(a);
    sb text := aql_scale(b);
    na numeric;
    nb numeric;
    ta text;
    tb text;
begin
    if sa is null or sb is null then
        return null;
    elsif sa = 'text' and sb = 'text' or sa = 'code' and sb in ('code', 'text') or sa = 'text' and sb = 'code' then
        ta := aql_string(a);
        tb := aql_string(b);
        return case when ta = tb then 0 when ta collate "C" < tb collate "C" then -1 when ta is not null and tb is not null then 1 end;
    elsif sa = sb or sa = 'n' and sb like 'n:%' or sb = 'n' and sa like 'n:%' then
        na := aql_magnitude(a);
        nb := aql_magnitude(b);
    elsif sa = 'text' then
        case sb
        when 'datetime' then na := aql_datetime(aql_string(a));
        when 'time' then na := aql_clock(aql_string(a));
        when 'duration' then na := aql_duration(aql_string(a));
        else return null;
        end case;
        nb := aql_magnitude(b);
    elsif sb = 'text' then
        case sa
        when 'datetime' then nb := aql_datetime(aql_string(b));
        when 'time' then nb := aql_clock(aql_string(b));
        when 'duration' then nb := aql_duration(aql_string(b));
        else return null;
        end case;
        na := aql_magnitude(a);
    end if;
    return sign(na - nb);
end $$;

-- Whether there are archetype roots inside an object.
create function aql_nests(v jsonb) returns boolean
language sql immutable parallel safe
return jsonb_path_exists(v, 'strict $.**{1 to last} ? (@.archetype_node_id like_regex "^[^.]*-")');

-- The objects inside an object that belong to the same archetype: neither
-- other archetype roots nor anything inside them.
create function aql_frame(v jsonb) returns setof jsonb
language sql immutable parallel safe as $$
    with recursive inside(j) as (
        select v
        union all
        select c.j
        from inside, jsonb_path_query(inside.j,
            'lax $.*[*] ? (@.type() == "object") ? (!(@.archetype_node_id like_regex "^[^.]*-"))') as c(j)
    )
    select j from inside offset 1
$$;

-- An instant as the record writes it: UTC, to the millisecond.
create function aql_timestamp(v timestamptz) returns text
language sql immutable strict parallel safe
return to_char(v at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
