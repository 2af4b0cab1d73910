package fhir

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// owned is a kind of resources that clients make and not mappings, subscriptions and
// groups: each is seen by the actor alone who has made it.
type owned[T any] struct {
	typ string
	// offered is the error of a server that has none; nil if it has them.
	offered error
	// limit is that of a body in bytes.
	limit int
	// parse reads a resource that was sent. What cannot be kept is refused.
	parse func(c *call, n *r4.Node) (*T, error)
	// id and version are those of a resource, which parse leaves open.
	id      func(x *T) *uuid.UUID
	version func(x *T) int
	record  func(x *T) (Record, error)
	// follow gives the next version of a resource what it keeps of the one before.
	follow func(next, old *T) error
	// What the store does; replace wants what follow gave.
	add, replace func(c *call, x *T) error
	find         func(c *call, id uuid.UUID) (T, error)
	drop         func(c *call, id uuid.UUID) error
}

// routes are those of create, read, update and delete, and of a search.
func (o owned[T]) routes(a *api, r chi.Router, both func(string, operation, bool), search operation) {
	path := "/" + o.typ
	r.Post(path, a.handle(func(w http.ResponseWriter, c *call) error { return o.create(a, w, c) }, false))
	both(path, search, false)
	r.Post(path+"/_search", a.handle(search, false))
	both(path+"/{id}", func(w http.ResponseWriter, c *call) error { return o.read(a, w, c) }, false)
	r.Put(path+"/{id}", a.handle(func(w http.ResponseWriter, c *call) error { return o.update(a, w, c) }, false))
	r.Delete(path+"/{id}", a.handle(o.delete, false))
}

// own is the resource in the request's path.
func (o owned[T]) own(c *call) (x T, err error) {
	if o.offered != nil {
		return x, o.offered
	}
	id, err := ownID(c, o.typ)
	if err != nil {
		return x, err
	}
	return o.find(c, id)
}

// sent is the resource in the request's body.
func (o owned[T]) sent(c *call) (*T, error) {
	n, err := resourceBody(c, "fhir."+o.typ, o.limit)
	if err != nil {
		return nil, err
	}
	return o.parse(c, n)
}

func (o owned[T]) answer(a *api, w http.ResponseWriter, c *call, status int, x *T) error {
	rec, err := o.record(x)
	if err != nil {
		return err
	}
	return a.answerOwned(w, c, status, rec)
}

// create makes a resource (FHIR R4 http §3.1.0.8).
func (o owned[T]) create(a *api, w http.ResponseWriter, c *call) error {
	if o.offered != nil {
		return o.offered
	}
	x, err := o.sent(c)
	if err != nil {
		return err
	}
	*o.id(x) = uuid.New()
	if err := o.add(c, x); err != nil {
		return err
	}
	return o.answer(a, w, c, http.StatusCreated, x)
}

// read answers with the resource, and not conditionally: a subscription's state
// changes without a new version, and so do the members of a group by a physical
// deletion.
func (o owned[T]) read(a *api, w http.ResponseWriter, c *call) error {
	x, err := o.own(c)
	if err != nil {
		return err
	}
	if err := plainRead(c); err != nil {
		return err
	}
	return o.answer(a, w, c, http.StatusOK, &x)
}

// update makes the next version of a resource; with If-Match only of that one.
func (o owned[T]) update(a *api, w http.ResponseWriter, c *call) error {
	old, err := o.own(c)
	if err != nil {
		return err
	}
	x, err := o.sent(c)
	if err != nil {
		return err
	}
	if err := unchanged(c, o.typ, o.version(&old)); err != nil {
		return err
	}
	*o.id(x) = *o.id(&old)
	if err := o.follow(x, &old); err != nil {
		return err
	}
	if err := o.replace(c, x); err != nil {
		return err
	}
	return o.answer(a, w, c, http.StatusOK, x)
}

func (o owned[T]) delete(w http.ResponseWriter, c *call) error {
	x, err := o.own(c)
	if err != nil {
		return err
	}
	if err := o.drop(c, *o.id(&x)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// ownID is the id in the request's path.
func ownID(c *call, typ string) (uuid.UUID, error) {
	text := chi.URLParam(c.Request, "id")
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text {
		return uuid.Nil, errs.New(errs.NotFound, "fhir."+typ, "there is no such "+typ)
	}
	return id, nil
}

// unchanged refuses a replacement whose If-Match names another version than the
// latest.
func unchanged(c *call, typ string, latest int) error {
	tags := c.Header.Values("If-Match")
	if len(tags) == 0 || slices.Contains(tags, `W/"`+strconv.Itoa(latest)+`"`) {
		return nil
	}
	return errs.New(errs.Precondition, "fhir."+typ, "the "+strings.ToLower(typ)+" has changed: it is at version "+strconv.Itoa(latest))
}

// answerOwned sends one of them, with its address if it is new.
func (a *api) answerOwned(w http.ResponseWriter, c *call, status int, rec Record) error {
	if status == http.StatusCreated {
		w.Header().Set("Location", a.base(c.Request)+"/"+rec.Type+"/"+rec.ID)
	}
	validators(w, rec)
	body, err := appendResource(nil, rec)
	if err != nil {
		return err
	}
	return a.write(w, c, status, body)
}

// positive is the value of a parameter that is a positive whole number.
func positive(p pair) (int, error) {
	n, err := strconv.Atoi(p.value)
	if err != nil || n < 1 {
		return 0, badParam(p.name, "must be a positive whole number")
	}
	return n, nil
}

// listing is a search of the actor's own resources of a type. They are few, are
// told apart here, and stand in the order of their ids.
type listing struct {
	request
	count int    // of a page; 0 for all
	after string // the last id of the page before
}

// takes reads a parameter that is about pages or the form of the answer.
func (l *listing) takes(p pair) (bool, error) {
	switch p.name {
	case "_format", "_pretty":
	case "_count":
		n, err := positive(p)
		if err != nil {
			return true, err
		}
		l.count = min(n, MaxCount)
		l.request.count = strconv.Itoa(l.count)
	case "_cursor":
		at, err := parsePlace(Query{Type: l.path}, p.value)
		if err != nil {
			return true, err
		}
		l.cursor, l.after = p.value, *at.Keys[0]
	default:
		return false, nil
	}
	return true, nil
}

// answerListing sends the page of a list that was asked for.
func answerListing[T any](a *api, w http.ResponseWriter, c *call, l *listing, list []T, id func(*T) uuid.UUID, record func(*T) (Record, error)) error {
	page := Page{Records: []Record{}, Total: len(list)}
	for i := range list {
		switch at := id(&list[i]).String(); {
		case at <= l.after:
		case l.count > 0 && len(page.Records) == l.count:
			page.More, page.Next = true, Cursor{Keys: []*string{&page.Records[l.count-1].ID}}
		default:
			rec, err := record(&list[i])
			if err != nil {
				return err
			}
			page.Records = append(page.Records, rec)
		}
	}
	body, err := a.bundle(c, &l.request, page, nil)
	if err != nil {
		return err
	}
	return a.write(w, c, http.StatusOK, body)
}
