alter table node_path drop column always;
