drop function if exists commit_contribution;
