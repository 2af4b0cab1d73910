-- An EHR has one directory at a time. After its logical deletion another one
-- may be created, which is a versioned object of its own.
create unique index version_folder on version (ehr_no)
    where kind = 3 and time_superseded is null and lifecycle_state <> 523;

create index version_folder_time on version (ehr_no, time_committed) where kind = 3;
