package fhir

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir/intake"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// creates reports whether an entry of a bundle creates a resource.
func creates(entry *r4.Node) bool { return entry.Str("request", "method") == http.MethodPost }

// part of a transaction: what becomes of one entry.
type creation struct {
	place string // of the entry
	typ   string
	// index is the place among those to be committed; -1 if rec is there already.
	index int
	rec   Record
	made  intake.Created
	// url is the fullUrl of an entry that becomes part of the composition of
	// another, owner; "" for any other entry.
	url   string
	owner int
}

// transaction creates the resources of a bundle, all or none: they become one
// contribution to the record of one patient.
func (a *api) transaction(w http.ResponseWriter, c *call, entries []*r4.Node, as sent) error {
	return a.once(w, c, as.text, func(ctx context.Context) (*kept, error) {
		var list []creation
		var todo []intake.Prepared
		var wrong []issue
		var cause *errs.Error
		conditions, names := map[string]int{}, map[string]int{}
		owners, err := a.owners(entries)
		if err != nil {
			return nil, err
		}
		order, err := a.sequence(entries, owners)
		if err != nil {
			return nil, err
		}
		list = make([]creation, len(entries))
		known, wanted := map[string]fhirmap.Join{}, a.wantedBy(entries)
		for _, i := range order {
			e := entries[i]
			place := fmt.Sprintf("Bundle.entry[%d]", i)
			var one creation
			var p *intake.Prepared
			err := distinct(place, i, e, conditions, names)
			switch {
			case err != nil:
			case owners[i] != i:
				one, err = a.belongs(c, place, e, owners[i])
			case cause != nil && a.unknown(e, names, known):
				continue // what it refers to is refused
			default:
				var with map[string]*r4.Node
				if with, err = a.linked(ctx, c, entries, owners, i); err == nil {
					one, p, err = a.prepareEntry(ctx, c, place, e, with, known)
				}
				if err == nil && p != nil {
					err = joined(entries, owners, i, p, known, wanted)
				}
				if err == nil && p == nil && wanted[e.Str("fullUrl")] {
					known[e.Str("fullUrl")], err = a.located(ctx, c, e.Get("resource"), one.rec)
					if errs.Is(err, errs.NotFound) {
						err = refusedAt(errs.Unprocessable, "not-supported", place, "another entry refers to the resource that is there already, and a LINK to that cannot be made")
					}
				}
			}
			if err != nil {
				r, ok := err.(*refusal)
				if !ok {
					return nil, err
				}
				if cause == nil {
					cause = r.cause
				}
				for _, more := range r.issues {
					if more.expression == "" || strings.HasPrefix(more.expression, "http.") {
						more.expression = place
					}
					wrong = append(wrong, more)
				}
				continue
			}
			if p != nil {
				one.index = len(todo)
				todo = append(todo, *p)
			}
			list[i] = one
		}
		if cause != nil {
			return nil, &refusal{cause, wrong[:min(len(wrong), maxIssues)]}
		}
		for _, one := range list {
			if one.index >= 0 && todo[one.index].EHRID != todo[0].EHRID {
				return nil, refusedAt(errs.Unprocessable, "not-supported", one.place, "a transaction creates resources of one patient only, as all of it is one contribution to one record")
			}
		}
		if len(todo) > 0 {
			made, err := a.Intake.Commit(ctx, c.who, todo)
			if err != nil {
				return nil, reasons(err, todo[0].Type, firstCreated(list).place+".resource")
			}
			for i := range list {
				if list[i].index >= 0 {
					list[i].made = made[list[i].index]
					list[i].rec = a.recordOf(c, list[i].made)
				}
			}
			for i, one := range list {
				if one.url == "" {
					continue
				}
				list[i].index = list[one.owner].index
				list[i].made = list[one.owner].made
				list[i].made.Resource, list[i].made.Omitted = list[i].made.Linked[one.url], nil
				list[i].made.Warnings = nil // told with the owner
				list[i].rec = a.recordOf(c, list[i].made)
			}
		}
		if err := a.joinedAsSent(entries, list); err != nil {
			return nil, err
		}
		return a.answerTransaction(c, list)
	})
}

// firstCreated is the first entry that is to be committed.
func firstCreated(list []creation) creation {
	return list[slices.IndexFunc(list, func(c creation) bool { return c.index == 0 })]
}

// refusedAt is a refusal with one reason.
func refusedAt(kind errs.Kind, code, place, text string) *refusal {
	return &refusal{errs.New(kind, "fhir.transaction", text), []issue{{severity: "error", code: code, text: text, expression: place}}}
}

// unknown reports whether a resource refers by a LINK to an entry that did not
// come to be known, because it was refused.
func (a *api) unknown(e *r4.Node, names map[string]int, known map[string]fhirmap.Join) bool {
	return slices.ContainsFunc(literalReferences(e.Get("resource"), ""), func(ref reference) bool {
		_, entry := names[ref.text.Text]
		_, there := known[ref.text.Text]
		return entry && !there && a.joins(e.Get("resource"), ref)
	})
}

// distinct refuses entries of which the order would decide what they mean.
func distinct(place string, i int, e *r4.Node, conditions, names map[string]int) error {
	if search := e.Str("request", "ifNoneExist"); search != "" {
		key := e.Str("request", "url") + "?" + search
		if other, there := conditions[key]; there {
			return refusedAt(errs.Invalid, "invalid", place, fmt.Sprintf("the ifNoneExist is that of entry %d: it would depend on the order what is created", other))
		}
		conditions[key] = i
	}
	if name := e.Str("fullUrl"); name != "" {
		if other, there := names[name]; there {
			return refusedAt(errs.Invalid, "invalid", place, fmt.Sprintf("the fullUrl is that of entry %d", other))
		}
		names[name] = i
	}
	return nil
}

