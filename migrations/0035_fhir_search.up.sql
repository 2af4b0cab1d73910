-- Searches of the population by code and value.

-- A number as the index has it: in hundredths, cut off where it is too large.
-- It never falls while the number rises, so that it narrows a range. The
-- functions are strict, unlike least and greatest: of nothing it is nothing.
create function fhir_rank(n numeric) returns integer
language sql immutable parallel safe as $$
    select numeric_smaller(numeric_larger(floor(n * 100), -2147483648), 2147483647)::integer
$$;

-- The rank of the value of a resource, by its search values: that of
-- value-quantity or, where there is none, the highest of its components; null
-- without any. With both, or with too many components, the highest rank: such a
-- resource is always looked at. As one expression, which the planner puts in
-- place of the call.
create function fhir_number(search jsonb) returns integer
language sql immutable parallel safe as $$
    select case
        when not search ? 'component-value-quantity' then fhir_rank((search->'value-quantity'->0->'n')::numeric)
        when search ? 'value-quantity' or jsonb_array_length(search->'component-value-quantity') > 8 then 2147483647
        else fhir_rank(greatest(
            (search->'component-value-quantity'->0->'n')::numeric, (search->'component-value-quantity'->1->'n')::numeric,
            (search->'component-value-quantity'->2->'n')::numeric, (search->'component-value-quantity'->3->'n')::numeric,
            (search->'component-value-quantity'->4->'n')::numeric, (search->'component-value-quantity'->5->'n')::numeric,
            (search->'component-value-quantity'->6->'n')::numeric, (search->'component-value-quantity'->7->'n')::numeric))
        end
$$;

-- Two integers take as much room in an entry as one.
drop index fhir_resource_kind;
create index fhir_resource_kind on fhir_resource (kind_no, fhir_number(search)) where superseded is null;

-- Groups of patients by list, for exports. Nobody but the owner sees them.
create table fhir_group (
    group_id     uuid        primary key,
    actor        text        not null,
    version      integer     not null default 1,
    last_updated timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
    content      jsonb       not null         -- the resource without id, meta and members
);
create index fhir_group_actor on fhir_group (actor);
-- A physical deletion of an EHR takes it out of its groups.
create table fhir_group_member (
    group_id uuid   not null references fhir_group on delete cascade,
    ehr_no   bigint not null references ehr on delete cascade,
    primary key (group_id, ehr_no)
);
create index fhir_group_member_ehr on fhir_group_member (ehr_no);

-- Of a group those EHRs are exported that are queryable, as of the population.
alter table fhir_export add column queryable boolean not null default false;
