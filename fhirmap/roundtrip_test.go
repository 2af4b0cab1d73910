package fhirmap_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/casetest"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/example"
)

// leafValue is the value of an ELEMENT with both ways to say where it is.
type leafValue struct{ ids, path, value string }

// leavesOf are the ELEMENTs with a value below a node, and what identifies events
// and clusters elsewhere.
func leavesOf(n *rm.Node, ids, path string, to []leafValue) []leafValue {
	if n.Class == rm.ClassElement {
		v := n.Get("value")
		if v == nil {
			v = n.Get("null_flavour")
		}
		if p := v.String("precision"); p != "" && p == strconv.Itoa(fhirmap.Decimals(v.String("magnitude"))) {
			v = v.With("precision") // the digits show it
		}
		return append(to, leafValue{ids, path, string(rm.AppendJSON(nil, v))})
	}
	for _, id := range n.Get("feeder_audit").List("originating_system_item_ids") {
		to = append(to, leafValue{ids + "/feeder_audit", path + "/feeder_audit", string(rm.AppendJSON(nil, id))})
	}
	if t := n.Get("time"); n.Class.IsA(rm.ClassEvent) && t != nil {
		to = append(to, leafValue{ids + "/time", path + "/time", t.String("value")})
	}
	for i := range n.Attrs {
		a := &n.Attrs[i]
		for k, item := range a.Items {
			if !item.Class.IsA(rm.ClassLocatable) {
				continue
			}
			at := path + "/" + a.Def.Name
			if a.Def.Container {
				at = fmt.Sprintf("%s[%d]", at, k)
			}
			id := item.NodeID()
			if a.Def.Name == "events" { // FHIR does not say which of several
				id = ""
			}
			to = leavesOf(item, ids+"/"+a.Def.Name+"["+id+"]", at, to)
		}
	}
	return to
}

// shake changes amounts, texts, times and what identifies events at random.
func shake(rnd *rand.Rand, n *rm.Node) *rm.Node {
	if n.Class.Primitive != rm.NotPrimitive {
		return n
	}
	for i := range n.Attrs {
		a := n.Attrs[i]
		if a.Def.Name == "name" || a.Def.Name == "archetype_details" || a.Def.Type.Primitive != rm.NotPrimitive {
			continue
		}
		items := make([]*rm.Node, len(a.Items))
		for k, item := range a.Items {
			items[k] = shake(rnd, item)
		}
		n = n.With(a.Def.Name, items...)
	}
	switch n.Class.Name {
	case "DV_QUANTITY":
		if n.Get("precision") == nil && rnd.IntN(2) == 0 {
			n = n.With("magnitude", fhirmap.Number("magnitude", "DV_QUANTITY", fmt.Sprintf("%s.%0*d", strings.SplitN(n.String("magnitude"), ".", 2)[0], 1+rnd.IntN(3), rnd.IntN(10))))
		}
		if rnd.IntN(3) == 0 {
			n = n.With("normal_status", rm.Code("openehr_normal_statuses", []string{"HH", "H", "N", "L", "LL"}[rnd.IntN(5)]))
		}
		if rnd.IntN(3) == 0 {
			bound := rm.Object("DV_QUANTITY", rm.Child("magnitude", fhirmap.Number("magnitude", "DV_QUANTITY", fmt.Sprint(rnd.IntN(90)))), rm.Str("units", n.String("units")))
			n = n.With("normal_range", rm.Object("DV_INTERVAL", rm.Child("lower", bound), rm.Bool("lower_unbounded", false), rm.Bool("upper_unbounded", true),
				rm.Bool("lower_included", true), rm.Bool("upper_included", false)))
		}
	case "POINT_EVENT":
		zone := time.FixedZone("", (rnd.IntN(24)-11)*3600)
		at := time.Unix(1_600_000_000+rnd.Int64N(100_000_000), int64(rnd.IntN(1000))*1e6).In(zone)
		n = n.With("time", rm.Object("DV_DATE_TIME", rm.Str("value", at.Format("2006-01-02T15:04:05.999-07:00"))))
		if rnd.IntN(2) == 0 {
			n = n.With("feeder_audit", rm.Object("FEEDER_AUDIT",
				rm.Child("originating_system_item_ids", rm.Object("DV_IDENTIFIER", rm.Str("id", fmt.Sprint(rnd.IntN(1000))), rm.Str("issuer", "urn:x"))),
				rm.Child("originating_system_audit", rm.Object("FEEDER_AUDIT_DETAILS", rm.Str("system_id", "urn:partner")))))
		}
	}
	return n
}

