package server

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/example"
)

// reply is an answer of the FHIR API.
type reply struct {
	status int
	header http.Header
	body   *r4.Node // nil without one
}

func (r reply) String() string {
	if r.body == nil {
		return fmt.Sprint(r.status)
	}
	return fmt.Sprintf("%d %s", r.status, r.body.Append(nil))
}

// send sends a request with headers, name and value by turns, and checks the
// answer against R4.
func (p *partner) send(method, path, body string, header ...string) reply {
	p.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = p.base + path
	}
	req, err := http.NewRequest(method, path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/fhir+json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	out := reply{resp.StatusCode, resp.Header, nil}
	if len(data) == 0 {
		return out
	}
	parse := r4.Parse
	if bytes.HasPrefix(data, []byte("<")) {
		parse = r4.ParseXML
	}
	if out.body, err = parse(data); err != nil {
		p.t.Fatalf("%s %s: %v: %.300s", method, path, err, data)
	}
	for _, problem := range r4.ValidateNode(out.body) {
		if !problem.Warning {
			p.t.Errorf("%s %s: %s", method, path, problem)
		}
	}
	return out
}

// writing is a server that takes FHIR resources, and the ids of its patients.
func writing(t *testing.T, seed uint64, patients int, change ...func(*Options)) (*partner, []string) {
	t.Helper()
	o := testOptions(t)
	o.FHIRWrite, o.FHIRWriteTerritory = true, "NL"
	for _, f := range change {
		f(&o)
	}
	s := runningWith(t, o, seed, patients)
	p := &partner{t, s, s.Origin() + "/fhir/r4/"}
	var ids []string
	for _, n := range p.all("Patient", "match") {
		ids = append(ids, n.Str("id"))
	}
	return p, ids
}

// bare is a resource without what the server assigns, about another patient.
func bare(t *testing.T, n *r4.Node, patient string) *r4.Node {
	t.Helper()
	out, err := r4.Parse(n.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"id", "meta", "text", "result", "specimen"} { // the last two would refer to nothing there
		out.Remove(name)
	}
	for _, name := range []string{"subject", "patient"} {
		if ref := out.Get(name, "reference"); ref != nil {
			ref.Text = "Patient/" + patient
		}
	}
	return out
}

// examplesOf commits examples of all templates to a record and gives the template
// of each composition.
func examplesOf(t *testing.T, s *Server, record string) map[string]string {
	t.Helper()
	infos, err := s.Service.Templates(t.Context(), sandboxActor)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, info := range infos {
		tree, err := s.Service.CompiledTemplate(t.Context(), sandboxActor, info.TemplateID, 0)
		if err != nil {
			t.Fatal(err)
		}
		if tree.Root.Class != rm.ClassComposition {
			continue
		}
		for _, d := range []example.Detail{example.Required, example.Medium, example.Complete} {
			root, err := example.Instance(tree, example.Options{Detail: d, Language: "en"})
			if err != nil {
				t.Fatal(err)
			}
			made, err := s.Service.CreateComposition(t.Context(), sandboxActor, ehr.CreateComposition{EHRID: uuid.MustParse(record), Content: ehr.Content{Root: root}})
			if err != nil {
				t.Fatalf("%s: %v", info.TemplateID, err)
			}
			out["ehr:"+made.UID.String()] = info.TemplateID
		}
	}
	return out
}

