package fhir

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// Reader is what the FHIR API needs of the store: the projected resources, their
// index, and Provenance of them. Every method asks the decision point for the actor before it
// returns anything, and sees only current versions unless it says otherwise.
//
// Errors are errs.Error values: NotFound when the resource never existed or
// the actor may not know of it, Gone when it was deleted or vanished from a
// later version, Forbidden when the decision point refuses a search.
type Reader interface {
	// Resource is the current version of one resource. For a Gone resource the
	// record is returned beside the error, with Version and LastUpdated of the
	// deletion and without JSON.
	Resource(ctx context.Context, actor ehr.Actor, typ, id string) (Record, error)

	// Search finds current resources of one type, or if none is named of
	// several or all. It returns at most q.Count of them in the order of q.Sort
	// and then of type and id, beginning after q.After.
	Search(ctx context.Context, actor ehr.Actor, q Query) (Page, error)

	// ResourceVersion is one version of a resource, current or not. It fails
	// as Resource does; Gone when that version is a deletion.
	ResourceVersion(ctx context.Context, actor ehr.Actor, typ, id string, version VersionID) (Record, error)

	// History lists versions of resources, deletions among them, the newest
	// first. The history of one resource that never existed, or of which the
	// actor may not know, is NotFound.
	History(ctx context.Context, actor ehr.Actor, q HistoryQuery) (Page, error)

	// Made are the resources that were made from the version of a composition
	// that a record of a Composition or DocumentReference shows, in the state of
	// that version. It is Forbidden if the actor may not see one of them.
	Made(ctx context.Context, actor ehr.Actor, document Record) ([]Record, error)
}

// OfParty reports whether resources of a type are parties of the demographic
// repository. They belong to no record: who may read or query such parties may
// read or query them.
func OfParty(typ string) bool {
	return typ == "Organization" || typ == "Practitioner" || typ == "PractitionerRole"
}

// HistoryQuery selects versions of resources.
type HistoryQuery struct {
	// Type and ID narrow to a type and to one resource of it; "" does not.
	Type, ID string
	// Since leaves out what was committed earlier (FHIR R4 http §3.1.0.10).
	Since time.Time
	// At, if not zero, leaves out what was not the current version at any time
	// from At.Low until before At.High.
	At Value
	// Count is the page size, at least 1.
	Count int
	// After is the last version of the page before; its zero value begins.
	After Position
}

// Position is a place in a history.
type Position struct {
	LastUpdated time.Time
	Type, ID    string
}

// VersionID identifies a version of a resource: the trunk version number of the
// source and, if that was projected again and gave another resource, a number
// from 1 that rises with it.
type VersionID struct{ Trunk, Revision int }

// String is meta.versionId, such as 3 or 3.1.
func (v VersionID) String() string {
	return string(v.append(nil))
}

func (v VersionID) append(dst []byte) []byte {
	dst = strconv.AppendInt(dst, int64(v.Trunk), 10)
	if v.Revision == 0 {
		return dst
	}
	return strconv.AppendInt(append(dst, '.'), int64(v.Revision), 10)
}

// ParseVersionID reads meta.versionId; false for what no resource can have.
func ParseVersionID(s string) (v VersionID, ok bool) {
	trunk, revision, again := strings.Cut(s, ".")
	n, err := strconv.ParseInt(trunk, 10, 32)
	if err != nil {
		return v, false
	}
	v.Trunk = int(n)
	if again {
		n, err := strconv.ParseInt(revision, 10, 16)
		if err != nil || n < 1 {
			return v, false
		}
		v.Revision = int(n)
	}
	return v, v.Trunk > 0 && v.String() == s
}

// Record is a stored resource with the facts that make up its meta element.
type Record struct {
	Type, ID string
	// Version is meta.versionId.
	Version VersionID
	// Waiting is since when something of the same record waits to be projected,
	// perhaps a later version of the source; zero if nothing does. Only reads of
	// one resource have it.
	Waiting time.Time
	// LastUpdated is when the resource was made: the commit time of the source, or
	// when the source was projected later or again.
	LastUpdated time.Time
	// Source is the version uid of the openEHR object it was made from.
	Source   string
	Profiles []string
	// Mapping and MappingVersion are the rules that made it.
	Mapping, MappingVersion string
	// Security are the labels of meta.security.
	Security []Label
	// Template is the id of the template of the source, for meta.tag; "" for none.
	Template string
	// Partial is true if the JSON is not the whole resource.
	Partial bool
	// Owner is the number of the EHR in the store; 0 if it is not at hand.
	Owner int64
	// First is true for the version that created the resource. Only a history
	// says so.
	First bool
	// JSON is the resource without meta; nil for a deletion. Member order does
	// not matter.
	JSON []byte
}

