package ehr

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Access is an entry of the record of accesses: that somebody read, searched or
// queried, or was refused. It holds nothing of what was read.
type Access struct {
	At time.Time
	// Door is the API: openehr or fhir.
	Door string
	// Interaction is a code of FHIR R4 restful-interaction, or lost for a note
	// that entries are missing.
	Interaction string
	// Action is R or E (FHIR R4 audit-event-action); C, U or D of a write that
	// was refused.
	Action string
	// Subject is an RM class, a resource type, an operation, or AQL; "" if it is
	// not known.
	Subject string
	// Object is the id that was asked for, if there is such an object; or "".
	Object string
	// EHR is whose data it was about; uuid.Nil for none or many. EHRNo is the
	// same as the store's number, where that is what is known; else 0.
	EHR   uuid.UUID
	EHRNo int64
	// Actor is who asked; its ID is "" if that could not be established.
	Actor Actor
	// Status is that of the HTTP answer; 0 for a note.
	Status int
	// RequestID is the id of the request; "" for none.
	RequestID string
	// Lost is how many entries are missing at this place.
	Lost int64
}

type shownKey struct{}

// WithShown gives a context in which a store tells of whose data it has read
// where the decision point was not asked about each EHR: in searches of the
// population. The function gets the store's numbers of EHRs; it is called by one
// goroutine at a time for one request, and by several for several.
func WithShown(ctx context.Context, shown func(ehrNo int64)) context.Context {
	return context.WithValue(ctx, shownKey{}, shown)
}

// Shown is the function of WithShown; nil if nobody wants to know.
func Shown(ctx context.Context) func(ehrNo int64) {
	f, _ := ctx.Value(shownKey{}).(func(int64))
	return f
}
