package fhirmap

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// An id of a resource is the uid of the object that it is made from, and after it
// a digest of what tells it from others, in base32 as one: whoever has an id knows
// where to look for the resource, and no index of ids is needed.
const (
	objectBytes = len(uuid.UUID{})
	digestBytes = 9
	idLength    = (objectBytes + digestBytes) * 8 / 5
)

// idEncoding is base32 in lower case, so that ids read well in a URL.
var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// resourceID derives the id from what identifies the source over its versions
// and from the mapping, so that an edit keeps it. A Patient is the EHR.
func (x *run) resourceID(target *r4.Type, rule string, origin *ref) string {
	if target.Name == "Patient" {
		return x.in.EHRID
	}
	if origin == x.root && x.in.Root.Class.IsA(classParty) {
		return x.in.ObjectID // so that references to the party are references to it
	}
	b := x.text[:0]
	for _, part := range [...]string{x.in.EHRID, x.in.SystemID, x.in.ObjectID, rule} {
		b = append(append(strconv.AppendInt(b, int64(len(part)), 10), ':'), part...)
	}
	place := x.identity(origin)
	b = append(append(strconv.AppendInt(b, int64(len(place)), 10), ':'), place...)
	x.text = b
	sum := sha256.Sum256(b)
	var key [objectBytes + digestBytes]byte
	if object, err := uuid.Parse(x.in.ObjectID); err == nil {
		copy(key[:], object[:])
	} else { // of an object that is no record's
		copy(key[:objectBytes], sum[digestBytes:])
	}
	copy(key[objectBytes:], sum[:])
	var id [idLength]byte
	idEncoding.Encode(id[:], key[:])
	return string(id[:])
}

// ObjectOf gives the uid of the VERSIONED_OBJECT that a resource with this id is
// made from: that in the id or, of a Patient, a party and other resources whose id is
// a UUID, the id itself. It reports false for an id that says nothing of the kind.
func ObjectOf(id string) (object uuid.UUID, ok bool) {
	switch len(id) {
	case idLength:
		var key [objectBytes + digestBytes]byte
		if n, err := idEncoding.Decode(key[:], []byte(id)); err != nil || n != len(key) {
			return object, false
		}
		return uuid.UUID(key[:objectBytes]), true
	case 36:
		object, err := uuid.Parse(id)
		return object, err == nil && object.String() == id
	}
	return object, false
}
