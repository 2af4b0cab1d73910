package fhir

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Subscriptions and groups are made by clients and not by mappings, and nobody
// sees those of another. This is what both have in common.

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
