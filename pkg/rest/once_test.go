package rest_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rest"
)

func TestIdempotentRetry(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(c *rest.Config) {
		c.EraseEHRs = true
		c.Authenticate = func(r *http.Request) (ehr.Actor, error) {
			return ehr.Actor{ID: "u" + r.Header.Get("X-User"), Name: "Dr Actor"}, nil
		}
	})
	id := a.newEHR()
	path := "/ehr/" + id + "/composition"
	key := "Idempotency-Key: " + uuid.NewString()

	first := a.do("POST", path, composition(t), key, "Prefer: return=representation").status(http.StatusCreated).has("Idempotency-Replayed", "")
	again := a.do("POST", path, composition(t), key, "Prefer: return=representation").status(http.StatusCreated).has("Idempotency-Replayed", "true")
	if string(again.body) != string(first.body) || len(first.body) == 0 {
		t.Error("the repetition has another body")
	}
	for _, name := range []string{"ETag", "Location", "Last-Modified", "Content-Type", "Preference-Applied"} {
		again.has(name, first.header.Get(name))
	}
	if n := len(a.versions(id, first.tag())); n != 1 {
		t.Errorf("%d versions", n)
	}
	contributions, versions := a.counts()
	if contributions != 2 || versions != 3 { // with EHR_STATUS and EHR_ACCESS
		t.Errorf("%d contributions and %d versions", contributions, versions)
	}
	// The quotes of a structured header field make no difference.
	a.do("POST", path, composition(t), "Idempotency-Key: \""+strings.TrimPrefix(key, "Idempotency-Key: ")+"\"", "Prefer: return=representation").status(http.StatusCreated).has("Idempotency-Replayed", "true")

	// Another content, or another wish for the answer, with the same key.
	for _, change := range []struct {
		body []byte
		line string
	}{
		{composition(t, "Dr", "Mr"), "Prefer: return=representation"},
		{composition(t), "Prefer: return=minimal"},
		{composition(t), `openehr-audit-details: description.value="other"`},
	} {
		f := a.do("POST", path, append(change.body, '\n'), key, change.line).status(http.StatusUnprocessableEntity).fault()
		if f.Code != ehr.CodeOnceDiffers {
			t.Errorf("%+v", f)
		}
	}
	// Another principal, EHR or operation has keys of its own.
	a.do("POST", path, composition(t), key, "Prefer: return=representation", "X-User: 2").status(http.StatusCreated).has("Idempotency-Replayed", "")
	a.do("POST", "/ehr/"+a.newEHR()+"/composition", composition(t), key).status(http.StatusCreated).has("Idempotency-Replayed", "")
	for _, c := range []struct {
		path string
		body []byte
		line string
	}{
		{"/ehr", nil, "Prefer: return=identifier"},
		{"/definition/template/adl1.4", template(t, "another"), "Content-Type: application/xml"},
		{"/ehr/" + id + "/contribution", []byte(`{"versions":[{"data":` + string(composition(t)) + `}],"audit":{}}`), "Prefer: return=representation"},
	} {
		one := a.do("POST", c.path, c.body, key, c.line).status(http.StatusCreated).has("Idempotency-Replayed", "")
		two := a.do("POST", c.path, c.body, key, c.line).status(http.StatusCreated).has("Idempotency-Replayed", "true")
		if one.header.Get("Location") != two.header.Get("Location") || string(one.body) != string(two.body) {
			t.Errorf("%s: %s and %s", c.path, one.header, two.header)
		}
	}
	// The template is usable after it was stored in the larger transaction.
	a.do("GET", "/definition/template/adl1.4/another/example", nil).status(http.StatusOK)

	// A refusal is not kept: once corrected, the key may be used.
	key = "Idempotency-Key: corrected"
	a.do("POST", path, []byte(`{"_type":"COMPOSITION"}`), key).status(http.StatusBadRequest).has("Idempotency-Replayed", "")
	a.do("POST", path, composition(t), key).status(http.StatusCreated).has("Idempotency-Replayed", "")

	for _, bad := range []string{"", `""`, strings.Repeat("k", 256), "a\tb", "é"} {
		a.do("POST", path, composition(t), "Idempotency-Key: "+bad).status(http.StatusBadRequest).fault()
	}
	a.do("POST", path, composition(t), "Idempotency-Key: a", "Idempotency-Key: b").status(http.StatusBadRequest).fault()

	// Nothing of an EHR stays when it is erased, and the key is free again.
	a.do("DELETE", "/admin/ehr/"+id, nil).status(http.StatusNoContent)
	var n int
	if err := a.db.Pool().QueryRow(t.Context(), `select count(*) from idempotent_answer where ehr_id = $1`, id).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d answers are left: %v", n, err)
	}
	a.do("POST", path, composition(t), key).status(http.StatusNotFound)
}

