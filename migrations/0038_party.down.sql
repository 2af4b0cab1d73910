drop index document_performer;
