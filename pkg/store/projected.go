package store

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/compact"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/store/wire"
)

// projected is the arguments with what projections derived.
type projected struct {
	rI, rKind        []int32
	rType, rID       []string
	rFrom, rLen      []int32
	rSearch          wire.JSONTexts
	rRank            []*int32
	rIdentified      []*bool
	rAstray          []int32
	cI               []int32
	cRaw             [][]byte
	lI               []int32
	lMapped, lLosses []string
}

func (s *Store) projectedArgs(ctx context.Context, c *ehr.Contribution) (projected, error) {
	const op = "store.Commit"
	n := 0
	for i := range c.Versions {
		n += len(c.Versions[i].Projected.Resources)
	}
	// Empty, not nil: nil would be passed as null.
	p := projected{
		rI: make([]int32, 0, n), rKind: make([]int32, 0, n), rType: make([]string, 0, n), rID: make([]string, 0, n),
		rFrom: make([]int32, 0, n), rLen: make([]int32, 0, n), rSearch: make(wire.JSONTexts, 0, n),
		rRank: make([]*int32, n), rIdentified: make([]*bool, n), rAstray: []int32{},
		cI: []int32{}, cRaw: [][]byte{}, lI: []int32{}, lMapped: []string{}, lLosses: []string{},
	}
	buf := projectedBuffers.Get().(*projectedBuffer)
	defer buf.release()
	w := &buf.searchWriter
	w.self = "Patient/" + c.EHRID.String()
	var kinds []kind
	ranks := make([]int32, n)
	rows := make([]byte, 0, max(n*usualRow, 1)) // parts of it are arguments
	content := buf.content
	for i := range c.Versions {
		at := int32(i + 1)
		pr, object := &c.Versions[i].Projected, c.Versions[i].UID.Object
		content = content[:0]
		for j := range pr.Resources {
			r := &pr.Resources[j]
			from := len(rows)
			no, with, more, known := s.kinds.moulded(rows, w, r)
			rows = with
			var search []byte
			if len(rows) > from {
				search = rows[from:len(rows):len(rows)]
			}
			if !known {
				if !rm.ValidJSON(r.JSON) {
					return p, errs.New(errs.Internal, op, "a projected resource is not valid JSON")
				}
				var err error
				if search, more, err = w.resource(r); err != nil {
					return p, err
				}
				kinds = append(kinds, kind{resource: r, digest: w.digest(), moulded: w.moulded(r), at: len(p.rKind)})
			}
			n := len(p.rKind)
			if more.ranked {
				ranks[n] = more.rank
				p.rRank[n] = &ranks[n]
			}
			if more.identified {
				p.rIdentified[n] = &marked
			}
			if astray(r.ID, object, c.EHRID) {
				p.rAstray = append(p.rAstray, int32(n+1))
			}
			p.rKind = append(p.rKind, no)
			p.rI = append(p.rI, at)
			p.rType = append(p.rType, r.Type)
			p.rID = append(p.rID, r.ID)
			p.rFrom = append(p.rFrom, int32(len(content)))
			p.rLen = append(p.rLen, int32(len(r.JSON)))
			p.rSearch = append(p.rSearch, search)
			content = append(content, r.JSON...)
		}
		if len(pr.Resources) > 0 {
			p.cI = append(p.cI, at)
			p.cRaw = append(p.cRaw, compact.FHIR.Make(content))
		}
		if len(pr.Losses) > 0 {
			losses, err := json.Marshal(pr.Losses)
			if err != nil {
				return p, errs.Wrap(errs.Internal, op, "", err)
			}
			p.lI = append(p.lI, at)
			p.lMapped = append(p.lMapped, textArray(pr.Types))
			p.lLosses = append(p.lLosses, string(losses))
		}
	}
	buf.content = content
	numbers, err := s.kindNumbers(ctx, w, kinds)
	if err != nil {
		return p, err
	}
	for i := range kinds {
		p.rKind[kinds[i].at] = numbers[i]
	}
	s.kinds.learn(kinds, numbers)
	return p, nil
}

// columns is what a resource has in columns beside its search values.
type columns struct {
	rank       int32
	ranked     bool
	identified bool
}

// marked is the true of the column identified.
var marked = true

// astray reports whether an id leads neither to the object that the resource is made
// from nor, as that of a Patient, to its EHR, so that it must be kept where it leads.
func astray(id string, object, record uuid.UUID) bool {
	of, ok := fhirmap.ObjectOf(id)
	return !ok || of != object && of != record
}

// projectedBuffer is memory of projectedArgs for the next contribution.
type projectedBuffer struct {
	searchWriter
	content []byte
}

// usualRow is the size of what stands in the row of most resources, in bytes.
const usualRow = 192

// maxProjected is the size of a version's resources up to which their memory is
// kept.
const maxProjected = 1 << 20

var projectedBuffers = sync.Pool{New: func() any { return new(projectedBuffer) }}

func (b *projectedBuffer) release() {
	if cap(b.content) <= maxProjected {
		projectedBuffers.Put(b)
	}
}

// searchWriter sorts the search values of resources into those of their kind
// and the others, and writes both. Its memory is used for one after the other.
type searchWriter struct {
	// self is the reference to the subject of the record.
	self string

	kind    []byte // what the digest of the kind is made of
	others  []byte
	classes []class // of the values of the resource in hand
}

// SelfReference is how a kind's tokens refer to the subject of the record,
// whoever that is.
const SelfReference = "Patient/."

// InKind reports whether the values of a token parameter are codes, of which
// there are few, and so belong to the kind of a resource.
func InKind(param string) bool {
	switch param {
	case "identifier", "accession", "container-id", "telecom", "email", "phone":
		return false
	}
	// Not the identifier of a reference, nor the type and value of an identifier.
	return !strings.Contains(param, ":") || strings.HasSuffix(param, r4.UnitSuffix)
}

