-- A database without compositions is covered by whichever rules the program
-- has; those of this version are the second. One with compositions is answered
-- from the documents until cairn reindex has made the rows anew.
update node_state set rules = 2, generation = generation + 1
where complete and not exists (select from version where kind = 1);
