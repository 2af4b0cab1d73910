drop table if exists erased;
