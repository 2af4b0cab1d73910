drop table adl2_template;
drop index version_template;
-- Only the latest revision of a template stays, and versions refer to it.
update version v set template_no = l.template_no
from template t
join lateral (select x.template_no from template x where x.template_id = t.template_id order by x.revision desc limit 1) l on true
where t.template_no = v.template_no and l.template_no <> v.template_no;
delete from template t using template x where x.template_id = t.template_id and x.revision > t.revision;
alter table template
    drop constraint template_revision,
    drop column revision,
    drop column actor,
    add constraint template_template_id_key unique (template_id);
