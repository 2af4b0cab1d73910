package header

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// headers makes a header set from "Name: value" lines, as net/http reads them.
func headers(lines ...string) http.Header {
	h := http.Header{}
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ":")
		h.Add(name, strings.TrimSpace(value))
	}
	return h
}

// flatten lists the leaves of a node as path=value.
func flatten(n *rm.Node) []string {
	if n == nil {
		return nil
	}
	out := []string{"_type=" + n.Class.Name}
	for _, a := range n.Attrs {
		for _, item := range a.Items {
			if len(item.Attrs) == 0 {
				out = append(out, a.Def.Name+"="+item.Text)
				continue
			}
			for _, leaf := range flatten(item) {
				out = append(out, a.Def.Name+"/"+leaf)
			}
		}
	}
	return out
}

func TestAuditFromCommitHeaders(t *testing.T) {
	t.Parallel()
	const person = "bc8132ea-8f4a-11e7-bb31-be2e44b06b34"
	full := []string{
		"_type=PARTY_IDENTIFIED", "external_ref/_type=PARTY_REF", "external_ref/namespace=demographic", "external_ref/type=PERSON",
		"external_ref/id/_type=HIER_OBJECT_ID", "external_ref/id/value=" + person, "name=Jane Roe",
	}
	tests := []struct {
		name      string
		lines     []string
		want      ehr.AuditInput
		committer []string
	}{
		{name: "no headers"},
		{
			name: "form of 1.1.0 over several lines",
			lines: []string{
				`openehr-version: lifecycle_state.code_string="532"`,
				`openehr-audit-details: change_type.code_string="251"`,
				`openehr-audit-details: description.value="corrected, see \"note\""`,
				`openehr-audit-details: committer.name="Jane Roe",committer.external_ref.id="` + person + `",committer.external_ref.namespace="demographic",committer.external_ref.type="PERSON"`,
			},
			want:      ehr.AuditInput{ChangeType: 251, LifecycleState: 532, Description: `corrected, see "note"`},
			committer: full,
		},
		{
			name: "form of 1.0.3 with the path in the header name",
			lines: []string{
				`openEHR-VERSION.lifecycle_state: code_string="553"`,
				`openEHR-AUDIT_DETAILS.change_type: code_string="250"`,
				`openEHR-AUDIT_DETAILS.description: value="x"`,
				`openEHR-AUDIT_DETAILS.committer: name="Jane Roe", external_ref.id="` + person + `", external_ref.namespace="demographic", external_ref.type="PERSON"`,
			},
			want:      ehr.AuditInput{ChangeType: 250, LifecycleState: 553, Description: "x"},
			committer: full,
		},
		{
			name:  "spelling with an underscore",
			lines: []string{`openehr-audit_details: change_type.code_string="249"`},
			want:  ehr.AuditInput{ChangeType: 249},
		},
		{
			name:  "both generations, equal values, without quotes",
			lines: []string{`openEHR-AUDIT_DETAILS.change_type: code_string=251`, `openehr-audit-details: change_type.code_string=251`},
			want:  ehr.AuditInput{ChangeType: 251},
		},
		{
			name:  "coded text with its rubric and terminology",
			lines: []string{`openehr-version: lifecycle_state.value="complete",lifecycle_state.defining_code.terminology_id.value="openehr",lifecycle_state.defining_code.code_string="532"`},
			want:  ehr.AuditInput{LifecycleState: 532},
		},
		{
			name:      "identifier that is no UUID",
			lines:     []string{`openehr-audit-details: committer.external_ref.id="4711",committer.external_ref.namespace="hr"`},
			committer: []string{"_type=PARTY_IDENTIFIED", "external_ref/_type=PARTY_REF", "external_ref/namespace=hr", "external_ref/type=PARTY", "external_ref/id/_type=GENERIC_ID", "external_ref/id/value=4711", "external_ref/id/scheme=hr"},
		},
		{
			name:  "time of the client is not taken",
			lines: []string{`openehr-audit-details: time_committed.value="1999-01-01T00:00:00Z",system_id="Test.System"`},
		},
		{
			name:      "ISO 8859-1 bytes",
			lines:     []string{"openehr-audit-details: committer.name=\"J\xfcrgen\""},
			committer: []string{"_type=PARTY_IDENTIFIED", "name=Jürgen"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Audit(headers(tt.lines...), "test.system")
			if err != nil {
				t.Fatal(err)
			}
			committer := flatten(got.Committer)
			got.Committer = nil
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			// external_ref's own attribute order is the RM's.
			if diff := cmp.Diff(sorted(tt.committer), sorted(committer)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAuditRefusesWhatItWouldDrop(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, line, want string }{
		{"unknown attribute", `openehr-audit-details: commiter.name="x"`, "commiter.name"},
		{"signature", `openehr-version: signature="abc"`, "signature"},
		{"other system", `openehr-audit-details: system_id="elsewhere"`, "system_id"},
		{"other terminology", `openehr-version: lifecycle_state.terminology_id="SNOMED-CT",lifecycle_state.code_string="532"`, "openehr terminology"},
		{"rubric without code", `openehr-version: lifecycle_state.value="complete"`, "code_string is missing"},
		{"code that is no number", `openehr-version: lifecycle_state.code_string="complete"`, "code_string"},
		{"open quotes", `openehr-audit-details: description.value="x`, "not closed"},
		{"no value", `openehr-audit-details: description.value`, "expected attribute"},
		{"garbage after a value", `openehr-audit-details: description.value="x" y`, "expected a comma"},
		{"no path", `openehr-audit-details: ="x"`, "malformed attribute path"},
		{"contradiction", `openehr-audit-details: change_type.code_string="249",change_type.code_string="251"`, "twice"},
		{"reference without namespace", `openehr-audit-details: committer.external_ref.id="1"`, "namespace"},
		{"committer without anything", `openehr-audit-details: committer.name=""`, "committer needs"},
		{"committer of a strange class", `openehr-audit-details: committer._type="DV_TEXT",committer.name="x"`, "committer._type"},
		{"self with a name", `openehr-audit-details: committer._type="PARTY_SELF",committer.name="x"`, "PARTY_SELF"},
		{"too long", `openehr-audit-details: description.value="` + strings.Repeat("x", maxCommitValue+1) + `"`, "longer than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Audit(headers(tt.line), "test.system")
			if !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an invalid error with %q", err, tt.want)
			}
		})
	}
}

func FuzzCommitAttributes(f *testing.F) {
	f.Add("", `change_type.code_string="251",description.value="a\"b"`)
	f.Add("committer.", `name="x", external_ref.id=4711`)
	f.Add("", `a="b`)
	f.Fuzz(func(t *testing.T, prefix, line string) {
		out := attributes{}
		if err := parseAttributes(out, "openehr-audit-details", prefix, line); err != nil && !errs.Is(err, errs.Invalid) {
			t.Fatalf("error of kind %v", errs.KindOf(err))
		}
		for path, v := range out {
			if len(v) > maxCommitValue || !isPath(strings.TrimPrefix(path, prefix)) {
				t.Fatalf("%q = %q", path, v)
			}
		}
	})
}
