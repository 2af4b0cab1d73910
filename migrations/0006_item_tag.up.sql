-- Item tags: neither content nor versioned. A target is a versioned object
-- (ver 0) or one of its versions.
create table item_tag (
    ehr_no      bigint      not null,
    object_id   uuid        not null,
    ver         integer     not null,
    kind        smallint    not null,         -- as in version
    key         text        not null,
    target_path text        not null default '',
    value       text,
    saved       timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
    actor       text        not null,         -- the authenticated principal
    primary key (ehr_no, object_id, ver, key, target_path)
);
