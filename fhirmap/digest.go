package fhirmap

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// engineRevision is raised when the engine makes other resources of the same
// mapping files, or finds them by other values, so that what is stored is
// recognised as made by an older one.
const engineRevision = 6

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