// class says where a search value is kept.
type class uint8

const (
	nowhere class = iota
	inKind
	inKindSelf // a reference to the subject of the record
	inRow
)

func (w *searchWriter) classify(v *ehr.SearchValue) class {
	switch kind := kindOf(v); {
	case kind == "":
		return nowhere
	case kind == "token" && InKind(v.Param), kind == "string" && v.Coded, kind == "reference" && v.Code == "":
		return inKind
	case kind == "reference" && v.Code == w.self:
		return inKindSelf
	}
	return inRow
}

// kindOf is the type of a value's parameter; "" for a value without content of
// which not even that is known.
func kindOf(v *ehr.SearchValue) string {
	switch {
	case v.Number != "":
		return "quantity"
	case !v.Low.IsZero() || !v.High.IsZero():
		return "date"
	case v.Text != "":
		return "string"
	case v.Kind != "":
		return string(v.Kind)
	case v.System == "" && v.Code == "":
		return ""
	case v.System == "" && strings.Contains(v.Code, "/"):
		return "reference"
	}
	return "token"
}

// resource takes in a resource and writes the values that are not of its kind;
// nil if there are none.
func (w *searchWriter) resource(r *ehr.Resource) ([]byte, columns, error) {
	values := r.Values()
	w.kind, w.others = w.kind[:0], w.others[:0]
	for _, s := range [...]string{r.Type, r.Mapping, r.MappingVersion} {
		w.part(s)
	}
	w.kind = strconv.AppendInt(w.kind, int64(len(r.Profiles)), 10)
	for _, s := range r.Profiles {
		w.part(s)
	}
	w.classes = w.classes[:0]
	var more columns
	var numbers ranking
	for i := range values {
		v := &values[i]
		w.classes = append(w.classes, w.classify(v))
		if w.classes[i] == inRow {
			more.identified = more.identified || v.Param == paramIdentifier
			numbers.add(v.Param, v.Number)
		}
		switch w.classes[i] {
		case inKind:
			w.part(v.Param)
			w.part(v.System)
			w.part(v.Code)
			w.part(v.Text)
			w.part(v.Exact)
			w.kind = strconv.AppendInt(w.kind, int64(v.Group), 10)
		case inKindSelf:
			w.part(v.Param)
			w.part("")
			w.part(SelfReference)
			w.kind = strconv.AppendInt(w.kind, int64(v.Group), 10)
		case inRow:
			if v.Number != "" && !r4.ValidPrimitive("decimal", v.Number) {
				return nil, more, errs.New(errs.Internal, "store.Commit", "a projected quantity is not a number")
			}
		}
	}
	more.rank, more.ranked = numbers.of()
	w.others = params(w.others, values, w.classes, inRow, inRow)
	if len(w.others) == 0 {
		return nil, more, nil
	}
	return bytes.Clone(w.others), more, nil
}

// part adds a text with its length to what the digest is made of.
func (w *searchWriter) part(s string) {
	w.kind = append(append(strconv.AppendInt(w.kind, int64(len(s)), 10), ':'), s...)
}

// tokens are the values that belong to the kind of a resource.
func (w *searchWriter) tokens(r *ehr.Resource) []byte {
	values := r.Values()
	classes := make([]class, len(values))
	for i := range values {
		classes[i] = w.classify(&values[i])
	}
	return params(nil, values, classes, inKind, inKindSelf)
}

// params writes the values of two classes as {"param":[{...},{...}]}; nothing
// if there are none.
func params(b []byte, values []ehr.SearchValue, classes []class, one, other class) []byte {
	start := len(b)
	for i := range values {
		if classes[i] != one && classes[i] != other {
			continue
		}
		param := values[i].Param
		open := false
		for k := range values {
			if classes[k] != one && classes[k] != other || values[k].Param != param {
				continue
			}
			if k < i {
				break // written with the first value of its parameter
			}
			switch {
			case open:
				b = append(b, ',')
			case len(b) == start:
				b = append(append(appendQuoted(append(b, '{'), param), ':'), '[')
			default:
				b = append(append(appendQuoted(append(b, ','), param), ':'), '[')
			}
			open = true
			b = append(appendValue(append(b, '{'), &values[k], classes[k]), '}')
		}
		if open {
			b = append(b, ']')
		}
	}
	if len(b) > start {
		b = append(b, '}')
	}
	return b
}

func appendValue(b []byte, v *ehr.SearchValue, c class) []byte {
	if v.Group > 0 {
		b = strconv.AppendInt(append(b, `"i":`...), int64(v.Group), 10)
	}
	switch {
	case c == inKindSelf:
		return appendMember(b, "c", SelfReference)
	case v.Number != "":
		b = append(appendName(b, "n"), v.Number...)
	case !v.Low.IsZero() || !v.High.IsZero():
		return appendTime(appendTime(b, "l", v.Low), "h", v.High)
	case v.Text != "":
		return appendMember(appendMember(b, "t", v.Text), "x", v.Exact)
	}
	return appendMember(appendMember(b, "s", v.System), "c", v.Code)
}

// appendMember appends a member with a text; nothing for an empty one.
func appendMember(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendQuoted(appendName(b, name), value)
}

// appendTime appends a member with an instant; nothing for an open end.
func appendTime(b []byte, name string, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	return strconv.AppendInt(appendName(b, name), t.UnixMicro(), 10)
}

func appendName(b []byte, name string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return append(append(append(b, '"'), name...), '"', ':')
}

// appendQuoted appends a JSON string; bytes that are not UTF-8 become U+FFFD.
func appendQuoted(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // the error only tells of such bytes
	return b
}
