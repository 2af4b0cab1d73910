package fhir

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// maxSort is the most keys of an order, maxCursor the length of a cursor.
const (
	maxSort   = 8
	maxCursor = 8192
)

// request is a search as understood.
type request struct {
	query Query
	// path is the part of the address after the base.
	path string
	// used are the parameters that took effect, for the self link.
	used []pair
	// notes are warnings and information for the searchset.
	notes []issue
	// page parameters, kept out of used
	count, cursor string
	// subset is the part of each resource that was asked for.
	subset subset
	// includes and reverse are _include and _revinclude.
	includes, reverse []inclusion
}

// understand turns parameters into a query.
func (a *api) understand(c *call, typ string, params []pair) (*request, error) {
	loose, err := lenient(c.Request)
	if err != nil {
		return nil, err
	}
	req := &request{query: Query{Type: typ, Count: DefaultCount}, path: typ}
	total := ""
	for _, p := range params {
		switch p.name {
		case "_format", "_pretty":
			continue
		case "_count":
			n, err := strconv.Atoi(p.value)
			if err != nil || n < 0 {
				return nil, badParam(p.name, "must be a whole number")
			}
			if n == 0 { // FHIR R4 search §3.1.1.6.2: as _summary=count
				req.subset.count = true
				req.used = append(req.used, p)
				continue
			}
			req.query.Count = min(n, MaxCount)
			req.count = strconv.Itoa(req.query.Count)
			continue
		case "_cursor":
			req.cursor = p.value
			continue
		case "_total":
			if p.value != "none" && p.value != "accurate" && p.value != "estimate" {
				return nil, badParam(p.name, "is none, estimate or accurate")
			}
			total = p.value
			req.used = append(req.used, p)
			continue
		}
		err := a.param(c, req, p)
		if err != nil {
			r, unknown := err.(*refusal)
			if !loose || !unknown || r.issues[0].firm || r.issues[0].code != "not-supported" {
				return nil, err
			}
			note := r.issues[0]
			note.severity, note.text = "warning", note.text+" and was ignored"
			req.notes = append(req.notes, note)
			continue
		}
		req.used = append(req.used, p)
	}
	for _, f := range req.query.Filters {
		if WithinPatient(typ, f.Param) && len(req.query.Patients) == 0 {
			return nil, badParam(f.Param, "is searched only with a patient, since no index knows it of "+typ)
		}
	}
	if req.cursor != "" {
		if req.query.After, err = parseCursor(req.query, req.cursor); err != nil {
			return nil, err
		}
	}
	// A count within one record is cheap; over a population only who asks pays.
	switch total {
	case "":
		req.query.Total = len(req.query.Patients) > 0
	default:
		req.query.Total = total != "none"
	}
	return req, nil
}

// param adds one parameter to the request.
func (a *api) param(c *call, req *request, p pair) error {
	name, modifier, _ := strings.Cut(p.name, ":")
	q := &req.query
	switch name {
	case "_sort":
		return a.sort(q, p)
	case "_summary", "_elements":
		return req.subset.param(q.Type, p)
	case "_include", "_revinclude":
		return a.inclusion(req, name, modifier, p)
	case "_has":
		return a.has(c, q, p)
	}
	if chain, rest, ok := strings.Cut(p.name, "."); ok {
		return a.chain(c, q, chain, pair{rest, p.value}, p)
	}
	switch name {
	case "_id":
		if modifier != "" {
			return unsupportedModifier(p.name, modifier)
		}
		ids, err := alternatives(p)
		if err != nil {
			return err
		}
		q.IDs = intersect(q.IDs, ids)
		return nil
	case "_lastUpdated":
		if modifier != "" {
			return unsupportedModifier(p.name, modifier)
		}
		if strings.Contains(p.value, ",") {
			return badParam(p.name, "takes one date; repeat the parameter for a range")
		}
		v, err := a.dateValue(p)
		if err != nil {
			return err
		}
		q.LastUpdated = append(q.LastUpdated, v)
		return nil
	case "_security", "_tag", "_source", "_profile":
		return a.meta(q, name, Modifier(modifier), p)
	}
	def, ok := lookupParam(q.Type, name)
	if !ok {
		return unsupportedParam(p.name)
	}
	if def.Kind == r4.SearchReference && modifier != "missing" && modifier != "identifier" {
		return a.reference(c, req, def, p, modifier)
	}
	f, err := a.filter(c, q.Type, def, modifier, p)
	if err != nil {
		return err
	}
	if f.Modifier == "" && (def.Kind == r4.SearchQuantity || slices.ContainsFunc(f.Pairs, func(p Pair) bool { return p.SecondKind == Quantity })) {
		req.notes = append(req.notes, issue{
			severity: "information", code: "informational", expression: "http." + p.name,
			text: name + " does not find results recorded as below or above a limit, which have no single value",
		})
	}
	q.Filters = append(q.Filters, f)
	return nil
}

func lookupParam(typ, name string) (r4.SearchParam, bool) {
	for _, p := range r4.SearchParams(typ) {
		if p.Name == name {
			return p, true
		}
	}
	return r4.SearchParam{}, false
}

// aboutPatient reports whether a reference parameter of a type leads to the
// subject of the record.
func aboutPatient(typ, param string) bool {
	if param != "patient" && param != "subject" {
		return false
	}
	_, ok := lookupParam(typ, param)
	return ok
}

