do $$
begin
    drop cast if exists (bytea as jsonb);
    drop cast if exists (jsonb as bytea);
exception when insufficient_privilege then
    raise notice 'the casts between bytea and jsonb stay: %', sqlerrm;
end $$;
