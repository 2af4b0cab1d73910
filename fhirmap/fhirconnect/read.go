package fhirconnect

import (
	"io/fs"
	"path"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/conceptmap"
)

// IsMappingFile tells mapping files and the ConceptMaps beside them by their
// names.
func IsMappingFile(name string) bool {
	ext := path.Ext(name)
	return ext == ".yml" || ext == ".yaml" || strings.HasSuffix(name, conceptmap.Suffix)
}

// ReadFiles parses every mapping file and ConceptMap of a tree, in the order of their
// paths, and returns them with everything wrong in any of them.
func ReadFiles(fsys fs.FS) ([]*File, Problems) {
	var files []*File
	var problems Problems
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !IsMappingFile(name) {
			return nil
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		f, p := ParseFile(name, data)
		problems = append(problems, p...)
		if f != nil {
			files = append(files, f)
		}
		return nil
	})
	if err != nil {
		problems = append(problems, Problem{Position{"", 1, 1}, CodeYAML, err.Error()})
	}
	return files, problems
}
