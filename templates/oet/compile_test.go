package oet_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/oet"
)

// sample is an archetype with one of everything a rule can narrow.
const sample = `archetype (adl_version=1.4)
	openEHR-EHR-EVALUATION.sample.v1
concept
	[at0000]
language
	original_language = <[ISO_639-1::en]>
definition
	EVALUATION[at0000] matches {
		data matches {
			ITEM_TREE[at0001] matches {
				items cardinality matches {1..*; unordered} matches {
					ELEMENT[at0002] matches { value matches { DV_TEXT matches {*} } }
					ELEMENT[at0003] occurrences matches {0..*} matches {
						value matches {
							DV_CODED_TEXT matches { defining_code matches {[local::at0020, at0021, at0022]} }
							DV_TEXT matches {*}
							DV_COUNT matches { magnitude matches {|0..10|} }
						}
					}
					ELEMENT[at0004] occurrences matches {0..1} matches {
						value matches {
							C_DV_QUANTITY <
								property = <[openehr::124]>
								list = <
									["1"] = < units = <"kg"> magnitude = <|0..1000.0|> >
									["2"] = < units = <"g"> magnitude = <|>=0.0|> >
								>
							>
						}
					}
					ELEMENT[at0005] occurrences matches {0..1} matches { value matches {
						0|[local::at0020],
						1|[local::at0021],
						2|[local::at0022]
					} }
					ELEMENT[at0006] occurrences matches {0..1} matches { value matches { DV_DURATION matches {*} } }
					ELEMENT[at0007] occurrences matches {0..1} matches { value matches { DV_DATE_TIME matches {*} } }
					ELEMENT[at0008] occurrences matches {0..1} matches { value matches { DV_PARSABLE matches {*} } }
					ELEMENT[at0009] occurrences matches {0..1}
					allow_archetype CLUSTER[at0010] occurrences matches {0..2} matches {
						include archetype_id/value matches {/openEHR-EHR-CLUSTER\.problem_qualifier\.v2|openEHR-EHR-CLUSTER\.part\.v1/}
						exclude archetype_id/value matches {/.*/}
					}
				}
			}
		}
		protocol matches {
			ITEM_TREE[at0011] matches {
				items matches {
					use_node ELEMENT /data[at0001]/items[at0003]
					ELEMENT[at0012] occurrences matches {0..1} matches {
						name matches { DV_CODED_TEXT matches { defining_code matches {[local::at0020, at0021]} } }
						value matches { DV_TEXT matches {*} }
					}
				}
			}
		}
	}
ontology
	term_definitions = <
		["en"] = <
			items = <
				["at0000"] = <text = <"Sample"> description = <"">>
				["at0001"] = <text = <"Tree"> description = <"">>
				["at0002"] = <text = <"Name"> description = <"">>
				["at0003"] = <text = <"Choice"> description = <"">>
				["at0004"] = <text = <"Weight"> description = <"">>
				["at0005"] = <text = <"Score"> description = <"">>
				["at0006"] = <text = <"Duration"> description = <"">>
				["at0007"] = <text = <"Time"> description = <"">>
				["at0008"] = <text = <"Formula"> description = <"">>
				["at0009"] = <text = <"Anything"> description = <"">>
				["at0010"] = <text = <"Slot"> description = <"">>
				["at0011"] = <text = <"Tree"> description = <"">>
				["at0012"] = <text = <"Statement"> description = <"">>
				["at0020"] = <text = <"None"> description = <"">>
				["at0021"] = <text = <"Some"> description = <"">>
				["at0022"] = <text = <"Much"> description = <"">>
			>
		>
	>
`

const part = `archetype (adl_version=1.4)
	openEHR-EHR-CLUSTER.part.v1
concept
	[at0000]
language
	original_language = <[ISO_639-1::en]>
definition
	CLUSTER[at0000] matches {
		items cardinality matches {1..*; ordered} matches {
			ELEMENT[at0001] matches { value matches { DV_BOOLEAN matches {*} } }
		}
	}
ontology
	term_definitions = <
		["en"] = <
			items = <
				["at0000"] = <text = <"Part"> description = <"">>
				["at0001"] = <text = <"Flag"> description = <"">>
			>
		>
	>
`

