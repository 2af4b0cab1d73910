drop table if exists ehr_tombstone;
