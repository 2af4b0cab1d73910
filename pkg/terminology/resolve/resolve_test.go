package resolve_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/pkg/terminology/fhirts"
	"github.com/cairn-ehr/cairn/pkg/terminology/fhirts/fhirtstest"
	"github.com/cairn-ehr/cairn/pkg/terminology/local"
	"github.com/cairn-ehr/cairn/pkg/terminology/resolve"
)

func set(t testing.TB, texts ...string) *local.Set {
	t.Helper()
	var list []*local.Resource
	for _, text := range texts {
		r, err := local.ParseCSV([]byte(text), local.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r...)
	}
	s, err := local.Build(list)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	here   = "#valueset,urn:here,1,Here\nsystem,code,display\nhttp://snomed.info/sct,1,One\n"
	there  = "#valueset,urn:there,1,There\nsystem,code,display\nhttp://loinc.org,2,Two\n"
	snmd   = "#codesystem,http://loinc.org,1,LOINC\ncode,display,parent\n2,Two,\n3,Three,2\n"
	mapped = "#conceptmap,urn:map,1,Map\nsource,source_code,target,target_code\nhttp://loinc.org,2,urn:t,zwei\n"
)

func start(t *testing.T, policies ...string) (*resolve.Resolver, *fhirtstest.Server) {
	t.Helper()
	server := fhirtstest.New(set(t, there, snmd, mapped))
	t.Cleanup(server.Close)
	client, err := fhirts.New(fhirts.Config{URL: server.URL, Timeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	p, err := resolve.ParsePolicies(policies)
	if err != nil {
		t.Fatal(err)
	}
	loaded := set(t, here)
	return resolve.New(resolve.Config{Local: func() *local.Set { return loaded }, Remote: client, Policies: p, Budget: time.Second}), server
}

func statuses(list []terminology.Answer) string {
	var out []string
	for _, a := range list {
		out = append(out, [...]string{"undecided", "member", "not-member", "not-asked", "refused", "unavailable"}[a.Status])
	}
	return strings.Join(out, " ")
}

var questions = []terminology.Question{
	{Reference: "urn:here", Terminology: "SNOMED-CT", Code: "1"},
	{Reference: "urn:here", Terminology: "SNOMED-CT", Code: "2"},
	{Reference: "urn:there", Terminology: "LOINC", Code: "2"},
	{Reference: "urn:there", Terminology: "LOINC", Code: "3"},
	{Reference: "urn:nowhere", Terminology: "LOINC", Code: "2"},
	{Reference: "urn:there", Terminology: "RU3", Code: "2"},
	{Reference: "http://snomed.info/sct?fhir_vs=isa/1", Terminology: "ICD10", Code: "2"},
}

func TestDecide(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		policies []string
		fault    fhirtstest.Fault
		want     string
	}{
		{"the default warns", nil, fhirtstest.None, "member not-member member not-member undecided undecided undecided"},
		{"strict refuses what nobody knows", []string{"*=strict"}, fhirtstest.None, "member not-member member not-member refused refused refused"},
		{"off asks nobody", []string{"SNOMED-CT=off", "LOINC=warn"}, fhirtstest.None, "not-asked not-asked member not-member undecided undecided undecided"},
		{"the stricter policy of code and reference counts", []string{"snomed=strict", "default=off"}, fhirtstest.None, "member not-member not-asked not-asked not-asked not-asked refused"},
		{"a server that is down", []string{"LOINC=strict"}, fhirtstest.Status500, "member not-member unavailable unavailable unavailable undecided undecided"},
		{"a server that hangs", []string{"LOINC=strict"}, fhirtstest.Hang, "member not-member unavailable unavailable unavailable undecided undecided"},
		{"a server that is down, tolerated", nil, fhirtstest.Garbage, "member not-member undecided undecided undecided undecided undecided"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, server := start(t, tt.policies...)
			server.Misbehave(tt.fault)
			began := time.Now()
			answers := r.Decide(context.Background(), questions)
			if got := statuses(answers); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			for _, a := range answers {
				if (a.Status == terminology.Undecided || a.Status == terminology.Refused || a.Status == terminology.Unavailable) && a.Reason == "" {
					t.Errorf("no reason: %+v", a)
				}
			}
			if tt.fault == fhirtstest.Hang && time.Since(began) > 10*time.Second {
				t.Error("the budget did not hold")
			}
		})
	}
}

func TestDecideWithoutServer(t *testing.T) {
	t.Parallel()
	loaded := set(t, here)
	r := resolve.New(resolve.Config{Local: func() *local.Set { return loaded }, Policies: resolve.Policies{Default: resolve.Warn}})
	if got, want := statuses(r.Decide(context.Background(), questions)), "member not-member undecided undecided undecided undecided undecided"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if _, err := r.Expand(context.Background(), "urn:there"); !errs.Is(err, errs.NotFound) {
		t.Errorf("%v, want not found", err)
	}
}

func TestLocalFirstThenServer(t *testing.T) {
	t.Parallel()
	r, server := start(t)
	ctx := context.Background()
	loinc := func(code string) terminology.Code { return terminology.Code{System: "LOINC", Code: code} }
	if list, err := r.Expand(ctx, "urn:here"); err != nil || len(list) != 1 || server.Requests() != 0 {
		t.Errorf("%v %v, %d requests", list, err, server.Requests())
	}
	if list, err := r.Expand(ctx, "urn:there"); err != nil || len(list) != 1 {
		t.Errorf("%v %v", list, err)
	}
	if v, err := r.ValidateCode(ctx, "urn:there", loinc("2")); err != nil || !v.Valid {
		t.Errorf("%v %v", v, err)
	}
	if c, err := r.Lookup(ctx, loinc("3")); err != nil || c.Display != "Three" {
		t.Errorf("%v %v", c, err)
	}
	if o, err := r.Subsumes(ctx, loinc("2"), loinc("3")); err != nil || o != terminology.Subsumes {
		t.Errorf("%v %v", o, err)
	}
	if list, err := r.Translate(ctx, "urn:map", loinc("2")); err != nil || fmt.Sprint(list) != "[urn:t::zwei]" {
		t.Errorf("%v %v", list, err)
	}
	if list, err := r.Expand(ctx, "terminology://openehr.org/setting"); err != nil || len(list) == 0 {
		t.Errorf("%v %v", list, err)
	}
}

func TestParsePolicies(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"strict", "=strict", "SNOMED-CT=sometimes", "SNOMED-CT="} {
		if _, err := resolve.ParsePolicies([]string{bad}); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
