package mutate

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/validate"
	"github.com/cairn-ehr/cairn/templates/validate/cnftest"
)

var update = flag.Bool("update", false, "rewrite the golden file and docs/conformance/validation.md")

// corpusFile has the figures of the corpus, for machines that do not have it.
var corpusFile = filepath.Join("testdata", "corpus.tsv")

// TestEvidence makes and checks all mutants, runs the decision tables, and
// writes both into docs/conformance/validation.md.
func TestEvidence(t *testing.T) {
	own := ownPairs(t)
	library := run(t, own)
	for _, rule := range validate.Rules() {
		// What cannot be evaluated and what takes too long is no property of
		// the data; the tests of validate show both.
		if strings.HasPrefix(rule.Code, "link.") {
			continue // needs a record to refer to; the tests of ehr have one
		}
		if rule.Code != validate.CodeUnchecked && rule.Code != validate.CodeEffort && library[rule.Code].made == 0 {
			t.Errorf("no mutant violates %s", rule.Code)
		}
	}

	corpus := readFigures(t)
	t.Run("corpus", func(t *testing.T) {
		if testing.Short() {
			t.Skip("takes long")
		}
		got := run(t, corpusPairs(t))
		got["pairs"] = figures{made: len(corpusPairs(t))}
		compare(t, corpusFile, writeFigures(got))
		if *update {
			corpus = got
		}
	})
	compare(t, filepath.Join("..", "..", "..", "docs", "conformance", "validation.md"), page(t, len(own), library, corpus))
}

// TestMutantsNeedTheirLayer shows that the measure can fail: what violates only
// the template survives where the template is left out.
func TestMutantsNeedTheirLayer(t *testing.T) {
	t.Parallel()
	p := workbench(t)
	killed, made := 0, 0
	for _, m := range Make(p.tpl, p.root) {
		if !strings.HasPrefix(m.Code, "tpl.") || len(m.Also) > 0 {
			continue
		}
		made++
		root, problems := rm.DecodeJSON(m.JSON, rm.ClassComposition, rm.JSONOptions{})
		if root != nil {
			problems = append(problems, validate.All(nil, root, validate.Options{})...)
		}
		if m.Killed(problems) {
			killed++
		}
	}
	if made < 100 || killed > 0 {
		t.Errorf("without the template %d of %d mutants of the template are killed", killed, made)
	}
}

// compare compares a generated file with the one on disk, or rewrites it.
func compare(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs; if that is right, go test ./templates/validate/mutate -update (-want +got):\n%s", name, diff)
	}
}

func writeFigures(m map[string]figures) []byte {
	var codes []string
	for code := range m {
		codes = append(codes, code)
	}
	sort.Strings(codes)
	b := bytes.NewBufferString("# Mutants of the corpus: rule, made, killed. Written by go test -update.\n")
	for _, code := range codes {
		fmt.Fprintf(b, "%s\t%d\t%d\n", code, m[code].made, m[code].killed)
	}
	return b.Bytes()
}

