drop table workflow_entry;
