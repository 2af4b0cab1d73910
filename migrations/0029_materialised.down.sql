drop trigger aql_mark on ehr;
drop trigger aql_mark on contribution;
drop function aql_mark_results();
drop function aql_mark_ehr();
drop table aql_change, aql_result, aql_kept, aql_materialised, aql_shape;