func readFigures(t *testing.T) map[string]figures {
	t.Helper()
	data, err := os.ReadFile(corpusFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	out := map[string]figures{}
	for _, line := range strings.Split(string(data), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		var code string
		var f figures
		if _, err := fmt.Sscan(line, &code, &f.made, &f.killed); err != nil {
			t.Fatalf("%s: %q: %v", corpusFile, line, err)
		}
		out[code] = f
	}
	return out
}

func (f figures) String() string {
	if f.made == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d", f.killed, f.made)
}

// tally is what the rows of a table, or of all, came to.
type tally struct{ rows, same, named, other int }

func (a *tally) add(b tally) {
	a.rows += b.rows
	a.same += b.same
	a.named += b.named
	a.other += b.other
}

// page writes the evidence.
func page(t *testing.T, ownPairs int, library, corpus map[string]figures) []byte {
	t.Helper()
	tables, reasons, err := cnftest.Load()
	if err != nil {
		t.Fatal(err)
	}
	var total tally
	var cases, wrong bytes.Buffer
	refused := map[string]int{}
	uses := map[string][2]int{} // rows with another verdict, rows with other constraints
	for i := range tables {
		table := &tables[i]
		var sum tally
		for _, row := range table.Rows {
			r, err := table.Run(row)
			if err != nil {
				t.Fatalf("%s.tsv:%d: %v", table.File, row.Line, err)
			}
			codes := map[string]bool{}
			for _, p := range r.Problems {
				if p.Severity == rm.Error {
					codes[p.Code] = true
				}
			}
			for code := range codes {
				refused[code]++
			}
			sum.rows++
			use := uses[row.Reason]
			switch {
			case r.Agrees(row):
				sum.same++
			case r.Verdict == row.Expected:
				sum.named++
				use[1]++
			default:
				sum.other++
				use[0]++
			}
			uses[row.Reason] = use
			if reasons[row.Reason].Kind == "wrong" {
				fmt.Fprintf(&wrong, "| %s | %s | %s | %s | %s | %s |\n", table.ID, code(row.Value), code(row.Constraint),
					strings.TrimSpace(row.Expected+" "+strings.Join(row.Violated, " ")), r.Answer(), row.Reason)
			}
		}
		total.add(sum)
		fmt.Fprintf(&cases, "| %s | %d | %d | %d | %d |\n", table.ID, sum.rows, sum.same, sum.named, sum.other)
	}

	var b bytes.Buffer
	fmt.Fprintf(&b, `# Evidence of validation

What shows that the validator refuses what is wrong and accepts what is right,
rule by rule. The rules are described in [validation-rules.md](validation-rules.md);
[corpus.md](corpus.md) judges the compositions of the sample corpus one by one.

This page is generated by
`+"`go test ./templates/validate/mutate -update`"+`; the test fails when the figures
differ from it.

## Decision tables of the conformance schedule

The openEHR conformance schedule (CNF, Platform Conformance Test Schedule,
chapters 15 to 17) gives decision tables of values and constraints. They are
data in templates/validate/cnftest; every row is run with a template of that one
constraint, read as OPT 1.4 XML, and an instance read as canonical JSON.

Of %d rows in %d test cases, Cairn gives the schedule's verdict to %d, to %d of them
with exactly the constraints that the schedule names. To %d rows it gives
another verdict, for the reasons below.

| reason | kind | other verdict | other constraints named | why |
|---|---|---|---|---|
`, total.rows, len(tables), total.same+total.named, total.same, total.other)
	var keys []string
	for key := range reasons {
		keys = append(keys, key)
	}
	sort.Slice(keys, func(i, k int) bool {
		a, b := reasons[keys[i]], reasons[keys[k]]
		if a.Kind != b.Kind {
			return a.Kind > b.Kind
		}
		return a.Key < b.Key
	})
	for _, key := range keys {
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %s |\n", key, reasons[key].Kind, uses[key][0], uses[key][1], reasons[key].Text)
	}
	fmt.Fprintf(&b, `
The kind is wrong where the row contradicts the specifications or itself, form
where OPT 1.4 cannot say the constraint, more where the verdict is the same and
other or more constraints are named.

### Rows judged wrong

| test case | value | constraint | schedule | Cairn | reason |
|---|---|---|---|---|---|
%s
### Test cases

| test case | rows | same answer | same verdict, other constraints named | other verdict |
|---|---|---|---|---|
%s
## Mutation testing

From a composition that is valid against its template, copies are made with one
violating edit each, one for every constraint and kind of edit, and one for
every attribute and invariant of each class (templates/validate/mutate). A
mutant counts as killed only if the validator names the violated rule at the
place of the edit. Attributes that both the template and the reference model
demand may be reported by either; a container removed as a whole may be reported
as absent, or by its cardinality or occurrences.

The own pairs (%d) are a template that has every kind of constraint, and Cairn's
library with generated examples and synthetic compositions; the pairs of the
corpus (%d) are its valid compositions with their templates, and an example of
each template.

%s
## Rules

Rows are those of the decision tables that the rule refuses. Where no column has
a figure, the rule is about documents, versions or limits, which neither the
schedule nor these compositions show, and is covered by the tests of its package
alone.

| rule | rows refused | own mutants killed | corpus mutants killed |
|---|---|---|---|
`, wrong.String(), cases.String(), ownPairs, corpus["pairs"].made, rate(library, corpus))
	for _, rule := range rm.Rules() {
		ruleRow(&b, rule.Code, refused, library, corpus)
	}
	for _, rule := range validate.Rules() {
		ruleRow(&b, rule.Code, refused, library, corpus)
	}
	return b.Bytes()
}

// rate sums up the mutants.
func rate(library, corpus map[string]figures) string {
	var own, other figures
	for _, f := range library {
		own.made, own.killed = own.made+f.made, own.killed+f.killed
	}
	for code, f := range corpus {
		if code != "pairs" {
			other.made, other.killed = other.made+f.made, other.killed+f.killed
		}
	}
	return fmt.Sprintf("Killed: %s own mutants (%.2f %%), %s of the corpus (%.2f %%).\n", own,
		100*float64(own.killed)/float64(own.made), other, 100*float64(other.killed)/float64(max(other.made, 1)))
}

func ruleRow(b *bytes.Buffer, code string, refused map[string]int, library, corpus map[string]figures) {
	rows := ""
	if refused[code] > 0 {
		rows = fmt.Sprint(refused[code])
	}
	fmt.Fprintf(b, "| %s | %s | %s | %s |\n", code, rows, library[code], corpus[code])
}

// code sets a value or constraint in a table cell.
func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + strings.ReplaceAll(s, "|", "\\|") + "`"
}
