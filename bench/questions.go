package main

// relationalSQL makes the tables that one would make by hand for these
// questions alone, from the documents.
const relationalSQL = `
drop schema if exists relational cascade;
create schema relational;
create table relational.composition as
	select v.ehr_no, v.vo_no, d.content ->> 'archetype_node_id' as archetype, (d.content #>> '{context,start_time,value}')::timestamptz as start_time
	from version v join document d using (ehr_no, vo_no, ver) where v.kind = 1 and v.time_superseded is null;
create table relational.bp as
	select v.ehr_no, v.vo_no, (x.e #>> '{time,value}')::timestamptz as time,
		(select (i #>> '{value,magnitude}')::numeric from jsonb_path_query(x.e, '$.data.items[*] ? (@.archetype_node_id == "at0004")') i) as systolic,
		(select (i #>> '{value,magnitude}')::numeric from jsonb_path_query(x.e, '$.data.items[*] ? (@.archetype_node_id == "at0005")') i) as diastolic
	from version v join document d using (ehr_no, vo_no, ver),
		jsonb_path_query(d.content, '$.content[*] ? (@.archetype_node_id == "openEHR-EHR-OBSERVATION.blood_pressure.v2").data.events[*] ? (@.archetype_node_id == "at0006")') as x(e)
	where v.kind = 1 and v.time_superseded is null;
create table relational.pulse as
	select v.ehr_no, v.vo_no, (select (i #>> '{value,magnitude}')::numeric from jsonb_path_query(x.e, '$.data.items[*] ? (@.archetype_node_id == "at0004")') i) as rate
	from version v join document d using (ehr_no, vo_no, ver),
		jsonb_path_query(d.content, '$.content[*] ? (@.archetype_node_id == "openEHR-EHR-OBSERVATION.pulse.v2").data.events[*] ? (@.archetype_node_id == "at0003")') as x(e)
	where v.kind = 1 and v.time_superseded is null;
create table relational.lab as
	select v.ehr_no, v.vo_no,
		(select i #>> '{value,defining_code,code_string}' from jsonb_path_query(x.c, '$.items[*] ? (@.archetype_node_id == "at0024")') i) as code,
		(select (i #>> '{value,magnitude}')::numeric from jsonb_path_query(x.c, '$.items[*] ? (@.archetype_node_id == "at0001")') i) as value
	from version v join document d using (ehr_no, vo_no, ver),
		jsonb_path_query(d.content, '$.content[*].data.events[*].data.items[*] ? (@.archetype_node_id == "openEHR-EHR-CLUSTER.laboratory_test_analyte.v1")') as x(c)
	where v.kind = 1 and v.time_superseded is null;
create index on relational.composition (ehr_no, vo_no);
create index on relational.bp (ehr_no, time desc) include (systolic, diastolic);
create index on relational.bp (systolic) include (ehr_no, vo_no);
create index on relational.bp (time desc, systolic) include (ehr_no);
create index on relational.bp (ehr_no, vo_no) include (systolic);
create index on relational.pulse (rate) include (ehr_no, vo_no);
create index on relational.lab (code, value) include (ehr_no);
`

// question is asked in AQL and, unless it is empty, in SQL.
type question struct {
	name, aql, sql string
	one            bool // of one EHR, $ehr and $1
	slow           bool // answered from all documents
}

const (
	bpPath    = "o/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude"
	bpTime    = "o/data[at0001]/events[at0006]/time/value"
	bpSource  = "OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2]"
	pulse     = "OBSERVATION p[openEHR-EHR-OBSERVATION.pulse.v2]"
	pulsePath = "p/data[at0002]/events[at0003]/data[at0001]/items[at0004]/value/magnitude"
	analytes  = "CLUSTER k[openEHR-EHR-CLUSTER.laboratory_test_analyte.v1]"
	analyteID = "k/items[at0024]/value/defining_code/code_string"
)

var questions = []question{
	{
		"Q1 one EHR, latest ten blood pressures", "SELECT " + bpTime + ", " + bpPath + " FROM EHR e[ehr_id/value = $ehr] CONTAINS COMPOSITION c CONTAINS " + bpSource + " ORDER BY " + bpTime + " DESC LIMIT 10",
		"select time, systolic from relational.bp where ehr_no = (select ehr_no from ehr where ehr_id = $1) order by time desc limit 10", true, false,
	},
	{
		"Q2 how many systolic > 160", "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c CONTAINS " + bpSource + " WHERE " + bpPath + " > 160",
		"select count(*) from relational.bp where systolic > 160", false, false,
	},
	{
		"Q3 systolic > 160, latest 100", "SELECT " + bpTime + ", " + bpPath + " FROM EHR e CONTAINS COMPOSITION c CONTAINS " + bpSource + " WHERE " + bpPath + " > 160 ORDER BY " + bpTime + " DESC LIMIT 100",
		"select time, systolic from relational.bp where systolic > 160 order by time desc limit 100", false, false,
	},
	{
		"Q4a average systolic per EHR", "SELECT e/ehr_id/value, AVG(" + bpPath + ") FROM EHR e CONTAINS COMPOSITION c CONTAINS " + bpSource + " GROUP BY e/ehr_id/value",
		"select e.ehr_id, avg(systolic) from relational.bp join ehr e using (ehr_no) group by e.ehr_id", false, false,
	},
	{
		"Q4b distinct codes", "SELECT COUNT(DISTINCT " + analyteID + ") FROM EHR e CONTAINS COMPOSITION c CONTAINS " + analytes,
		"select count(distinct code) from relational.lab", false, false,
	},
	{
		"Q5 systolic > 150 and pulse > 90", "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c CONTAINS (" + bpSource + " AND " + pulse + ") WHERE " + bpPath + " > 150 AND " + pulsePath + " > 90",
		"select count(*) from relational.bp b join relational.pulse p using (ehr_no, vo_no) where b.systolic > 150 and p.rate > 90", false, false,
	},
	{
		"Q6 haemoglobin < 9.5", "SELECT e/ehr_id/value, k/items[at0001]/value/magnitude FROM EHR e CONTAINS COMPOSITION c CONTAINS " + analytes + " WHERE " + analyteID + " = '718-7' AND k/items[at0001]/value/magnitude < 9.5",
		"select e.ehr_id, l.value from relational.lab l join ehr e using (ehr_no) where code = '718-7' and value < 9.5", false, false,
	},
	{
		"Q7 compositions without blood pressure", "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c NOT CONTAINS " + bpSource,
		"select count(*) from relational.composition c where not exists (select from relational.bp b where b.ehr_no = c.ehr_no and b.vo_no = c.vo_no)", false, false,
	},
	{"Q8 one EHR, whole compositions", "SELECT c FROM EHR e[ehr_id/value = $ehr] CONTAINS COMPOSITION c[openEHR-EHR-COMPOSITION.encounter.v1] LIMIT 10", "", true, false},
	{"Q9 one EHR, all versions", "SELECT c/uid/value, " + bpPath + " FROM EHR e[ehr_id/value = $ehr] CONTAINS VERSION v[ALL_VERSIONS] CONTAINS COMPOSITION c CONTAINS " + bpSource, "", true, false},
	{"Q10 elements of any archetype > 160", "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c CONTAINS ELEMENT x WHERE x/value/magnitude > 160", "", false, true},
}