// TestFHIRWriteGivesBackWhatItTakes posts what was projected from examples, about
// another patient: of each mapping that is proven something is taken, reads as
// it was sent, and stands in a valid composition that AQL finds.
func TestFHIRWriteGivesBackWhatItTakes(t *testing.T) {
	t.Parallel()
	p, ids := writing(t, 5, 2)
	from, to := ids[0], ids[1]
	templates := examplesOf(t, p.s, from)
	taken := map[string]int{}
	refused := 0
	for _, typ := range []string{"Observation", "Consent", "DiagnosticReport", "Encounter", "Goal"} {
		for _, n := range p.all(typ+"?_count=200&patient="+from, "match") {
			template, ok := templates[n.Str("meta", "source")]
			if !ok {
				continue // of the sandbox
			}
			want := bare(t, n, to)
			body := string(want.Append(nil))
			verdict := p.send("POST", typ+"/$validate?mode=create", body, "openehr-template-id", template)
			if notes := want.Get("note"); notes != nil && len(notes.Items) > 1 && verdict.body.Str("issue", "severity") != "information" {
				notes.Items = notes.Items[len(notes.Items)-1:] // descriptions and comments are all notes; what comes is a comment
				body = string(want.Append(nil))
				verdict = p.send("POST", typ+"/$validate?mode=create", body, "openehr-template-id", template)
			}
			r := p.send("POST", typ, body, "openehr-template-id", template)
			if would := verdict.body.Str("issue", "severity") == "information"; would != (r.status == 201) {
				t.Errorf("$validate says %s, the create %s", verdict, r)
			}
			if r.status != 201 {
				if refused++; r.status != 422 {
					t.Errorf("%s", r)
				}
				continue
			}
			text := verdict.body.Str("issue", "details", "text")
			_, mapping, _ := strings.Cut(text, "by the mapping ")
			mapping, _, _ = strings.Cut(mapping, " ")
			taken[mapping]++
			if diff := cmp.Diff(body, string(bare(t, r.body, to).Append(nil))); diff != "" {
				t.Errorf("%s: sent (-) and answered (+):\n%s", mapping, diff)
			}
			read := p.send("GET", r.header.Get("Location"), "")
			if diff := cmp.Diff(string(r.body.Append(nil)), string(read.body.Append(nil))); diff != "" {
				t.Errorf("%s: answered (-) and read (+):\n%s", mapping, diff)
			}
			for _, h := range []string{"ETag", "Last-Modified"} {
				if a, b := r.header.Get(h), read.header.Get(h); a == "" || a != b {
					t.Errorf("%s: %s is %q, then %q", mapping, h, a, b)
				}
			}
			found := p.all(typ+"?_id="+r.body.Str("id")+"&patient="+to, "match")
			if len(found) != 1 {
				t.Errorf("%s: a search finds %d", mapping, len(found))
			}
			compositionOf(t, p, to, r.body, template)
		}
	}
	t.Logf("taken %v, refused %d", taken, refused)
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	rest := slices.DeleteFunc(lib.Proven(), func(name string) bool { // TestFHIRWriteStances has those
		return slices.ContainsFunc(stances, func(c stanceCase) bool { return c.mapping == name })
	})
	if diff := cmp.Diff(rest, slices.Sorted(maps.Keys(taken))); diff != "" {
		t.Errorf("the mappings that are proven (-) and of which something was taken (+):\n%s", diff)
	}
}

// compositionOf reads the composition that a resource became, by openEHR REST and
// by AQL.
func compositionOf(t *testing.T, p *partner, record string, n *r4.Node, template string) *rm.Node {
	t.Helper()
	uid := strings.TrimPrefix(n.Str("meta", "source"), "ehr:")
	data := fetch(t, p.s, "GET", "/openehr/v1/ehr/"+record+"/composition/"+url.PathEscape(uid), nil)
	root, problems := rm.DecodeJSON(data, rm.Lookup("COMPOSITION"), rm.JSONOptions{})
	if rm.HasErrors(problems) {
		t.Fatalf("the composition comes back with %v", problems)
	}
	if got := root.String("archetype_details", "template_id", "value"); got != template {
		t.Errorf("the composition is of the template %s, not %s", got, template)
	}
	if got := root.String("feeder_audit", "original_content", "value"); !strings.Contains(got, n.Str("resourceType")) {
		t.Errorf("the feeder audit does not hold what was sent: %s", got)
	}
	q := fmt.Sprintf("SELECT c/archetype_details/template_id/value, c/feeder_audit/originating_system_audit/system_id FROM EHR e CONTAINS COMPOSITION c WHERE e/ehr_id/value = $ehr AND c/uid/value = '%s'", uid)
	if found := rows(t, p.s, q, record); len(found) != 1 || found[0][0] != template || found[0][1] == nil {
		t.Errorf("AQL finds %v", found)
	}
	return root
}
