-- FHIR subscriptions (docs/adr/0028).
create table fhir_subscription (
    subscription_no integer     generated always as identity primary key,
    id              uuid        not null unique,
    version         integer     not null default 1,
    last_updated    timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
    actor           text        not null,             -- the owner: nobody else sees it
    who             jsonb       not null,             -- the owner as authenticated, for decisions on delivery
    status          text        not null check (status in ('requested', 'active', 'error', 'off')),
    error           text,                             -- of the last attempt, or why it is in error or off
    channel         text        not null,             -- rest-hook or websocket
    content         jsonb       not null,             -- what was asked for
    headers         text[]      not null,             -- of requests to the endpoint: secret
    ends            timestamptz,
    heartbeat       integer,                          -- seconds
    since           pg_snapshot not null,             -- what had been committed when it began
    events          bigint      not null default 0,   -- number of the last event
    delivered       bigint      not null default 0,   -- of the last one delivered
    sent            timestamptz,                      -- the last notification
    failed          timestamptz                       -- when it came to be in error
);
create index fhir_subscription_actor on fhir_subscription (actor);

-- What commits have done to resources and no subscription has been compared with
-- yet. A row of the version that was replaced (prior) tells what the resource
-- was found by until then; that of the new version follows it. Transactions
-- number their rows before they commit: only those older than every transaction
-- under way are safe to pass on.
create table fhir_outbox (
    seq           bigint      generated always as identity primary key,
    xid           xid8        not null default pg_current_xact_id(),
    prior         boolean     not null,
    present       boolean     not null,               -- false: deleted or vanished
    ehr_no        bigint      not null,
    vo_no         bigint      not null,
    kind_no       integer     not null,
    last_updated  timestamptz not null,               -- of the new version, which it identifies
    resource_type text        not null,
    resource_id   text        not null,
    search        jsonb
);

-- The events of each subscription, numbered from 1.
create table fhir_event (
    subscription_no integer     not null references fhir_subscription on delete cascade,
    event_no        bigint      not null,
    ehr_no          bigint      not null,
    vo_no           bigint      not null,
    last_updated    timestamptz not null,             -- of the version of the resource
    resource_type   text        not null,
    resource_id     text        not null,
    created         timestamptz not null default now(),
    primary key (subscription_no, event_no)
);
create index fhir_event_ehr on fhir_event (ehr_no, vo_no);
create index fhir_event_created on fhir_event (created);

-- Tokens by which websockets are bound to subscriptions.
create table fhir_binding (
    digest        bytea       primary key,            -- SHA-256
    subscriptions integer[]   not null,
    expires       timestamptz not null
);

-- These two write the outbox in the transaction of the commit. Their triggers
-- exist only while there is a subscription: without one a commit pays nothing.
create function fhir_retire() returns trigger
language plpgsql as $$
begin
    insert into fhir_outbox (prior, present, ehr_no, vo_no, kind_no, last_updated, resource_type, resource_id, search)
    select true, o.byte_len is not null, o.ehr_no, o.vo_no, o.kind_no, n.superseded, o.resource_type, o.resource_id, o.search
    from old_rows o
    join new_rows n using (ehr_no, resource_type, resource_id, last_updated)
    where o.superseded is null and n.superseded is not null;
    return null;
end
$$;

create function fhir_publish() returns trigger
language plpgsql as $$
begin
    insert into fhir_outbox (prior, present, ehr_no, vo_no, kind_no, last_updated, resource_type, resource_id, search)
    select false, n.byte_len is not null, n.ehr_no, n.vo_no, n.kind_no, n.last_updated, n.resource_type, n.resource_id, n.search
    from new_rows n
    where n.superseded is null
    order by n.last_updated, n.resource_type, n.resource_id;
    return null;
end
$$;
