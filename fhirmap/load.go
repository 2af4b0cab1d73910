package fhirmap

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
)

//go:embed mappings/*/*.yml mappings/*/*.conceptmap.json
var shipped embed.FS

// Mappings is the tree of mapping files that Cairn comes with.
func Mappings() fs.FS {
	sub, err := fs.Sub(shipped, "mappings")
	if err != nil {
		panic("fhirmap: " + err.Error()) // the tree is embedded
	}
	return sub
}

// LoadShipped is Load of the shipped files, done once.
var LoadShipped = sync.OnceValues(func() (*Library, error) { return Load(Mappings()) })

// Load reads and compiles all mapping files of a tree. When anything is wrong
// with any of them there is no library and the error is a Problems.
func Load(fsys fs.FS) (*Library, error) {
	files, problems := fhirconnect.ReadFiles(fsys)
	lib, more := Compile(files)
	problems = append(problems, more...)
	if len(problems) > 0 {
		problems.Sort()
		return nil, problems
	}
	return lib, nil
}

// CompilePaths reads and compiles mapping files and folders with mapping files in
// any folder below, beside those that Cairn ships if they are asked for. With
// problems the library must not be used. It errs if a path cannot be read or
// holds no mapping file.
func CompilePaths(paths []string, shipped bool) (*Library, fhirconnect.Problems, error) {
	var files []*fhirconnect.File
	var problems fhirconnect.Problems
	if shipped {
		files, problems = fhirconnect.ReadFiles(Mappings())
	}
	for _, path := range paths {
		found := false
		err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if name != path && !fhirconnect.IsMappingFile(name) {
				return nil
			}
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			found = true
			f, p := fhirconnect.ParseFile(name, data)
			problems = append(problems, p...)
			if f != nil {
				files = append(files, f)
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
		if !found {
			return nil, nil, fmt.Errorf("no mapping file (.yml or .yaml) in %s", path)
		}
	}
	lib, more := Compile(files)
	problems = append(problems, more...)
	problems.Sort()
	return lib, problems, nil
}