// chain is a condition on the patient: patient.identifier or
// subject:Patient.name (FHIR R4 search §3.1.1.5.6). The record has one patient,
// so the condition selects records.
func (a *api) chain(c *call, q *Query, link string, rest, whole pair) error {
	param, typ, _ := strings.Cut(link, ":")
	if !aboutPatient(q.Type, param) || typ != "" && typ != "Patient" {
		return unsupportedParam(whole.name)
	}
	name, modifier, _ := strings.Cut(rest.name, ":")
	if name == "_id" && modifier == "" {
		ids, err := alternatives(whole)
		if err != nil {
			return err
		}
		q.Patients = intersect(q.Patients, ids)
		return nil
	}
	def, ok := lookupParam("Patient", name)
	if !ok || def.Kind == r4.SearchReference {
		return unsupportedParam(whole.name)
	}
	f, err := a.filter(c, "Patient", def, modifier, whole)
	if err != nil {
		return err
	}
	q.OfPatient = append(q.OfPatient, f)
	return nil
}

// has is the reverse: patients whose record holds a resource that meets a
// condition (FHIR R4 search §3.1.1.5.7).
func (a *api) has(c *call, q *Query, p pair) error {
	parts := strings.SplitN(p.name, ":", 4)
	if len(parts) != 4 || parts[0] != "_has" || q.Type != "Patient" || !a.types[parts[1]] || virtual.Is(parts[1]) || !aboutPatient(parts[1], parts[2]) {
		return unsupportedParam(p.name)
	}
	name, modifier, _ := strings.Cut(parts[3], ":")
	def, ok := lookupParam(parts[1], name)
	if !ok || def.Kind == r4.SearchReference {
		return unsupportedParam(p.name)
	}
	f, err := a.filter(c, parts[1], def, modifier, p)
	if err != nil {
		return err
	}
	q.Has = append(q.Has, Has{Type: parts[1], Filters: []Filter{f}})
	return nil
}

// sort reads _sort.
func (a *api) sort(q *Query, p pair) error {
	if len(q.Sort) > 0 {
		return badParam(p.name, "is given once, with its keys separated by commas")
	}
	for _, s := range strings.Split(p.value, ",") {
		name, desc := strings.CutPrefix(s, "-")
		key := Sort{Param: name, Desc: desc}
		if virtual.Is(q.Type) && (name == "_id" || len(q.Sort) > 0) {
			return badParam(p.name, q.Type+" is sorted by "+ordered[q.Type]+" or _lastUpdated alone")
		}
		if name != "_id" && name != "_lastUpdated" {
			def, ok := lookupParam(q.Type, name)
			if !ok || def.Kind == r4.SearchReference || def.Kind == r4.SearchComposite || def.Union != nil || virtual.Is(q.Type) && name != ordered[q.Type] {
				text := "sorting by " + strconv.Quote(name) + " is not supported"
				return &refusal{errs.New(errs.Invalid, "fhir.search", text), []issue{{severity: "error", code: "not-supported", text: text, expression: "http._sort"}}}
			}
			key.Kind = Kind(def.Kind)
		}
		if q.Sort = append(q.Sort, key); len(q.Sort) > maxSort {
			return badParam(p.name, fmt.Sprintf("has more than %d keys", maxSort))
		}
	}
	return nil
}

// snapshotCursor is a cursor with a snapshot; without one it is the list of its
// keys alone.
type snapshotCursor struct {
	Keys     []*string `json:"k"`
	Snapshot string    `json:"s"`
}

// String is the cursor as it stands in a link.
func (c Cursor) String() string {
	var v any = c.Keys
	if c.Snapshot != "" {
		v = snapshotCursor(c)
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic("fhir: " + err.Error()) // texts can always be marshalled
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor reads the cursor of a query.
func parseCursor(q Query, s string) (Cursor, error) {
	c, err := parsePlace(q, s)
	switch {
	case err != nil:
		return Cursor{}, err
	case c.Snapshot == "":
		return Cursor{}, badParam("_cursor", "has no snapshot, as those of earlier versions of this server: begin the search anew")
	}
	return c, nil
}

// parsePlace reads a cursor with or without a snapshot.
func parsePlace(q Query, s string) (Cursor, error) {
	none, bad := Cursor{}, badParam("_cursor", "is not a cursor of this search")
	if len(s) > maxCursor {
		return none, bad
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return none, bad
	}
	var with snapshotCursor
	if bytes.HasPrefix(b, []byte("{")) {
		if err = json.Unmarshal(b, &with); err == nil && (with.Snapshot == "" || !plainText(with.Snapshot)) {
			return none, bad
		}
	} else {
		err = json.Unmarshal(b, &with.Keys)
	}
	if err != nil {
		return none, bad
	}
	c := with.Keys
	fixed := 1
	if q.Type == "" {
		fixed = 2
	}
	if len(c) != len(q.Sort)+fixed || slices.Contains(c[len(q.Sort):], nil) || !r4.ValidPrimitive("id", *c[len(c)-1]) {
		return none, bad
	}
	for i, key := range c {
		if key == nil {
			continue
		}
		if !plainText(*key) {
			return none, bad
		}
		if i >= len(q.Sort) {
			break
		}
		switch {
		case q.Sort[i].Param == "_lastUpdated" || q.Sort[i].Kind == Date:
			_, err = strconv.ParseInt(*key, 10, 64)
		case q.Sort[i].Kind == Quantity:
			_, _, err = implied(*key)
		}
		if err != nil {
			return none, bad
		}
	}
	return Cursor(with), nil
}
