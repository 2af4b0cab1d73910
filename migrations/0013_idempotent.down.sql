drop table if exists idempotent_answer;
