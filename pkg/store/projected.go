package store

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// projected is the arguments with what projections derived.
type projected struct {
	rI                                                   []int32
	rType, rID, rMapping, rMappingV, rProfiles, rContent []string
	rSearch, rRanges                                     []*string
	lI                                                   []int32
	lMapped, lLosses                                     []string
}

func projectedArgs(versions []ehr.NewVersion) (projected, error) {
	n := 0
	for i := range versions {
		n += len(versions[i].Projected.Resources)
	}
	// Empty, not nil: nil would be passed as null.
	p := projected{
		rI: make([]int32, 0, n), rType: make([]string, 0, n), rID: make([]string, 0, n),
		rMapping: make([]string, 0, n), rMappingV: make([]string, 0, n),
		rProfiles: make([]string, 0, n), rContent: make([]string, 0, n),
		rSearch: make([]*string, 0, n), rRanges: make([]*string, 0, n),
		lI: []int32{}, lMapped: []string{}, lLosses: []string{},
	}
	for i := range versions {
		at := int32(i + 1)
		pr := &versions[i].Projected
		for j := range pr.Resources {
			r := &pr.Resources[j]
			p.rI = append(p.rI, at)
			p.rType = append(p.rType, r.Type)
			p.rID = append(p.rID, r.ID)
			p.rMapping = append(p.rMapping, r.Mapping)
			p.rMappingV = append(p.rMappingV, r.MappingVersion)
			p.rProfiles = append(p.rProfiles, textArray(r.Profiles))
			p.rContent = append(p.rContent, string(r.JSON))
			search, ranges := searchDocuments(r)
			p.rSearch = append(p.rSearch, search)
			p.rRanges = append(p.rRanges, ranges)
		}
		if len(pr.Losses) > 0 {
			losses, err := json.Marshal(pr.Losses)
			if err != nil {
				return p, errs.Wrap(errs.Internal, "store.Commit", "", err)
			}
			p.lI = append(p.lI, at)
			p.lMapped = append(p.lMapped, textArray(pr.Types))
			p.lLosses = append(p.lLosses, string(losses))
		}
	}
	return p, nil
}

// searchDocuments are the columns search and ranges of a resource, whose form
// migrations/0001_init.up.sql describes; nil for a resource without values of
// that sort.
func searchDocuments(r *ehr.Resource) (search, ranges *string) {
	var tokens, others paramWriter
	for i := range r.Search {
		param := r.Search[i].Param
		if slices.ContainsFunc(r.Search[:i], func(v ehr.SearchValue) bool { return v.Param == param }) {
			continue // written with the first value of its parameter
		}
		for k := i; k < len(r.Search); k++ {
			v := &r.Search[k]
			switch {
			case v.Param != param:
			case v.Number != "":
				// As it is: what is not a number is refused with the document.
				others.value(param, func(b []byte) []byte {
					b = append(append(b, `"n":`...), v.Number...)
					return appendMember(appendMember(b, "s", v.System), "c", v.Code)
				})
			case !v.Low.IsZero() || !v.High.IsZero():
				others.value(param, func(b []byte) []byte { return appendTime(appendTime(b, "l", v.Low), "h", v.High) })
			case v.String != "":
				others.value(param, func(b []byte) []byte { return appendMember(b, "t", v.String) })
			case v.System != "" || v.Code != "":
				tokens.value(param, func(b []byte) []byte { return appendMember(appendMember(b, "s", v.System), "c", v.Code) })
			}
		}
		tokens.end()
		others.end()
	}
	if len(tokens.b) > 0 {
		b := append(appendQuoted([]byte{'{'}, r.Type), ':')
		text := string(append(append(b, tokens.b...), '}', '}'))
		search = &text
	}
	if len(others.b) > 0 {
		text := string(append(others.b, '}'))
		ranges = &text
	}
	return search, ranges
}

// paramWriter writes {"param":[{value},{value}],"param":[...]} without the last
// brace.
type paramWriter struct {
	b    []byte
	open bool // within the list of a parameter
}

func (w *paramWriter) value(param string, members func([]byte) []byte) {
	switch {
	case w.open:
		w.b = append(w.b, ',')
	case len(w.b) == 0:
		w.b = append(w.b, '{')
	default:
		w.b = append(w.b, ',')
	}
	if !w.open {
		w.b = append(appendQuoted(w.b, param), ':', '[')
		w.open = true
	}
	w.b = append(members(append(w.b, '{')), '}')
}

func (w *paramWriter) end() {
	if w.open {
		w.b = append(w.b, ']')
		w.open = false
	}
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