// Page is one page of a search result.
type Page struct {
	Records []Record
	// More is true when at least one further match follows.
	More bool
	// Next is where the next page of a search begins, if there is More.
	Next Cursor
	// Total is the number of matches over all pages, or -1 when it was not
	// counted. It is counted when q.Total asks for it.
	Total int
	// Gaps are what the records searched hold and cannot show as q.Type. The
	// store fills them from the losses recorded for current versions when the
	// query names a patient, and leaves them empty otherwise.
	Gaps []Gap
	// Lag is what is not up to date in the records searched: in those of the
	// patients that the query names, or without any somewhere.
	Lag Lag
}

// Lag is what of the records is not projected, or not by the mappings in force, or
// not there at all.
type Lag struct {
	// Waiting is true if the latest version of an object is not projected yet,
	// so that its resources are missing or those of an earlier version.
	Waiting bool
	// Since is the commit that waits longest.
	Since time.Time
	// Outdated is true if resources may have been made by earlier mappings.
	Outdated bool
	// Absent is the number of patients that the query names and that are not here.
	Absent int
}

// String says since when something waits.
func (l Lag) String() string {
	return "what was committed since " + virtual.Instant(l.Since) + " is not all shown yet"
}

// Gap is one group of losses that could hide a match: an unmapped entry (code
// "unmapped" and "absence", whatever the type), or a refused resource of the
// type searched for, or of any if none is named (code and Type of the loss).
type Gap struct {
	TemplateID string
	// Code, Archetype and Message are the loss's; losses that agree in them
	// and the template make one Gap.
	Code, Archetype, Message string
	// Count is the number of losses in the group.
	Count int
}

// Query is a search. All conditions must hold.
type Query struct {
	// Type is the resource type; "" is all of Types, or without any every type.
	Type  string
	Types []string
	// Patients are the ids of Patient resources (EHR ids) of which the
	// resource must belong to one; empty means every record the actor may
	// query. For Type Patient it is the resource's own id.
	Patients []string
	// IDs are logical ids of which the resource must have one; empty means any.
	IDs []string
	// LastUpdated are date values that the commit time, taken as a range of one
	// microsecond, must meet: all of them.
	LastUpdated []Value
	// Filters hold on the index, all of them.
	Filters []Filter
	// Templates are conditions on the template of the source, all of which hold.
	Templates []OfTemplates
	// Labelled are conditions on security labels, all of which hold.
	Labelled []Labelled
	// Meta hold on elements of meta: URIs with the Param _profile or _source.
	Meta []Filter
	// During, if it has two instants, leaves out resources with dates of which
	// none touches the period between them. A zero instant is an open end.
	During []time.Time
	// OfPatient hold on the Patient resource of the record.
	OfPatient []Filter
	// Has are resources that the record must hold.
	Has []Has
	// Latest, if not zero, leaves out all but so many resources with the same
	// codes, those with the latest dates. Such a search has one page.
	Latest int
	// Sort is the order asked for, the most significant key first.
	Sort []Sort
	// Count is the page size, at least 1.
	Count int
	// After is where the page begins: the Next of the one before, for the same
	// Type and Sort; without keys it is the first page. All pages of a search are
	// those of the state that the first was of, whatever is committed meanwhile.
	After Cursor
	// Total asks for Page.Total.
	Total bool
}

// Classes are the resource types that a query of the population looks at: ""
// stands for every type.
func (q Query) Classes() []string {
	list := []string{q.Type}
	if q.Type == "" && len(q.Types) > 0 {
		list = slices.Clone(q.Types)
	}
	if len(q.OfPatient) > 0 {
		list = append(list, "Patient")
	}
	for _, h := range q.Has {
		list = append(list, h.Type)
	}
	return list
}

// Has is a resource of a type, in the same record, that meets filters.
type Has struct {
	Type    string
	Filters []Filter
}

// Sort is one key of an order: a search parameter, _id or _lastUpdated. Of
// several values the lowest counts, in a descending order the highest;
// resources without a value come last.
type Sort struct {
	Param string
	Kind  Kind
	Desc  bool
}

