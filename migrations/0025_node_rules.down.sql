update node_state set rules = 1, generation = generation + 1
where complete and not exists (select from version where kind = 1);
