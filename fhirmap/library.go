package fhirmap

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sort"
	"sync/atomic"

	"github.com/cairn-ehr/cairn/fhirmap/conceptmap"
	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Library is a set of mapping files, compiled. It is immutable and safe for
// concurrent use.
type Library struct {
	files      []*fhirconnect.File
	models     map[string]*fhirconnect.File
	extensions map[string]*fhirconnect.File
	contexts   []*fhirconnect.File
	// conceptMaps are the ConceptMaps by url.
	conceptMaps map[string]*conceptmap.Map
	ambiguous   map[string]bool // names of several extensions

	// starts are the plans to run without a context, by archetype id.
	starts map[string][]*plan
	// templates are the plans of context files, by template id.
	templates map[string]map[string][]*plan
	// profiles are the profiles that a plan's resources claim.
	profiles map[*plan][]string
	// kept is the number of patterns of all plans.
	kept atomic.Int64
}

var classParty = rm.Lookup("PARTY")

// Files lists the mapping files of the library.
func (lib *Library) Files() []*fhirconnect.File { return lib.files }

// Types lists the resource types that the library can produce, sorted.
func (lib *Library) Types() []string {
	seen := map[string]bool{}
	add := func(plans []*plan) {
		for _, p := range plans {
			for _, t := range p.appendTypes(nil) {
				seen[t] = true
			}
		}
	}
	for _, plans := range lib.starts {
		add(plans)
	}
	for _, byArchetype := range lib.templates {
		for _, plans := range byArchetype {
			add(plans)
		}
	}
	out := make([]string, 0, len(seen))
	for t := range seen {
		out = append(out, t)
	}
	sort.Strings(out)
	return out
}

// appendTypes adds the types of the resources that a plan makes.
func (p *plan) appendTypes(dst []string) []string {
	return append(append(dst, p.target.Name), p.referred()...)
}

// Profiles lists the profiles that resources of a type may claim, sorted.
func (lib *Library) Profiles(typ string) []string {
	var out []string
	for p, list := range lib.profiles {
		if p.target.Name != typ {
			continue
		}
		for _, url := range list {
			if !slices.Contains(out, url) {
				out = append(out, url)
			}
		}
	}
	sort.Strings(out)
	return out
}

// engineRevision is raised when the engine makes other resources of the same
// mapping files, or finds them by other values, so that what is stored is
// recognised as made by an older one.
const engineRevision = 7

// Digest identifies what a library makes of a version: it depends on the name,
// the version and the content of every mapping file, and on the engine. The
// paths and the order of the files do not matter.
func (lib *Library) Digest() [sha256.Size]byte {
	sums := make([][]byte, 0, len(lib.files))
	for _, f := range lib.files {
		h := sha256.New()
		for _, s := range [...]string{f.Name.Value, f.Version} {
			h.Write(binary.AppendUvarint(nil, uint64(len(s))))
			h.Write([]byte(s))
		}
		h.Write(f.Sum[:])
		sums = append(sums, h.Sum(nil))
	}
	slices.SortFunc(sums, bytes.Compare)
	return sha256.Sum256(append(bytes.Join(sums, nil), engineRevision))
}
