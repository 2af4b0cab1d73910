package fhir

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir/intake"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// resourceType is the type in the request's path, if the server has it.
func (a *api) resourceType(c *call) (string, error) {
	typ := chi.URLParam(c.Request, "type")
	if a.types[typ] {
		return typ, nil
	}
	return "", a.noType(typ)
}

// noType tells that resources of a type are not here.
func (a *api) noType(typ string) error {
	if t := r4.Lookup(typ); t != nil && t.Kind == r4.Resource {
		return errs.New(errs.NotFound, "fhir", "no mapping produces the resource type "+typ)
	}
	return errs.New(errs.NotFound, "fhir", "there is no such resource type")
}

// read answers a read of the current version, conditionally on what the client
// already has (FHIR R4 http §3.1.0.2, §3.1.0.5).
func (a *api) read(w http.ResponseWriter, c *call) error {
	typ, err := a.resourceType(c)
	if err != nil {
		return err
	}
	id, err := logicalID(c, typ)
	if err != nil {
		return err
	}
	part, err := readSubset(c, typ)
	if err != nil {
		return err
	}
	rec, err := a.Reader.Resource(c.Context(), c.who, typ, id)
	return a.answerPart(w, c, rec, part, err)
}

// vread answers a read of one version (FHIR R4 http §3.1.0.3).
func (a *api) vread(w http.ResponseWriter, c *call) error {
	typ, err := a.resourceType(c)
	if err != nil {
		return err
	}
	id, err := logicalID(c, typ)
	if err != nil {
		return err
	}
	part, err := readSubset(c, typ)
	if err != nil {
		return err
	}
	version, ok := ParseVersionID(chi.URLParam(c.Request, "version"))
	if !ok {
		return errs.New(errs.NotFound, "fhir.vread", "there is no such version")
	}
	rec, err := a.Reader.ResourceVersion(c.Context(), c.who, typ, id, version)
	return a.answerPart(w, c, rec, part, err)
}

// logicalID is the id in the request's path.
func logicalID(c *call, typ string) (string, error) {
	id := chi.URLParam(c.Request, "id")
	if !r4.ValidPrimitive("id", id) {
		return "", errs.New(errs.NotFound, "fhir.read", "there is no such "+typ)
	}
	return id, nil
}

// plainRead refuses parameters that a read does not know.
func plainRead(c *call) error {
	for name := range c.URL.Query() {
		if name != "_format" && name != "_pretty" {
			if !plainText(name) {
				return errs.New(errs.Invalid, "fhir.read", "the address holds control characters or is not UTF-8")
			}
			return unsupportedParam(name)
		}
	}
	return nil
}

// readSubset is the part of a resource that a read asks for (FHIR R4 http
// §3.1.0.1.11); other parameters are refused.
func readSubset(c *call, typ string) (part subset, err error) {
	params, err := parsePairs(c.URL.RawQuery)
	if err != nil {
		return part, err
	}
	for _, p := range params {
		if p.name == "_format" || p.name == "_pretty" {
			continue
		}
		if err := part.param(typ, p); err != nil {
			return part, err
		}
	}
	if part.count {
		return part, badParam("_summary", "counts what a search finds, not a read")
	}
	return part, nil
}

// answerPart sends what a read has found, or the part of it that was asked for.
func (a *api) answerPart(w http.ResponseWriter, c *call, rec Record, part subset, err error) error {
	late(w, rec.Waiting)
	if err != nil {
		if errs.Is(err, errs.Gone) && rec.Version.Trunk > 0 {
			validators(w, rec)
		}
		return err
	}
	validators(w, rec)
	// Tags label without a new version: what a client has may be labelled otherwise.
	if len(a.Labels.Tags) == 0 && notModified(c.Request, rec) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	body, err := appendResource(make([]byte, 0, len(rec.JSON)+metaRoom), rec)
	if err != nil {
		return err
	}
	if body, err = part.cut(body); err != nil {
		return err
	}
	return a.write(w, c, http.StatusOK, body)
}

// late says in the header that what is sent may not be up to date, where the body
// has no place for it; a zero time says nothing. 110 is "response is stale" (RFC
// 7234 §5.5.1).
func late(w http.ResponseWriter, since time.Time) {
	if !since.IsZero() {
		w.Header().Set("Warning", `110 - "`+Lag{Since: since}.String()+`"`)
	}
}

func etag(rec Record) string { return `W/"` + rec.Version.String() + `"` }

func validators(w http.ResponseWriter, rec Record) {
	w.Header().Set("ETag", etag(rec))
	w.Header().Set("Last-Modified", rec.LastUpdated.UTC().Format(http.TimeFormat))
}

