drop table attestation;
drop index version_contribution;
alter table version drop column tree, drop column preceding, drop column other_inputs, drop column audit_more, drop column item;
