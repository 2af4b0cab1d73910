-- The answers to requests that their clients may repeat (Idempotency-Key). A
-- row is written in the transaction of the request, so that there is an answer
-- if, and only if, the request took effect.
create table idempotent_answer (
    scope    bytea       primary key,         -- digest of principal, method, path and key
    digest   bytea       not null,            -- of the request
    created  timestamptz not null,
    expires  timestamptz not null,
    ehr_id   uuid,                            -- what it wrote into; null: no EHR
    answer   bytea
);
create index idempotent_answer_expires on idempotent_answer (expires);
create index idempotent_answer_ehr on idempotent_answer (ehr_id) where ehr_id is not null;
