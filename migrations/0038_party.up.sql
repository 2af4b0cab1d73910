-- Which ROLEs a PERSON performs (docs/adr/0033). Of no other documents.
create index document_performer on document ((content->'performer'->'id'->>'value'))
    where ehr_no = 0 and content ? 'performer';
