drop index if exists version_folder_time;
drop index if exists version_folder;