// notModified evaluates If-None-Match, or without it If-Modified-Since. A date has
// whole seconds: the second of the last change is enough for a first version only,
// because a later one may have followed another within it.
func notModified(r *http.Request, rec Record) bool {
	if tags := r.Header.Values("If-None-Match"); len(tags) > 0 {
		mine := rec.Version.String()
		for _, tag := range strings.Split(strings.Join(tags, ","), ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" || strings.Trim(strings.TrimPrefix(tag, "W/"), `"`) == mine {
				return true
			}
		}
		return false
	}
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	if err != nil {
		return false
	}
	second := rec.LastUpdated.Truncate(time.Second)
	return second.Before(since) || rec.Version == (VersionID{Trunk: 1}) && second.Equal(since)
}

// metaRoom is room for the meta element of most resources, in bytes.
const metaRoom = 512

type member struct {
	name  string
	value []byte
	order int
}

// appendResource writes a stored resource with its meta element. Members come
// in the order of the definition, whatever order the store kept them in.
func appendResource(dst []byte, rec Record) ([]byte, error) {
	const op = "fhir.appendResource"
	t := r4.Lookup(rec.Type)
	if t == nil {
		return nil, errs.New(errs.Internal, op, "a stored resource has an unknown type")
	}
	if rest, ok := inOrder(rec); ok {
		return append(appendMeta(dst, rec), rest...), nil
	}
	dec := jsontext.NewDecoder(bytes.NewReader(rec.JSON))
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '{' {
		return nil, errs.Wrap(errs.Internal, op, "a stored resource is not a JSON object", err)
	}
	members := make([]member, 0, 24)
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, errs.Wrap(errs.Internal, op, "a stored resource is not valid JSON", err)
		}
		m := member{name: name.String()}
		value, err := dec.ReadValue()
		if err != nil {
			return nil, errs.Wrap(errs.Internal, op, "a stored resource is not valid JSON", err)
		}
		switch m.name {
		case "resourceType", "id", "meta":
			continue
		}
		m.value = bytes.Clone(value)
		bare := strings.TrimPrefix(m.name, "_")
		m.order = 1 << 20
		if el, ok := t.Member(bare); ok {
			m.order = 2 * el.Element.Order
			if bare != m.name {
				m.order++
			}
		}
		members = append(members, m)
	}
	slices.SortStableFunc(members, func(x, y member) int { return x.order - y.order })

	dst = appendMeta(dst, rec)
	for _, m := range members {
		dst = append(dst, ',')
		dst = appendString(dst, m.name)
		dst = append(append(dst, ':'), m.value...)
	}
	return append(dst, '}'), nil
}

// inOrder is what follows the id of a resource that begins with its type and
// id and has no meta, as projections write it: the order of its members is that
// of the definition already.
func inOrder(rec Record) (rest []byte, ok bool) {
	rest = rec.JSON
	for _, part := range [...]string{`{"resourceType":"`, rec.Type, `","id":"`, rec.ID, `",`} {
		if len(rest) < len(part) || string(rest[:len(part)]) != part {
			return nil, false
		}
		rest = rest[len(part):]
	}
	return rec.JSON[len(rec.JSON)-len(rest)-1:], len(rest) > 0 && !bytes.Contains(rest, []byte(`"meta"`))
}

// appendMeta begins a resource up to its meta element.
func appendMeta(dst []byte, rec Record) []byte {
	dst = append(dst, `{"resourceType":"`...)
	dst = append(append(dst, rec.Type...), `","id":"`...)
	dst = append(append(dst, rec.ID...), `","meta":{"versionId":"`...)
	dst = append(rec.Version.append(dst), `","lastUpdated":"`...)
	dst = append(rec.LastUpdated.UTC().AppendFormat(dst, virtual.InstantForm), '"')
	if rec.Source != "" {
		dst = append(dst, `,"source":`...)
		dst = appendString(dst, virtual.SourceURI(rec.Source))
	}
	if len(rec.Profiles) > 0 {
		dst = append(dst, `,"profile":[`...)
		for i, p := range rec.Profiles {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, p)
		}
		dst = append(dst, ']')
	}
	if len(rec.Security) > 0 {
		dst = appendSecurity(append(dst, ','), rec.Security)
	}
	if taggable(rec.Template) {
		dst = append(dst, `,"tag":[{"system":"`+intake.TemplateSystem+`","code":`...)
		dst = append(appendString(dst, rec.Template), `}]`...)
	} else if rec.Partial {
		dst = append(dst, `,"tag":[{"system":"`+subsettedSystem+`","code":"SUBSETTED"}]`...)
	}
	dst = append(dst, '}')
	return dst
}

func appendString(dst []byte, s string) []byte { return r4.NewString(s).Append(dst) }