func repository(t testing.TB) *archetypes.Repository {
	t.Helper()
	own, err := archetypes.Library()
	if err != nil {
		t.Fatal(err)
	}
	var list []*archetypes.Archetype
	for _, id := range own.IDs() {
		list = append(list, own.Archetype(id))
	}
	for _, text := range []string{sample, part} {
		a, err := archetypes.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if problems := archetypes.Validate(a); len(problems) > 0 {
			t.Fatalf("%s: %+v", a.ID, problems)
		}
		list = append(list, a)
	}
	r, err := archetypes.NewRepository(list...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// source is a template of the encounter with the given content.
func source(content string) string {
	return fmt.Sprintf(`<?xml version="1.0"?>
<template xmlns="openEHR/v1/Template" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<id>0b4a3b1e-3b0f-4b39-8d5f-0a2f2d2f7a11</id><name>T</name>
<definition xsi:type="COMPOSITION" archetype_id="openEHR-EHR-COMPOSITION.encounter.v1">%s</definition>
</template>`, content)
}

func evaluation(inner string) string {
	return source(`<Content xsi:type="EVALUATION" archetype_id="openEHR-EHR-EVALUATION.sample.v1" path="/content">` + inner + `</Content>`)
}

const items = "/data[at0001]/items"

// compile gives the template's Dump, one trimmed line each.
func compile(t testing.TB, text string) (lines []string, err error) {
	t.Helper()
	src, err := oet.Read([]byte(text))
	if err != nil {
		return nil, err
	}
	opt, err := oet.Compile(src, oet.Options{Archetypes: repository(t), Templates: func(name string) (*oet.Source, error) {
		if name != "Embedded" {
			return nil, fmt.Errorf("no template %s", name)
		}
		return oet.Read([]byte(`<template><name>Embedded</name><definition archetype_id="openEHR-EHR-CLUSTER.part.v1"><Rule path="/items[at0001]" name="Inner"/></definition></template>`))
	}})
	if err != nil {
		return nil, err
	}
	tpl, err := templates.ReadOPT(opt, templates.Limits{})
	if err != nil {
		t.Fatalf("the compiled template does not read: %v", err)
	}
	for _, l := range strings.Split(tpl.Dump(), "\n") {
		lines = append(lines, strings.TrimSpace(l))
	}
	return lines, nil
}

func TestRules(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, content string
		// want are lines the template has only with the rule, gone those it
		// has only without.
		want, gone []string
	}{
		{
			"exclusion", `<Rule path="/data[at0001]/items[at0006]" max="0"/>`, nil,
			[]string{`ELEMENT[at0006] 0..1 "Duration"`, "DV_DURATION 1..1"},
		},
		{
			"occurrences", `<Rule path="/data[at0001]/items[at0003]" min="1" max="3"/>`,
			[]string{`ELEMENT[at0003] 1..3 "Choice"`},
			nil,
		},
		{
			"name", `<Rule path="/data[at0001]/items[at0004]" name="Load"/>`,
			[]string{`ELEMENT[at0004] 0..1 name ["Load"] "Weight"`, `String 1..1 {string ["Load"]}`},
			[]string{`ELEMENT[at0004] 0..1 "Weight"`},
		},
		{"the archetype's own name changes nothing", `<Rule path="/data[at0001]/items[at0004]" name="Weight"/>`, nil, nil},
		{
			"clone", `<Rule path="/data[at0001]/items[at0003]" clone="true" name="First" max="1"/>
			<Rule path="/data[at0001]/items[at0003, 'First']" min="1"/>`,
			[]string{`ELEMENT[at0003] 1..1 name ["First"] "Choice"`},
			nil,
		},
		{
			"types", `<Rule path="/data[at0001]/items[at0003]"><constraint xsi:type="multipleConstraint"><includedTypes>Count</includedTypes></constraint></Rule>`,
			nil,
			[]string{"CODE_PHRASE 1..1 {code local at0020 at0021 at0022}"},
		},
		{
			"types with a constraint of one", `<Rule path="/data[at0001]/items[at0003]"><constraint xsi:type="multipleConstraint"><includedTypes>Count</includedTypes>
			<valueTypeConstraints xsi:type="countConstraint"><maxMagnitude>5</maxMagnitude><minMagnitude>0</minMagnitude><includesMaximum>false</includesMaximum><includesMinimum>true</includesMinimum></valueTypeConstraints></constraint></Rule>`,
			[]string{"Integer64 1..1 {integer |0..<5|}"},
			nil,
		},
		{
			"codes included", `<Rule path="/data[at0001]/items[at0003]"><constraint xsi:type="textConstraint"><includedValues>local::at0021</includedValues></constraint></Rule>`,
			[]string{"CODE_PHRASE 1..1 {code local at0021}"},
			nil,
		},
		{
			"codes excluded", `<Rule path="/data[at0001]/items[at0003]"><constraint xsi:type="textConstraint"><excludedValues>local::at0021</excludedValues></constraint></Rule>`,
			[]string{"CODE_PHRASE 1..1 {code local at0020 at0022}"},
			nil,
		},
		{
			"texts", `<Rule path="/data[at0001]/items[at0002]"><constraint xsi:type="textConstraint"><includedValues>A</includedValues><includedValues>B</includedValues></constraint></Rule>`,
			[]string{`String 1..1 {string ["A" "B"]}`},
			nil,
		},
		{
			"texts not limited to the list", `<Rule path="/data[at0001]/items[at0002]"><constraint xsi:type="textConstraint" limitToList="false"><includedValues>A</includedValues></constraint></Rule>`,
			[]string{`String 1..1 {string ["A"] open}`},
			nil,
		},
		{
			"value set", `<Rule path="/data[at0001]/items[at0002]"><constraint xsi:type="textConstraint"><termQueryId terminologyID="SNOMED-CT" terminologyLang="en" queryName="All problems"/></constraint></Rule>`,
			[]string{"CODE_PHRASE 1..1 {code SNOMED-CT value set terminology:SNOMED-CT?subset=All%20problems&language=en}"},
			nil,
		},
		{
			"unit", `<Rule path="/data[at0001]/items[at0004]"><constraint xsi:type="quantityConstraint"><includedUnits>g</includedUnits></constraint></Rule>`,
			[]string{`DV_QUANTITY 1..1 {quantity property openehr::124; "g" |0..*|}`},
			nil,
		},
		{
			"unit with magnitude and precision", `<Rule path="/data[at0001]/items[at0004]"><constraint xsi:type="quantityConstraint"><excludedUnits>g</excludedUnits>
			<unitMagnitude><unit>kg</unit><maxMagnitude>300</maxMagnitude><minMagnitude>-5</minMagnitude><precision>1</precision><includesMaximum>false</includesMaximum><includesMinimum>true</includesMinimum></unitMagnitude></constraint></Rule>`,
			[]string{`DV_QUANTITY 1..1 {quantity property openehr::124; "kg" |0..<300| precision |1..1|}`},
			nil,
		},
		{
			"ordinal", `<Rule path="/data[at0001]/items[at0005]"><constraint xsi:type="ordinalConstraint"><excludedValues>local::at0020</excludedValues></constraint></Rule>`,
			[]string{`DV_ORDINAL 1..1 {ordinal 1|local::at0021 2|local::at0022}`},
			nil,
		},
		{
			"duration", `<Rule path="/data[at0001]/items[at0006]"><constraint xsi:type="durationConstraint"><pattern>PTHM</pattern><minMagnitude>PT0H</minMagnitude><includesMaximum>false</includesMaximum><includesMinimum>true</includesMinimum></constraint></Rule>`,
			[]string{"String 1..1 {duration PTHM |PT0H..*|}"},
			nil,
		},
		{
			"date", `<Rule path="/data[at0001]/items[at0007]"><constraint xsi:type="dateConstraint"><minDateTime>2020-01-01T00:00:00</minDateTime></constraint></Rule>`,
			[]string{"String 1..1 {date_time |2020-01-01T00:00:00..*|}"},
			nil,
		},
		{
			"formalism", `<Rule path="/data[at0001]/items[at0008]"><constraint xsi:type="parsableConstraint" limitToList="true"><includedValues>text/x-formula</includedValues></constraint></Rule>`,
			[]string{`String 1..1 {string ["text/x-formula"]}`},
			nil,
		},
		{
			"type of an open value", `<Rule path="/data[at0001]/items[at0009]"><constraint xsi:type="quantityConstraint"><includedUnits>mg</includedUnits></constraint></Rule>`,
			[]string{`DV_QUANTITY 1..1 {quantity; "mg"}`},
			nil,
		},
		{
			"null flavour", `<Rule path="/data[at0001]/items[at0002]"><nullFlavourConstraint><includedValues>openehr::271</includedValues></nullFlavourConstraint></Rule>`,
			[]string{"CODE_PHRASE 1..1 {code openehr 271}", ".null_flavour 0..1"},
			nil,
		},
		{
			"rule on an internal reference", `<Rule path="/protocol[at0011]/items[at0003]" min="1" max="1"/>`,
			[]string{`ELEMENT[at0003] 1..1 "Choice"`},
			nil,
		},
		{
			"coded name", `<Rule path="/protocol[at0011]/items[at0012]"><nameConstraint><excludedValues>local::at0021</excludedValues></nameConstraint></Rule>`,
			[]string{"CODE_PHRASE 1..1 {code local at0020}"},
			nil,
		},
		{"existence of a structure", `<Rule path="/protocol[at0011]" min="1"/>`, []string{".protocol 1..1"}, []string{".protocol 0..1"}},
		{
			"excluding all of a container forbids it", `<Rule path="/protocol[at0011]/items[at0003]" max="0"/><Rule path="/protocol[at0011]/items[at0012]" max="0"/>`,
			[]string{".items 0..0 cardinality 0..0"},
			nil,
		},
		{
			"slot", `<Items xsi:type="CLUSTER" archetype_id="openEHR-EHR-CLUSTER.part.v1" path="/data[at0001]/items[at0010]" max="1"/>`,
			[]string{`CLUSTER[openEHR-EHR-CLUSTER.part.v1] 0..1 "Part"`, `ELEMENT[at0001] 1..1 "Flag"`},
			nil,
		},
		{
			"slot with two archetypes", `<Items xsi:type="CLUSTER" archetype_id="openEHR-EHR-CLUSTER.part.v1" path="/data[at0001]/items[at0010]" name="A"/>
			<Items xsi:type="CLUSTER" archetype_id="openEHR-EHR-CLUSTER.part.v1" path="/data[at0001]/items[at0010]" name="B"/>`,
			[]string{`CLUSTER[openEHR-EHR-CLUSTER.part.v1] 0..2 name ["A"] "Part"`, `CLUSTER[openEHR-EHR-CLUSTER.part.v1] 0..2 name ["B"] "Part"`},
			nil,
		},
		{
			"rule on what fills a slot", `<Items xsi:type="CLUSTER" archetype_id="openEHR-EHR-CLUSTER.part.v1" path="/data[at0001]/items[at0010]"/>
			<Rule path="/data[at0001]/items[openEHR-EHR-CLUSTER.part.v1]/items[at0001]" name="Yes?"/>`,
			[]string{`ELEMENT[at0001] 1..1 name ["Yes?"] "Flag"`},
			nil,
		},
		{
			"embedded template", `<Items xsi:type="CLUSTER" archetype_id="openEHR-EHR-CLUSTER.part.v1" template_id="Embedded" path="/data[at0001]/items[at0010]"/>`,
			[]string{`ELEMENT[at0001] 1..1 name ["Inner"] "Flag"`},
			nil,
		},
		{
			"annotation", `<Rule path="/data[at0001]/items[at0002]" annotation="Ask first"/>`,
			[]string{`annotation [openEHR-EHR-COMPOSITION.encounter.v1]/content[openEHR-EHR-EVALUATION.sample.v1]/data[at0001]/items[at0002] "default" = "Ask first"`},
			nil,
		},
		{
			"default", `<Rule path="/data[at0001]/items[at0002]" default="Nothing"/>`,
			[]string{"default [openEHR-EHR-COMPOSITION.encounter.v1]/content[openEHR-EHR-EVALUATION.sample.v1]/data[at0001]/items[at0002] value DV_TEXT"},
			nil,
		},
	}
	plain, err := compile(t, evaluation(""))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := compile(t, evaluation(tt.content))
			if err != nil {
				t.Fatal(err)
			}
			if len(tt.want)+len(tt.gone) == 0 {
				if diff := cmp.Diff(plain, got); diff != "" {
					t.Errorf("(-without +with):\n%s", diff)
				}
			}
			before, after := count(plain), count(got)
			for _, l := range tt.want {
				if after[l] <= before[l] {
					t.Errorf("line missing: %s\n%s", l, cmp.Diff(plain, got))
				}
			}
			for _, l := range tt.gone {
				if after[l] >= before[l] {
					t.Errorf("line still there: %s\n%s", l, cmp.Diff(plain, got))
				}
			}
		})
	}
}

