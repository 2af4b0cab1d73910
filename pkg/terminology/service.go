package terminology

import "context"

// Code is a code of a code system. System is the URI of the system, as
// http://snomed.info/sct, or the terminology id that openEHR data carry, as
// SNOMED-CT: SystemURI relates the two. Version and Display may be empty.
type Code struct {
	System, Version, Code, Display string
}

// String writes the code as system::code.
func (c Code) String() string { return c.System + "::" + c.Code }

// Result is the answer to the question whether a code belongs to a value set.
type Result struct {
	Valid bool
	// Display is the preferred term of the code, if the service gives one.
	Display string
	// Message says why a code is not valid, in the words of the service.
	Message string
}

// Outcome is the answer to the question whether a code subsumes another.
type Outcome uint8

// The outcomes, of the first code in relation to the second.
const (
	NotSubsumed Outcome = iota // neither subsumes the other
	Equivalent                 // both mean the same
	Subsumes                   // the first is an ancestor of the second
	SubsumedBy                 // the first is a descendant of the second
)

var outcomeNames = [...]string{"not-subsumed", "equivalent", "subsumes", "subsumed-by"}

// String is the code of the outcome in FHIR's concept-subsumption-outcome.
func (o Outcome) String() string { return outcomeNames[o] }

// Concept is what a code system says of one of its codes.
type Concept struct {
	Code
	Definition string
	// SystemName is the name of the code system.
	SystemName   string
	Designations []Designation
	Properties   []Property
}

// Designation is a further term of a concept. Use is the code of its kind,
// such as a synonym; it and Language may be empty.
type Designation struct{ Language, Use, Value string }

// Property is a named property of a concept, as text; parents and children
// among them are codes.
type Property struct{ Name, Value string }

// Service answers questions on value sets, code systems and concept maps. The
// first argument of Expand and ValidateCode is a reference in any form that
// ParseReference reads.
//
// Errors are of the kinds NotFound (no such value set, code system or code),
// Invalid (a malformed reference), Unsupported (a construct that cannot be
// evaluated), TooLarge (an expansion over the limit), Unavailable and Timeout
// (a terminology server that does not answer).
type Service interface {
	// Expand lists the codes of a value set.
	Expand(ctx context.Context, valueSet string) ([]Code, error)
	// ValidateCode asks whether a value set has the code.
	ValidateCode(ctx context.Context, valueSet string, code Code) (Result, error)
	// Lookup asks what is known of a code; NotFound if the system lacks it.
	Lookup(ctx context.Context, code Code) (Concept, error)
	// Subsumes asks how two codes of one system relate.
	Subsumes(ctx context.Context, a, b Code) (Outcome, error)
	// Translate lists the codes that a concept map gives for a code as
	// equivalent or wider in meaning; none if the map has nothing for it.
	Translate(ctx context.Context, conceptMap string, code Code) ([]Code, error)
}

// Hierarchy answers on the concepts above and below a code in its system, the
// code among them, where the hierarchy says what is a kind of what. Errors are
// those of Service.
type Hierarchy interface {
	Below(ctx context.Context, code Code) ([]Code, error)
	Above(ctx context.Context, code Code) ([]Code, error)
}

// Translation is what a concept map says of a code: the target, whose code is
// "" if there is none, and the relation (FHIR R4, concept-map-equivalence), ""
// if only Faithful is known of it.
type Translation struct {
	Code
	Equivalence string
}

// Translator tells all that a concept map says of a code, not only what may stand
// for it. Errors are those of Service.
type Translator interface {
	Translations(ctx context.Context, conceptMap string, code Code) ([]Translation, error)
	// Origins lists the codes that a concept map translates to a code, with the
	// relation seen from that code: of a target that is wider than its source the
	// source is narrower.
	Origins(ctx context.Context, conceptMap string, code Code) ([]Translation, error)
}

// inverses are the relations of FHIR R4 (concept-map-equivalence) that are others
// when they are seen from the target.
var inverses = map[string]string{
	"wider": "narrower", "narrower": "wider", "subsumes": "specializes", "specializes": "subsumes",
}

// Inverse is a relation (FHIR R4, concept-map-equivalence) seen from the target.
func Inverse(equivalence string) string {
	if other, ok := inverses[equivalence]; ok {
		return other
	}
	return equivalence
}

// Question asks whether the value set of a reference has a code. Terminology is
// the terminology id as data carry it, without version.
type Question struct {
	Reference, Terminology, Code string
}

// Answer is the answer to a Question.
type Answer struct {
	Status AnswerStatus
	// Display is the preferred term, if one is known.
	Display string
	// Reason says why there is no verdict, without internals.
	Reason string
}

// AnswerStatus says what is known of a membership.
type AnswerStatus uint8

// The statuses of answers.
const (
	// Undecided: nobody could tell; the policy of the terminology tolerates that.
	Undecided AnswerStatus = iota
	// Member and NotMember are verdicts.
	Member
	NotMember
	// NotAsked: the policy of the terminology is not to ask.
	NotAsked
	// Refused: nobody could tell, and the policy demands a verdict. Unavailable
	// is the same because a server that should know does not answer.
	Refused
	Unavailable
)

var answerNames = [...]string{"undecided", "member", "not_member", "not_asked", "refused", "unavailable"}

// String is the name of the status in metrics.
func (s AnswerStatus) String() string { return answerNames[s] }

// Faithful reports whether the target of a mapping may stand for its source: it
// is equivalent, or wider in meaning so that what holds of the source still
// holds (FHIR R4, concept-map-equivalence).
func Faithful(equivalence string) bool {
	switch equivalence {
	case "equivalent", "equal", "wider", "subsumes":
		return true
	}
	return false
}
