drop index ehr_not_queryable;
drop table node_state, node_value, node_path, node_place, node;
