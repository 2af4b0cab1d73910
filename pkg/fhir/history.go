package fhir

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// history answers the history of a resource, of a type or of everything, the
// newest version first (FHIR R4 http §3.1.0.10). What is committed while a
// client turns pages is newer than all it has seen, so pages do not shift.
func (a *api) history(w http.ResponseWriter, c *call) error {
	q := HistoryQuery{Count: DefaultCount}
	if chi.URLParam(c.Request, "type") != "" {
		typ, err := a.resourceType(c)
		if err != nil {
			return err
		}
		q.Type = typ
	}
	if q.Type != "" && chi.URLParam(c.Request, "id") != "" {
		id, err := logicalID(c, q.Type)
		if err != nil {
			return err
		}
		q.ID = id
	}
	if len(c.URL.RawQuery) > a.MaxQuery {
		return errs.New(errs.TooLarge, "fhir.history", "the address is too long")
	}
	params, err := parsePairs(c.URL.RawQuery)
	if err != nil {
		return err
	}
	var used []pair
	for _, p := range params {
		switch p.name {
		case "_format", "_pretty":
			continue
		case "_cursor":
			if q.After, err = parsePosition(p); err != nil {
				return err
			}
			continue
		case "_count":
			n, err := positive(p)
			if err != nil {
				return err
			}
			q.Count = min(n, MaxCount)
		case "_since":
			low, _, ok := dateRange(p.value)
			if !ok || !strings.Contains(p.value, "T") {
				return badParam(p.name, "is not an instant of the form YYYY-MM-DDThh:mm:ss+zz:zz")
			}
			q.Since = low
		case "_at":
			low, high, ok := dateRange(p.value)
			if !ok {
				return badParam(p.name, "is not a date of the form YYYY-MM-DDThh:mm:ss+zz:zz")
			}
			q.At = Value{Low: low, High: high}
		default:
			return unsupportedParam(p.name)
		}
		used = append(used, p)
	}
	page, err := a.Reader.History(c.Context(), c.who, q)
	if err != nil {
		return err
	}
	late(w, page.Lag.Since)
	body, err := a.historyBundle(c, q, used, page)
	if err != nil {
		return err
	}
	return a.write(w, c, http.StatusOK, body)
}

func (a *api) historyBundle(c *call, q HistoryQuery, used []pair, page Page) ([]byte, error) {
	base := a.base(c.Request)
	dst := make([]byte, 0, 512+len(page.Records)*1600)
	dst = append(dst, `{"resourceType":"Bundle","type":"history"`...)
	dst = appendBundleMeta(dst, page.Records)
	if page.Total >= 0 {
		dst = append(dst, `,"total":`...)
		dst = strconv.AppendInt(dst, int64(page.Total), 10)
	}
	dst = append(dst, `,"link":[{"relation":"self","url":`...)
	dst = appendString(dst, historyLink(base, q, used, q.After))
	dst = append(dst, '}')
	if page.More && len(page.Records) > 0 {
		last := page.Records[len(page.Records)-1]
		dst = append(dst, `,{"relation":"next","url":`...)
		dst = appendString(dst, historyLink(base, q, used, Position{last.LastUpdated, last.Type, last.ID}))
		dst = append(dst, '}')
	}
	dst = append(dst, ']')
	for i, rec := range page.Records {
		if i == 0 {
			dst = append(dst, `,"entry":[`...)
		} else {
			dst = append(dst, ',')
		}
		url := rec.Type + "/" + rec.ID
		dst = append(dst, `{"fullUrl":`...)
		dst = appendString(dst, base+"/"+url)
		method, status := "PUT", "200"
		switch {
		case rec.JSON == nil:
			method, status = "DELETE", "204"
		case rec.First:
			method, status = "POST", "201"
		}
		if rec.JSON != nil {
			var err error
			dst = append(dst, `,"resource":`...)
			if dst, err = appendResource(dst, rec); err != nil {
				return nil, err
			}
		}
		if method == "POST" {
			url = rec.Type
		}
		dst = append(dst, `,"request":{"method":"`+method+`","url":`...)
		dst = appendString(dst, url)
		dst = append(dst, `},"response":{"status":"`+status+`","etag":`...)
		dst = appendString(dst, etag(rec))
		dst = append(dst, `,"lastModified":"`+virtual.Instant(rec.LastUpdated)+`"}}`...)
	}
	if len(page.Records) > 0 {
		dst = append(dst, ']')
	}
	return append(dst, '}'), nil
}

func historyLink(base string, q HistoryQuery, used []pair, after Position) string {
	var b strings.Builder
	b.WriteString(base)
	for _, part := range []string{q.Type, q.ID} {
		if part != "" {
			b.WriteString("/" + part)
		}
	}
	b.WriteString("/_history")
	sep := byte('?')
	if !after.LastUpdated.IsZero() {
		used = append(used[:len(used):len(used)], pair{"_cursor", after.String()})
	}
	for _, p := range used {
		b.WriteByte(sep)
		sep = '&'
		b.WriteString(url.QueryEscape(p.name) + "=" + url.QueryEscape(p.value))
	}
	return b.String()
}

// String is the position as a cursor.
func (p Position) String() string {
	return strconv.FormatInt(p.LastUpdated.UnixMicro(), 10) + "." + p.Type + "." + p.ID
}

func parsePosition(p pair) (Position, error) {
	at, rest, _ := strings.Cut(p.value, ".")
	typ, id, _ := strings.Cut(rest, ".")
	micros, err := strconv.ParseInt(at, 10, 64)
	t := r4.Lookup(typ)
	if err != nil || micros < 0 || micros > 1e17 || t == nil || t.Kind != r4.Resource || !r4.ValidPrimitive("id", id) {
		return Position{}, badParam(p.name, "is not a cursor of this server")
	}
	return Position{time.UnixMicro(micros).UTC(), typ, id}, nil
}
