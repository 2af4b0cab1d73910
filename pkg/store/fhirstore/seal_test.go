package fhirstore_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
)

// Headers of subscriptions are encrypted in the database: by the first key, and
// read by any. Without the key they are not read, and never plain.
func TestHeadersAreEncrypted(t *testing.T) {
	t.Parallel()
	db := open(t)
	one, two := strings.Repeat("01", 32), base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	reader := func(list ...string) *fhirstore.Reader {
		t.Helper()
		keys, err := fhirstore.ParseKeys(list)
		if err != nil {
			t.Fatal(err)
		}
		r := fhirstore.New(db, ehr.AllowAll{})
		r.Seal(keys)
		return r
	}
	headers := []string{"Authorization: Bearer swordfish", "X-B: c"}
	make := func(r *fhirstore.Reader) (fhir.Subscription, error) {
		s := fhir.Subscription{
			ID: uuid.New(), Owner: who, Status: fhir.StatusRequested, Headers: headers,
			Terms: fhir.Terms{Type: "Observation", Channel: fhir.ChannelHook, Endpoint: "https://a.example", Content: fhir.ContentFull, Base: "http://h.example/f"},
		}
		return s, r.NewSubscription(t.Context(), &s)
	}
	stored := func(id uuid.UUID) (list []string) {
		t.Helper()
		if err := db.Pool().QueryRow(t.Context(), `select headers from fhir_subscription where id = $1`, id).Scan(&list); err != nil {
			t.Fatal(err)
		}
		return list
	}
	read := func(r *fhirstore.Reader, id uuid.UUID) fhir.Subscription {
		t.Helper()
		s, err := r.Subscription(t.Context(), who, id)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	reseal := func(r *fhirstore.Reader, done, lost int) {
		t.Helper()
		d, l, err := r.Reseal(t.Context())
		if err != nil || d != done || l != lost {
			t.Errorf("%d are encrypted anew, %d lost, %v; %d and %d expected", d, l, err, done, lost)
		}
	}

	if _, err := make(reader()); !errs.Is(err, errs.Unprocessable) {
		t.Errorf("without a key: %v", err)
	}
	s, err := make(reader(one))
	if err != nil {
		t.Fatal(err)
	}
	first := stored(s.ID)
	if text := strings.Join(first, " "); len(first) != 2 || strings.Contains(text, "swordfish") || strings.Contains(text, "Authorization") {
		t.Errorf("stored as %v", first)
	}
	for _, keys := range [][]string{{one}, {one, two}, {two, one}} {
		if got := read(reader(keys...), s.ID); !slices.Equal(got.Headers, headers) || got.Sealed != nil || got.Current != (keys[0] == one) {
			t.Errorf("%v: %+v", keys, got)
		}
	}
	for _, r := range []*fhirstore.Reader{reader(), reader(two)} {
		if got := read(r, s.ID); len(got.Headers) > 0 || !errs.Is(got.Sealed, errs.Unavailable) {
			t.Errorf("without the key: %+v", got)
		}
		reseal(r, 0, 1)
	}
	reseal(reader(one, two), 0, 0)
	reseal(reader(two, one), 1, 0)
	if got := read(reader(two), s.ID); !slices.Equal(got.Headers, headers) {
		t.Errorf("by the new key: %+v", got)
	}

	// What was stored before there was a key is read, and encrypted once there is one.
	if _, err := db.Pool().Exec(t.Context(), `update fhir_subscription set headers = $1 where id = $2`, headers, s.ID); err != nil {
		t.Fatal(err)
	}
	if got := read(reader(), s.ID); !slices.Equal(got.Headers, headers) {
		t.Errorf("plain: %+v", got)
	}
	reseal(reader(), 0, 0)
	reseal(reader(one), 1, 0)
	if got := stored(s.ID); strings.Contains(strings.Join(got, " "), "swordfish") {
		t.Errorf("still %v", got)
	}

	// They belong to their subscription and their place.
	other, err := make(reader(one))
	if err != nil {
		t.Fatal(err)
	}
	list := stored(other.ID)
	slices.Reverse(list)
	for _, swapped := range [][]string{stored(s.ID), list, {list[0][:len(list[0])-8]}, {"aes-256-gcm "}} {
		if _, err := db.Pool().Exec(t.Context(), `update fhir_subscription set headers = $1 where id = $2`, swapped, other.ID); err != nil {
			t.Fatal(err)
		}
		if got := read(reader(one), other.ID); len(got.Headers) > 0 || got.Sealed == nil {
			t.Errorf("%v is read as %v", swapped, got.Headers)
		}
	}
	for _, bad := range []string{"", "short", strings.Repeat("0", 63), strings.Repeat("00", 33)} {
		if _, err := fhirstore.ParseKeys([]string{bad}); !errs.Is(err, errs.Invalid) || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("the key %q: %v", bad, err)
		}
	}
}
