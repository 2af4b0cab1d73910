-- Documents are sent as the bytes in which PostgreSQL keeps a jsonb, so that it need
-- not parse them (docs/adr/0040). Only a superuser can say that these are the same;
-- where nobody does, they are sent as text. The store compares before it sends any.
do $$
begin
    create cast (bytea as jsonb) without function;
    create cast (jsonb as bytea) without function;
exception
    when insufficient_privilege then
        raise notice 'documents are sent as text: %', sqlerrm;
    when duplicate_object then
        raise notice 'the casts between bytea and jsonb stay as they are: %', sqlerrm;
end $$;
