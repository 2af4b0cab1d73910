-- Number 0 of the record is the demographic repository, not an EHR: parties are
-- there and nowhere else, and nothing else is there.
alter table ehr add constraint ehr_number check (ehr_no > 0);
alter table version add constraint version_party check ((ehr_no = 0) = (kind between 5 and 9));
