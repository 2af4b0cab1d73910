alter table terminology_resource drop column revision;
