package fhir

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/fhir/catalogue"
)

// What the CapabilityStatement declares is answered, and what it does not declare is
// refused by its name: parameters, inclusions and operations of every type.
func TestCapabilitiesBothWays(t *testing.T) {
	t.Parallel()
	h := handler(t, project(t))
	var cs struct {
		Rest []struct {
			Resource []struct {
				Type                            string
				Interaction                     []struct{ Code string }
				SearchInclude, SearchRevInclude []string
				SearchParam                     []struct{ Name, Type string }
				Operation                       []struct{ Name string }
			}
		}
	}
	if err := json.Unmarshal([]byte(ask(t, h, "GET", "/fhir/r4/metadata").raw), &cs); err != nil {
		t.Fatal(err)
	}
	names := []string{"_content", "_filter", "_list", "_query", "_text", "_type", "_contained", "nothing"}
	kinds := map[string]map[string]r4.SearchKind{}
	var links []string
	for _, res := range cs.Rest[0].Resource {
		kinds[res.Type] = map[string]r4.SearchKind{}
		params := append(r4.CommonParams(), r4.SearchParams(res.Type)...)
		if strings.Contains("CodeSystem ConceptMap ValueSet", res.Type) {
			params = append(params, catalogue.DefinitionParams(res.Type)...)
		}
		for _, p := range params {
			names = append(names, p.Name)
			kinds[res.Type][p.Name] = p.Kind
			if p.Kind == r4.SearchReference {
				links = append(links, res.Type+":"+p.Name)
			}
		}
		for _, u := range r4.Unsupported(res.Type) {
			names = append(names, u.Name)
			links = append(links, res.Type+":"+u.Name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	operations := strings.Fields("$everything $summary $document $lastn $export $validate $meta $match $graph $stats $expand $lookup $translate $subsumes $validate-code $closure")
	for _, res := range cs.Rest[0].Resource {
		if res.Type == "Observation" && !slices.Contains(res.SearchRevInclude, "Provenance:target") {
			t.Errorf("Provenance:target is not declared for %s: %v", res.Type, res.SearchRevInclude)
		}
	}
	compared := 0
	for _, res := range cs.Rest[0].Resource {
		if len(res.Interaction) == 0 { // terminology has operations alone
			continue
		}
		refused := func(query, expression string) {
			t.Helper()
			compared++
			r := ask(t, h, "GET", "/fhir/r4/"+res.Type+"?"+query)
			issues := r.body.Get("issue")
			if r.StatusCode != 400 || issues == nil || len(issues.Items) != 1 || issues.Items[0].Get("expression").Items[0].Text != "http."+expression {
				t.Errorf("%s?%s is not declared and answers %d %.300s", res.Type, query, r.StatusCode, r.raw)
			}
		}
		declared := map[string]bool{}
		for _, p := range res.SearchParam {
			declared[p.Name] = true
			if kinds[res.Type][p.Name] != r4.SearchKind(p.Type) {
				t.Errorf("%s.%s is declared as %s", res.Type, p.Name, p.Type)
			}
		}
		for _, name := range names {
			if !declared[name] {
				refused(name+"=1", name)
			}
		}
		for _, link := range links {
			if !slices.Contains(res.SearchInclude, link) && strings.HasPrefix(link, res.Type+":") {
				refused("_include="+link, "_include")
			}
			source, param, _ := strings.Cut(link, ":")
			if def, ok := lookupParam(source, param); ok && leads(source, def, res.Type) && !slices.Contains(res.SearchRevInclude, link) || !ok {
				refused("_revinclude="+link, "_revinclude")
			}
		}
		for what, list := range map[string][]string{"_include": res.SearchInclude, "_revinclude": res.SearchRevInclude} {
			for _, link := range list {
				query := what + "=" + url.QueryEscape(link)
				if aboutPatient(res.Type, "patient") {
					query += "&patient=" + testEHR
				}
				if r := ask(t, h, "GET", "/fhir/r4/"+res.Type+"?"+query); r.StatusCode != 200 {
					t.Errorf("%s?%s is declared and answers %d %.300s", res.Type, query, r.StatusCode, r.raw)
				}
			}
		}
		for _, name := range operations {
			offered := slices.ContainsFunc(res.Operation, func(o struct{ Name string }) bool { return "$"+o.Name == name })
			answered := false
			for _, path := range []string{res.Type + "/" + name, res.Type + "/" + testEHR + "/" + name} {
				for _, method := range []string{"GET", "POST"} {
					r := ask(t, h, method, "/fhir/r4/"+path)
					// A resource that is not there is told by its type.
					answered = answered || r.StatusCode < 404 || r.StatusCode == 415 || strings.Contains(r.raw, "no such "+res.Type) || strings.Contains(r.raw, "no such resource")
				}
			}
			if answered != offered {
				t.Errorf("%s/%s: declared %t, answered %t", res.Type, name, offered, answered)
			}
		}
	}
	if compared < 1000 {
		t.Errorf("only %d requests were compared", compared)
	}
}

// What is wrong with a parameter that shapes the answer is told with its name and the
// part of its value that is meant.
func TestShapeFaults(t *testing.T) {
	t.Parallel()
	h := handler(t, project(t))
	for query, want := range map[string][2]string{
		"_elements=code,nothing":                 {"_elements", `"nothing" is not an element at the top of Observation`},
		"_elements=code.text":                    {"_elements", `"code.text"`},
		"_elements=code,":                        {"_elements", "empty"},
		"_elements:not=code":                     {"_elements:not", `"_elements:not"`},
		"_summary=all":                           {"_summary", `"all"`},
		"_summary:not=true":                      {"_summary:not", `"_summary:not"`},
		"_sort=date,-nothing":                    {"_sort", `"nothing"`},
		"_count=x":                               {"_count", "_count"},
		"_total=some":                            {"_total", "_total"},
		"_include=Observation":                   {"_include", `"Observation"`},
		"_include=Observation:code":              {"_include", `"code"`},
		"_include:iterate=Observation:code":      {"_include:iterate", `"code"`},
		"_include=Nothing:patient":               {"_include", `"Nothing"`},
		"_include=Observation:patient:Nothing":   {"_include", `"Nothing"`},
		"_include=Observation:patient:Condition": {"_include", `"Condition"`},
		"_include=Observation:*:Nothing":         {"_include", `"Nothing"`},
		"_include:other=Observation:patient":     {"_include:other", `"_include:other"`},
		"_revinclude=Provenance:*":               {"_revinclude", "must name the parameter"},
		"_revinclude=Provenance:location":        {"_revinclude", `"location"`},
	} {
		r := ask(t, h, "GET", "/fhir/r4/Observation?"+query)
		issues := r.body.Get("issue")
		if r.StatusCode != 400 || issues == nil || len(issues.Items) != 1 || issues.Items[0].Get("expression").Items[0].Text != "http."+want[0] ||
			!strings.Contains(issues.Items[0].Str("details", "text"), want[1]) {
			t.Errorf("%s: %d %.400s", query, r.StatusCode, r.raw)
		}
	}
}
