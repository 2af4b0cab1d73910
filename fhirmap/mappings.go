package fhirmap

import (
	"embed"
	"io/fs"
	"sync"
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
