// Package virtual makes the resources that no mapping produces and nothing keeps:
// those that say what was done and by whom (AuditEvent, of an [Access]), where
// others come from (Provenance, of an [Origin]), and those that stand for a
// composition as a whole (Composition and DocumentReference, of a [Document]).
// They are made when they are asked for, of what the store finds in the record; an
// id says what they are of. The package knows neither requests nor the store.
package virtual

import (
	"slices"
	"time"
)

// The types of the resources of this package.
const (
	// AuditEvent says who has done what: one for each version and each physical
	// deletion, and one for each entry in the record of accesses, of what was read,
	// searched and queried, and what was refused.
	AuditEvent = "AuditEvent"
	// Provenance says where resources come from: one for each time that a version
	// was mapped, of the audit of the version.
	Provenance = "Provenance"
	// DocumentReference and Composition stand for an openEHR composition as a whole,
	// one of each for every versioned composition of which a version is complete,
	// whatever its template.
	DocumentReference = "DocumentReference"
	Composition       = "Composition"
)

var types = []string{AuditEvent, Composition, DocumentReference, Provenance}

// Types are the types of the resources of this package.
func Types() []string { return slices.Clone(types) }

// Is reports whether resources of a type are made by this package.
func Is(typ string) bool { return slices.Contains(types, typ) }

// WholeComposition reports whether resources of a type stand for compositions.
func WholeComposition(typ string) bool { return typ == DocumentReference || typ == Composition }

// SourceURI is meta.source of a resource: the openEHR version it was made from,
// as a URI of the scheme ehr.
func SourceURI(versionUID string) string { return "ehr:" + versionUID }

// Instant is a time as FHIR writes it, in UTC and with its microseconds.
func Instant(t time.Time) string { return t.UTC().Format(InstantForm) }

// InstantForm is the layout of [Instant].
const InstantForm = "2006-01-02T15:04:05.999999Z07:00"