// prepareEntry finds out what an entry is to become; without a Prepared, it is
// there already.
func (a *api) prepareEntry(ctx context.Context, c *call, place string, e *r4.Node, linked map[string]*r4.Node, known map[string]fhirmap.Join) (creation, *intake.Prepared, error) {
	out := creation{place: place, index: -1}
	var err error
	if out.typ, err = a.created(c, place, e); err != nil {
		return out, nil, err
	}
	n := e.Get("resource")
	in, err := a.resource(c, n, sent{text: n.Append(nil)})
	if err != nil {
		return out, nil, err
	}
	if err := a.resolveSubject(ctx, c, out.typ, place, n); err != nil {
		return out, nil, err
	}
	if err := a.resolve(ctx, c, place+".resource", n, known, &in); err != nil {
		return out, nil, err
	}
	for _, url := range slices.Sorted(maps.Keys(linked)) {
		if err := a.resolve(ctx, c, place+".resource.resolve()", linked[url], known, &in); err != nil {
			return out, nil, err
		}
	}
	if len(linked) > 0 {
		if e.Str("request", "ifNoneExist") != "" {
			return out, nil, refusedAt(errs.Unprocessable, "not-supported", place+".request.ifNoneExist", "a resource that others belong to has no condition: an Idempotency-Key for the whole makes it safe to send it again")
		}
		in.Linked, in.Original, in.Format = linked, together(e, linked), r4.MediaTypeJSON
	}
	if search := e.Str("request", "ifNoneExist"); search != "" {
		rec, found, err := a.existing(ctx, c, out.typ, search, n)
		if err != nil || found {
			out.rec = rec
			return out, nil, err
		}
	}
	p, err := a.Intake.Prepare(ctx, c.who, in)
	if err != nil {
		return out, nil, reasons(err, out.typ, place+".resource")
	}
	return out, &p, nil
}

// created is the type that an entry creates.
func (a *api) created(c *call, place string, e *r4.Node) (string, error) {
	if !creates(e) {
		return "", refusedAt(errs.Unprocessable, "not-supported", place, "a transaction either reads or creates: an entry with POST stands beside one with "+strconv.Quote(e.Str("request", "method")))
	}
	typ := strings.TrimPrefix(e.Str("request", "url"), a.base(c.Request)+"/")
	n := e.Get("resource")
	switch {
	case !a.types[typ]:
		return typ, refusedAt(errs.Unprocessable, "not-supported", place+".request.url", "the url of a create is the type of a resource that is offered here")
	case n == nil || n.Str("resourceType") != typ:
		return typ, refusedAt(errs.Invalid, "invalid", place, "the entry has no resource of the type that its request names")
	}
	return typ, nil
}

// resolveSubject looks up the patient that a conditional reference means, which
// must be exactly one (FHIR R4 http §3.1.0.11.2).
func (a *api) resolveSubject(ctx context.Context, c *call, typ, place string, n *r4.Node) error {
	ref := n.Get(subjectOf(typ)).Get("reference")
	if ref == nil {
		return nil
	}
	search, ok := strings.CutPrefix(ref.Text, "Patient?")
	if !ok {
		return nil
	}
	where := place + ".resource." + subjectOf(typ) + ".reference"
	u, err := url.ParseQuery(search)
	if err != nil || len(u) == 0 {
		return refusedAt(errs.Invalid, "invalid", where, "the conditional reference is not a search")
	}
	rec, found, err := a.existing(ctx, c, "Patient", search, r4.NewObject())
	switch {
	case errs.Is(err, errs.Precondition):
		return refusedAt(errs.Precondition, "multiple-matches", where, "several patients match the conditional reference")
	case err != nil:
		return err
	case !found:
		return refusedAt(errs.Precondition, "not-found", where, "no patient matches the conditional reference")
	}
	ref.Text = "Patient/" + rec.ID
	return nil
}

// answerTransaction lists what became of the entries, in their order.
func (a *api) answerTransaction(c *call, list []creation) (*kept, error) {
	dst := []byte(`{"resourceType":"Bundle","type":"transaction-response","entry":[`)
	form := returnForm(c.Header)
	for i, one := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		if form == "representation" {
			dst = append(dst, `"resource":`...)
			var err error
			if dst, err = appendResource(dst, one.rec); err != nil {
				return nil, err
			}
			dst = append(dst, ',')
		}
		status := http.StatusCreated
		if one.index < 0 {
			status = http.StatusOK
		}
		dst = strconv.AppendInt(append(dst, `"response":{"status":"`...), int64(status), 10)
		dst = appendString(append(dst, `","location":`...), a.versionURL(c, one.rec))
		dst = appendString(append(dst, `,"etag":`...), etag(one.rec))
		dst = appendString(append(dst, `,"lastModified":`...), virtual.Instant(one.rec.LastUpdated))
		if form == "OperationOutcome" {
			dst = writtenOutcome(status, one.made.Warnings, one.made.Omitted).Append(append(dst, `,"outcome":`...))
		}
		dst = append(dst, "}}"...)
	}
	return &kept{Status: http.StatusOK, Header: http.Header{}, Body: append(dst, "]}"...)}, nil
}
