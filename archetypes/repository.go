package archetypes

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"sync"
)

//go:embed library/*.adl
var library embed.FS

// Repository is a set of archetypes by id. It is immutable and may be used
// from any number of goroutines; its archetypes must not be changed.
type Repository struct {
	byID map[string]*Archetype
}

// NewRepository is a repository of the archetypes; two with the same id are
// an error.
func NewRepository(list ...*Archetype) (*Repository, error) {
	r := &Repository{byID: make(map[string]*Archetype, len(list))}
	for _, a := range list {
		if r.byID[a.ID] != nil {
			return nil, fmt.Errorf("archetype %s occurs twice", a.ID)
		}
		r.byID[a.ID] = a
	}
	return r, nil
}

// ReadRepository parses all files of a file system that end in .adl.
func ReadRepository(fsys fs.FS) (*Repository, error) {
	var list []*Archetype
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".adl" {
			return err
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		a, err := Parse(string(text))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		list = append(list, a)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return NewRepository(list...)
}

// Archetype finds an archetype by its exact id; nil if there is none.
func (r *Repository) Archetype(id string) *Archetype { return r.byID[id] }

// IDs lists the ids in alphabetical order.
func (r *Repository) IDs() []string {
	out := make([]string, 0, len(r.byID))
	for id := range r.byID {
		out = append(out, id)
	}
	sort.Strings(out)
	return out
}

var parseLibrary = sync.OnceValues(func() (*Repository, error) { return ReadRepository(library) })

// Library is the archetypes that Cairn ships. They are parsed at the first call.
func Library() (*Repository, error) { return parseLibrary() }

// LibraryFiles is the text of the archetypes that Cairn ships, in the folder
// library.
func LibraryFiles() fs.FS { return library }
