package fhirmap

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
)

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
