-- Versions that are not the next one of their trunk: branches, and imports of
-- what another system created. Such a row has a ver below zero, counted down
-- within its object, so that whatever follows the trunk by ver or by
-- time_superseded never meets it: time_superseded is its own time_committed, as
-- it is of an import of a trunk version older than the latest.
alter table version
    add column tree         integer[],  -- version_tree_id of a branch version; null on the trunk, where it is ver
    add column preceding    text,       -- system::tree of the preceding version; null: ver - 1 of the same system, or none
    add column other_inputs text[],     -- other_input_version_uids
    add column audit_more   jsonb,      -- what an ATTESTATION has beyond AUDIT_DETAILS, if that is the commit_audit
    add column item         text;       -- of an IMPORTED_VERSION: the ORIGINAL_VERSION without its data

create unique index version_branch on version (ehr_no, object_id, lower(creating_system), tree) where tree is not null;
create index version_contribution on version (contribution_id);

-- Attestations of versions, appended to them when they are committed or later
-- (ORIGINAL_VERSION.attestations). Never changed.
create table attestation (
    ehr_no          bigint   not null,
    vo_no           bigint   not null,
    ver             integer  not null,
    attestation_no  integer  not null,        -- within the version, from 1
    contribution_id uuid     not null,
    change_type     smallint not null,
    system_id       text     not null,
    time_committed  timestamptz not null,
    committer       jsonb    not null,
    description     jsonb,
    more            jsonb    not null,        -- attested_view, proof, items, reason, is_pending
    primary key (ehr_no, vo_no, ver, attestation_no)
);
create index attestation_contribution on attestation (contribution_id);