// TestComposeRoundTrip takes random compositions to FHIR and back by all mappings
// that are proven. What a resource was made of comes back the same; what does not
// come back is what the projection reports as lost, or what another resource of
// the entry or a note that was left out holds.
func TestComposeRoundTrip(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	done := map[string]int{}
	for _, tmpl := range shippedTemplates(t) {
		if tmpl.Root.Class != rm.ClassComposition {
			continue
		}
		for _, d := range []example.Detail{example.Medium, example.Complete} {
			root, err := example.Instance(tmpl, example.Options{Detail: d, Language: "en"})
			if err != nil {
				t.Fatal(err)
			}
			root = shake(rnd, root)
			res, err := lib.Project(fhirmap.Input{Root: root, EHRID: testEHR, ObjectID: casetest.Object, SystemID: casetest.System, Lifecycle: lifecycleComplete})
			if err != nil {
				t.Fatal(err)
			}
			told := map[string]bool{}
			overwritten := map[string]bool{} // of several occurrences one stands
			for _, l := range res.Losses {
				told[l.Path] = true
				if l.Code == "overwritten" {
					overwritten[l.Path] = true
				}
			}
			for _, r := range res.Resources {
				if !slices.Contains(fhirmap.Proven, r.Mapping) {
					continue
				}
				in := composeInput(tmpl, string(r.JSON))
				in.Linked = linkedTo(t, r.JSON, res.Resources)
				c, err := lib.Compose(in)
				if errs.Is(err, errs.Unprocessable) || errs.Is(err, errs.Unsupported) {
					continue // the template demands more, the example gives two notes, or the resource is part of another
				}
				if err != nil {
					t.Fatalf("%s: %v", r.Mapping, err)
				}
				done[r.Mapping]++
				path, err := rm.ParsePath(entryPath(r.Path))
				if err != nil {
					t.Fatal(err)
				}
				entry := path.Resolve(root)
				if len(entry) != 1 {
					t.Fatalf("%s: %d entries at %s", r.Mapping, len(entry), r.Path)
				}
				archetype := entry[0].ArchetypeID()
				var again *rm.Node
				visitEntries(c.Root, func(e *rm.Node) {
					if e.ArchetypeID() == archetype {
						again = e
					}
				})
				was, is := leavesOf(entry[0], "", entryPath(r.Path), nil), leavesOf(again, "", "", nil)
				for _, l := range is {
					if !slices.ContainsFunc(was, func(o leafValue) bool { return o.ids == l.ids && (o.value == l.value || told[o.path]) }) {
						t.Errorf("seed %d, %s: %s was not %s", seed, r.Mapping, l.ids, l.value)
					}
				}
				if len(entry[0].Get("data").List("events")) > 1 {
					continue // the others are other resources
				}
				last := map[string]bool{}
				for _, l := range was {
					last[l.ids] = last[l.ids] || overwritten[l.path]
				}
				for _, l := range was {
					if !told[l.path] && !last[l.ids] && !slices.ContainsFunc(is, func(o leafValue) bool { return o.ids == l.ids && o.value == l.value }) {
						t.Errorf("seed %d, %s: %s has not come back and nobody tells: %s", seed, r.Mapping, l.path, l.value)
					}
				}
			}
		}
	}
	if len(done) < 9 {
		t.Errorf("only %v came back", done)
	}
}

// entryPath is the path of the ENTRY that a resource was made of.
func entryPath(path string) string {
	for _, below := range []string{"/data", "/protocol", "/activities"} {
		if i := strings.Index(path, below); i >= 0 {
			return path[:i]
		}
	}
	return path
}

// visitEntries calls visit for each ENTRY below a node.
func visitEntries(n *rm.Node, visit func(*rm.Node)) {
	for _, name := range []string{"content", "items"} {
		for _, c := range n.List(name) {
			if c.Class.IsA(rm.ClassEntry) {
				visit(c)
			} else {
				visitEntries(c, visit)
			}
		}
	}
}
