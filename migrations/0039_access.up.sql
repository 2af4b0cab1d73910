-- Who had access to what: reads, searches, queries and what was refused. Writes
-- that succeed have the audit of their version. Nothing clinical is here, no
-- parameter of a search and no text of a query. There are no foreign keys: what
-- is deleted physically leaves the record of who had seen it, until the time to
-- keep it is over, when whole partitions are dropped.
create sequence access_no as bigint;
create table access (
    at           timestamptz not null,
    access_no    bigint      not null default nextval('access_no'),
    door         text        not null,   -- openehr or fhir
    interaction  text        not null,   -- FHIR R4 restful-interaction, or refused
    action       text        not null,   -- R or E; of a refused write C, U or D
    subject      text        not null,   -- class, resource type, operation or AQL; '' unknown
    object       text,                   -- the id that was asked for, if it was found
    ehr_id       uuid,                   -- null: no single EHR, or none that is known
    actor        text        not null,   -- the authenticated principal; '' for none
    on_behalf_of text,
    purpose      text,
    status       integer     not null,   -- of HTTP; 0 for a note about the record itself
    request_id   text,
    lost         bigint      not null default 0, -- accesses that could not be written until then
    primary key (at, access_no)
) partition by range (at);
create index access_ehr on access (ehr_id, at) where ehr_id is not null;