func TestIdempotentRetryExpires(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(c *rest.Config) { c.IdempotencyLifetime = 40 * time.Millisecond })
	one := a.do("POST", "/ehr", nil, "Idempotency-Key: k").status(http.StatusCreated).tag()
	time.Sleep(60 * time.Millisecond)
	two := a.do("POST", "/ehr", nil, "Idempotency-Key: k").status(http.StatusCreated).has("Idempotency-Replayed", "").tag()
	if one == two {
		t.Error("the answer did not expire")
	}
	time.Sleep(60 * time.Millisecond)
	a.do("POST", "/ehr", nil, "Idempotency-Key: other").status(http.StatusCreated)
	var n int
	if err := a.db.Pool().QueryRow(t.Context(), `select count(*) from idempotent_answer`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d answers are kept: %v", n, err)
	}
}

// TestIdempotentRetryConcurrent sends one request from many clients at once:
// it is carried out once, and all get the same answer.
func TestIdempotentRetryConcurrent(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.newEHR()
	const clients = 12
	tags := make([]string, clients)
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() {
			tags[i] = a.do("POST", "/ehr/"+id+"/composition", composition(t), "Idempotency-Key: same").header.Get("ETag")
		})
	}
	group.Wait()
	for _, tag := range tags {
		if tag == "" || tag != tags[0] {
			t.Errorf("answers %q", tags)
			break
		}
	}
	if contributions, versions := a.counts(); contributions != 2 || versions != 3 {
		t.Errorf("%d contributions and %d versions", contributions, versions)
	}
}

// failing loses the answer after the use case has written.
type failing struct {
	rest.Records
	lose bool
}

func (f *failing) Once(ctx context.Context, k ehr.OnceKey, do func(context.Context) ([]byte, error)) ([]byte, bool, error) {
	return f.Records.Once(ctx, k, func(ctx context.Context) ([]byte, error) {
		answer, err := do(ctx)
		if f.lose {
			f.lose = false
			return nil, context.DeadlineExceeded
		}
		return answer, err
	})
}

// TestIdempotentRetryAfterFailure fails between the write and its answer: the
// write is undone, also what the use cases remember of it.
func TestIdempotentRetryAfterFailure(t *testing.T) {
	t.Parallel()
	f := &failing{lose: true}
	a := newAPI(t, func(c *rest.Config) { f.Records = c.Records; c.Records = f })
	id := a.newEHR()
	a.do("POST", "/ehr/"+id+"/composition", composition(t), "Idempotency-Key: k").status(http.StatusRequestTimeout)
	if contributions, versions := a.counts(); contributions != 1 || versions != 2 {
		t.Errorf("%d contributions and %d versions", contributions, versions)
	}
	a.do("POST", "/ehr/"+id+"/composition", composition(t), "Idempotency-Key: k").status(http.StatusCreated).has("Idempotency-Replayed", "")

	f.lose = true
	a.do("POST", "/definition/template/adl1.4", template(t, "lost"), "Content-Type: application/xml", "Idempotency-Key: k").status(http.StatusRequestTimeout)
	a.do("GET", "/definition/template/adl1.4/lost/example", nil).status(http.StatusNotFound)
	a.do("POST", "/definition/template/adl1.4", template(t, "lost"), "Content-Type: application/xml", "Idempotency-Key: k").status(http.StatusCreated)
}