func count(lines []string) map[string]int {
	m := map[string]int{}
	for _, l := range lines {
		m[l]++
	}
	return m
}

func TestEventRules(t *testing.T) {
	t.Parallel()
	const path = "/data[at0001]/events[at0006]"
	observation := func(inner string) string {
		return source(`<Content xsi:type="OBSERVATION" archetype_id="openEHR-EHR-OBSERVATION.blood_pressure.v2" path="/content">` + inner + `</Content>`)
	}
	got, err := compile(t, observation(`<Rule path="`+path+`"><eventConstraint><allowedType>Interval</allowedType><widthOrOffset>PT10M</widthOrOffset><includedAggregations>mean</includedAggregations></eventConstraint></Rule>`))
	if err != nil {
		t.Fatal(err)
	}
	lines := count(got)
	for _, want := range []string{`INTERVAL_EVENT[at0006] 0..* "Any event"`, "String 1..1 {duration |PT10M..PT10M|}"} {
		if lines[want] != 1 {
			t.Errorf("line missing: %s", want)
		}
	}
	got, err = compile(t, observation(`<Rule path="`+path+`"><eventConstraint><allowedType>Point_in_time</allowedType><widthOrOffset>P0Y</widthOrOffset></eventConstraint></Rule>`))
	if err != nil {
		t.Fatal(err)
	}
	if count(got)[`POINT_EVENT[at0006] 0..* "Any event"`] != 1 {
		t.Errorf("event is not narrowed to a point:\n%s", strings.Join(got, "\n"))
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"not XML", "<template>", "not well-formed XML"},
		{"other root", "<archetype/>", "root element is archetype"},
		{"no definition", "<template><name>x</name></template>", "template has no definition"},
		{"unknown element", evaluation("<Rul/>"), "line 4: element Rul in Content is not supported"},
		{"unknown attribute", evaluation(`<Rule path="/data" mx="0"/>`), "attribute mx of element Rule is not supported"},
		{"conditional", evaluation(`<Rule path="/data"><conditionalNode/></Rule>`), "element conditionalNode in Rule is not supported"},
		{"bad number", evaluation(`<Rule path="/data" max="many"/>`), `max="many" of element Rule is not an integer`},
		{"unknown constraint", evaluation(`<Rule path="/data"><constraint xsi:type="magicConstraint"/></Rule>`), `constraint of type "magicConstraint" is not supported`},
		{"unknown archetype", source(`<Content xsi:type="EVALUATION" archetype_id="openEHR-EHR-EVALUATION.none.v1" path="/content"/>`), "archetype openEHR-EHR-EVALUATION.none.v1 is not in the repository"},
		{"wrong class", source(`<Content xsi:type="ACTION" archetype_id="openEHR-EHR-EVALUATION.sample.v1" path="/content"/>`), "is of class EVALUATION, not ACTION"},
		{"unknown node", evaluation(`<Rule path="/data[at0001]/items[at0099]" max="0"/>`), "/data[at0001]/items[at0099]: there is no node [at0099] in items of ITEM_TREE[at0001]"},
		{"unknown attribute in a path", evaluation(`<Rule path="/data[at0001]/rows[at0099]" max="0"/>`), "there is no constraint on rows of ITEM_TREE[at0001]"},
		{"excluding what is mandatory", evaluation(`<Rule path="/data[at0001]/items[at0002]" max="0"/>`), "is mandatory and cannot be excluded"},
		{"excluding mandatory data", evaluation(`<Rule path="/data[at0001]" max="0"/>`), "EVALUATION.data is mandatory"},
		{"wider occurrences", evaluation(`<Rule path="/data[at0001]/items[at0004]" max="2"/>`), "0..2 is not within the archetype's 0..1"},
		{"clone without a name", evaluation(`<Rule path="/data[at0001]/items[at0003]" clone="true"/>`), "a cloned node needs a name of its own"},
		{"unknown code", evaluation(`<Rule path="/data[at0001]/items[at0003]"><constraint xsi:type="textConstraint"><includedValues>local::at0099</includedValues></constraint></Rule>`), "code local::at0099 is not among those the archetype permits"},
		{"unknown unit", evaluation(`<Rule path="/data[at0001]/items[at0004]"><constraint xsi:type="quantityConstraint"><includedUnits>t</includedUnits></constraint></Rule>`), `unit "t" is not among those the archetype permits`},
		{"no overlap", evaluation(`<Rule path="/data[at0001]/items[at0004]"><constraint xsi:type="quantityConstraint"><unitMagnitude><unit>kg</unit><minMagnitude>2000</minMagnitude></unitMagnitude></constraint></Rule>`), `magnitude limits of "kg" do not overlap`},
		{"unknown type", evaluation(`<Rule path="/data[at0001]/items[at0003]"><constraint xsi:type="multipleConstraint"><includedTypes>Smell</includedTypes></constraint></Rule>`), `data type "Smell" is not known`},
		{"type not permitted", evaluation(`<Rule path="/data[at0001]/items[at0003]"><constraint xsi:type="multipleConstraint"><includedTypes>Quantity</includedTypes></constraint></Rule>`), "the archetype permits no value of type DV_QUANTITY"},
		{"constraint of another type", evaluation(`<Rule path="/data[at0001]/items[at0002]"><constraint xsi:type="countConstraint"><minMagnitude>1</minMagnitude></constraint></Rule>`), "countConstraint needs a DV_COUNT"},
		{"not a slot", evaluation(`<Items xsi:type="CLUSTER" archetype_id="openEHR-EHR-CLUSTER.part.v1" path="/data[at0001]/items[at0002]"/>`), "is not a slot"},
		{"archetype the slot does not permit", evaluation(`<Items xsi:type="CLUSTER" archetype_id="openEHR-EHR-CLUSTER.adverse_reaction_event.v1" path="/data[at0001]/items[at0010]"/>`), "slot does not permit archetype openEHR-EHR-CLUSTER.adverse_reaction_event.v1"},
		{"too many in a slot", evaluation(`<Items xsi:type="CLUSTER" archetype_id="openEHR-EHR-CLUSTER.part.v1" path="/data[at0001]/items[at0010]" max="3"/>`), "occurrences 0..3 are not within the 0..2 of the place"},
		{"content of another class", source(`<Content xsi:type="CLUSTER" archetype_id="openEHR-EHR-CLUSTER.part.v1" path="/content"/>`), "CLUSTER cannot stand in content of COMPOSITION"},
		{"unknown embedded template", evaluation(`<Items xsi:type="CLUSTER" archetype_id="openEHR-EHR-CLUSTER.part.v1" template_id="None" path="/data[at0001]/items[at0010]"/>`), "embedded template None: no template None"},
		{"event rule on an element", evaluation(`<Rule path="/data[at0001]/items[at0002]"><eventConstraint><allowedType>Interval</allowedType></eventConstraint></Rule>`), "an event constraint needs an EVENT, not ELEMENT"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := compile(t, tt.text)
			var e *oet.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestAllErrorsAreReported(t *testing.T) {
	t.Parallel()
	_, err := compile(t, evaluation(`<Rule path="/data[at0001]/items[at0002]" max="0"/><Rule path="/data[at0001]/items[at0098]" max="0"/>`))
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("want two errors, got %v", err)
	}
}

func FuzzCompile(f *testing.F) {
	r := repository(f)
	f.Add(evaluation(`<Rule path="` + items + `[at0003]" clone="true" name="First" max="1"/>`))
	f.Add(evaluation(`<Rule path="` + items + `[at0004]"><constraint xsi:type="quantityConstraint"><includedUnits>g</includedUnits></constraint></Rule>`))
	f.Add(evaluation(`<Items xsi:type="CLUSTER" archetype_id="openEHR-EHR-CLUSTER.part.v1" path="` + items + `[at0010]"/>`))
	f.Fuzz(func(t *testing.T, text string) {
		src, err := oet.Read([]byte(text))
		if err != nil {
			return
		}
		opt, err := oet.Compile(src, oet.Options{Archetypes: r})
		if err != nil {
			return
		}
		if _, err := templates.ReadOPT(opt, templates.Limits{}); err != nil {
			t.Fatalf("the compiled template does not read: %v\n%s", err, opt)
		}
	})
}