// Cursor is a place in a search that has begun. Its zero value begins one.
type Cursor struct {
	// Keys are the place in the order: the keys of a record as text, nil for one
	// without the value, its type if the search is not of one type, and its id.
	Keys []*string
	// Snapshot is the store's name for the state that the first page was of, of
	// which the others are, too. What a client sends may be anything: a store that does
	// not know it answers Invalid.
	Snapshot string
}

// Kind is the type of a search parameter.
type Kind string

// The kinds of parameter the index answers.
const (
	Token     Kind = "token"
	Date      Kind = "date"
	Reference Kind = "reference"
	String    Kind = "string"
	Quantity  Kind = "quantity"
	URI       Kind = "uri"
	// Composite joins two parameters.
	Composite Kind = "composite"
)

// Filter is one search parameter: the resource matches when at least one of
// its index rows for Param, or for the parameters that make it up (r4.Union),
// meets at least one of the Values.
type Filter struct {
	Param  string
	Kind   Kind
	Values []Value
	// Modifier changes what matching means.
	Modifier Modifier
	// Negate turns Missing and In into their contrary: the resource must have a
	// value, or must have none that is a member.
	Negate bool
	// Members are the codes of In: of a value set, or of the concepts above or
	// below one.
	Members []Member
	// Pairs are what a Composite joins: a value matches if of one of the pairs
	// both parts do.
	Pairs []Pair
}

// Member is a code of a set.
type Member struct{ System, Code string }

// Pair is two parameters that a composite joins. Those that are Grouped have
// their values in parts of the resource, and must match in the same one.
type Pair struct {
	First, Second         string
	FirstKind, SecondKind Kind
	Grouped               bool
}

// Modifier is a suffix of a search parameter.
type Modifier string

// The modifiers of FHIR R4 search §3.1.1.5 that the index answers.
const (
	Not          Modifier = "not"        // a resource without such a value, for tokens
	Missing      Modifier = "missing"    // with no value at all
	Contains     Modifier = "contains"   // a text anywhere in a string
	Exact        Modifier = "exact"      // the whole string, as it is
	Text         Modifier = "text"       // a text that stands with a code begins so
	OfType       Modifier = "of-type"    // an identifier of a type; Code is r4.OfTypeCode
	ByIdentifier Modifier = "identifier" // the identifier of a reference, a token
	In           Modifier = "in"         // one of Members, for tokens
	Above        Modifier = "above"      // a URI above the value, or the value
	Below        Modifier = "below"      // a URI below the value, or the value
)

// Prefix is the comparison of a date or quantity parameter.
type Prefix string

// The prefixes of FHIR R4 search §3.1.1.4.5.
const (
	Equal          Prefix = "eq"
	NotEqual       Prefix = "ne"
	Greater        Prefix = "gt"
	GreaterOrEqual Prefix = "ge"
	Less           Prefix = "lt"
	LessOrEqual    Prefix = "le"
	StartsAfter    Prefix = "sa"
	EndsBefore     Prefix = "eb"
	Approximately  Prefix = "ap"
)

// Value is one alternative of a filter.
//
// A token matches on Code when it is not "", and on System when HasSystem is
// set (an empty System then means a row without a system).
//
// A reference matches when the row's code equals Code, a Type/id.
//
// A string matches when the row's str starts with Text, which is folded as the
// index is; with Exact it is not folded, and the string must be Text.
//
// A uri matches when the row's code equals Code. With Below it may go on after a
// slash; with Above Code may.
//
// A date compares the row's [low, high) with [Low, High), where an absent bound
// of the row is unbounded:
//
//	eq  Low <= low and high <= High
//	ne  not eq
//	gt  high > High
//	ge  high > High, or eq
//	lt  low < Low
//	le  low < Low, or eq
//	sa  low >= High
//	eb  high <= Low
//	ap  low < High and high > Low
//
// A quantity compares the row's num with Number and its implied precision
// [NumberLow, NumberHigh): eq, ne and ap test the range, the others compare with
// Number itself. When Code is not "" the row's code must equal it, and when
// HasSystem is set its system must equal System.
type Value struct {
	Prefix    Prefix
	HasSystem bool
	System    string
	Code      string
	Text      string
	Low, High time.Time
	// Number, NumberLow and NumberHigh are decimal text.
	Number, NumberLow, NumberHigh string
	// Parts are the two values of a composite.
	Parts []Value
}
