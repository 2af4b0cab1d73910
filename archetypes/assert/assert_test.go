package assert_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/archetypes/assert"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

const head = `archetype (adl_version=1.4)
	openEHR-EHR-CLUSTER.sample.v1
concept
	[at0000]
language
	original_language = <[ISO_639-1::en]>
definition
	CLUSTER[at0000] matches {*}
invariant
	`

const tail = `
ontology
	term_definitions = <["en"] = <items = <["at0000"] = <text = <"Sample"> description = <"">>>>>
`

func parse(text string) (archetypes.Expr, error) {
	a, err := archetypes.Parse(head + text + tail)
	if err != nil {
		return nil, err
	}
	if len(a.Invariants) != 1 {
		return nil, fmt.Errorf("%d invariants", len(a.Invariants))
	}
	return a.Invariants[0].Expr, nil
}

func locatable(class, id string, fields ...rm.Field) *rm.Node {
	return rm.Object(class, append(fields, rm.Str("archetype_node_id", id), rm.Child("name", rm.Text(id)))...)
}

func sample() *rm.Node {
	element := func(id string, value *rm.Node) *rm.Node {
		return locatable("ELEMENT", id, rm.Child("value", value))
	}
	quantity := func(m float64) *rm.Node {
		return rm.Object("DV_QUANTITY", rm.Real("magnitude", m), rm.Str("units", "mm[Hg]"))
	}
	return locatable("CLUSTER", "openEHR-EHR-CLUSTER.sample.v1", rm.Child("items",
		element("at0001", quantity(120)), element("at0002", quantity(80)), element("at0002", quantity(70)),
		element("at0003", rm.CodedText("left", "local", "at0010")),
		element("at0004", rm.Object("DV_BOOLEAN", rm.Bool("value", true))),
		element("at0005", rm.Object("DV_DATE_TIME", rm.Str("value", "2024-03-01T10:00:00Z"))),
		element("at0006", rm.Object("DV_DURATION", rm.Str("value", "PT90M"))),
	))
}

func TestEval(t *testing.T) {
	t.Parallel()
	root := sample()
	const (
		high = "/items[at0001]/value/magnitude"
		low  = "/items[at0002]/value/magnitude"
		none = "/items[at0099]/value/magnitude"
	)
	for text, want := range map[string]assert.Truth{
		high + " > 100":      assert.True,
		high + " > " + low:   assert.True, // for each of them
		low + " > 75":        assert.False,
		high + " = 120.0":    assert.True,
		high + " != 120":     assert.False,
		low + " >= 70":       assert.True,
		low + " <= 79":       assert.False,
		high + " < 120":      assert.False,
		none + " > 100":      assert.Unknown,
		"exists " + none:     assert.False,
		"exists " + high:     assert.True,
		"not exists " + none: assert.True,
		"exists " + none + " implies " + none + " > 1":                         assert.True,
		"exists " + high + " implies exists " + none:                           assert.False,
		none + " > 1 or " + high + " > 1":                                      assert.True,
		none + " > 1 and " + high + " > 1":                                     assert.Unknown,
		none + " > 1 and " + high + " > 1000":                                  assert.False,
		high + " > 1 xor " + high + " > 2":                                     assert.False,
		"not (" + high + " > 1)":                                               assert.False,
		high + " - 40 = 2 * 40":                                                assert.True,
		high + " / 0 = 1":                                                      assert.Unknown,
		high + " = 10 ^ 2 + 20":                                                assert.True,
		"-" + high + " < 0":                                                    assert.True,
		high + " matches {|100..<120|}":                                        assert.False,
		high + " matches {|100..120|}":                                         assert.True,
		"/items[at0002]/value/units matches {\"mm[Hg]\", \"kPa\"}":             assert.True,
		"/items[at0002]/value/units matches {/kPa|bar/}":                       assert.False,
		"/items[at0003]/value/defining_code matches {[local::at0010, at0011]}": assert.True,
		"/items[at0003]/value/defining_code matches {[local::at0011]}":         assert.False,
		"/items[at0003]/value/defining_code matches {[SNOMED-CT::at0010]}":     assert.False,
		"/items[at0099]/value matches {*}":                                     assert.False,
		"/items[at0004]/value/value":                                           assert.True,
		"/items[at0004]/value/value = false":                                   assert.False,
		"/items[at0005]/value/value > 2024-01-01T00:00:00Z":                    assert.True,
		"/items[at0006]/value/value = \"PT1H30M\"":                             assert.True,
		"/items[at0006]/value/value < PT1H":                                    assert.False,
		"/items[at0001]/value > /items[at0002]/value":                          assert.True,
		"for_all $i in /items[at0002] | $i/value/magnitude > 60":               assert.True,
		"for_all $i in /items[at0002] | $i/value/magnitude > 75":               assert.False,
		"for_all $i in /items[at0099] | $i/value/magnitude > 75":               assert.True,
	} {
		e, err := parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := assert.Eval(e, root)
		if err != nil || got != want {
			t.Errorf("%s: %d %v, want %d", text, got, err, want)
		}
	}
}

func TestWhatCannotBeEvaluated(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"/items[at0001]/value/no_attribute > 1",
		"/items[at0001]/value/units > 1",
		"/items[at0001]/value/units + 1 = 2",
		"/items[at0001]/value/magnitude",
		"/items[at0004]/value/value < true",
		"$x/value > 1",
		"/items[at0001]/value matches {[local::at0001]}",
		"/items[at0001]/value/magnitude matches {/a/}",
	} {
		e, err := parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := assert.Eval(e, sample()); !errs.Is(err, errs.Unsupported) {
			t.Errorf("%s: %d %v, want unsupported", text, got, err)
		}
	}
	nested := "exists /items"
	for i := range 7 {
		nested = fmt.Sprintf("for_all $v%d in /items | %s", i, nested)
	}
	e, err := parse(nested)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := assert.Eval(e, sample()); !errs.Is(err, errs.TooLarge) {
		t.Errorf("%v, want too large", err)
	}
}

func FuzzEval(f *testing.F) {
	for _, s := range []string{"/items[at0001]/value/magnitude > 1 implies exists /items", "for_all $i in /items | $i/value/magnitude ^ 2 matches {|1..2|}", "not /items[at0004]/value/value xor true"} {
		f.Add(s)
	}
	root := sample()
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "ontology") {
			return
		}
		e, err := parse(text)
		if err != nil {
			return
		}
		if got, err := assert.Eval(e, root); err != nil && got == assert.True {
			t.Errorf("%q: true in spite of %v", text, err)
		}
	})
}
