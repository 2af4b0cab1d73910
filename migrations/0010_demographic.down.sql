alter table version drop constraint version_party;
alter table ehr drop constraint ehr_number;
