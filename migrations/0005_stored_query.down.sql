drop table if exists stored_query;
