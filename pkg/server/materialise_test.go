package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// TestMaterialisedOverHTTP: a stored query whose result is kept says so in the
// meta of its answers, and has each commit at once.
func TestMaterialisedOverHTTP(t *testing.T) {
	t.Parallel()
	s := runningWith(t, testOptions(t), 4, 2)
	m := Maintainer{s.store}
	send := func(method, path, body string) (int, []byte) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, s.Origin()+"/openehr/v1"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "text/plain")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, data
	}
	const text = "SELECT COUNT(*) FROM EHR e"
	for name, q := range map[string]string{"ehrs": text, "hourly": text + " CONTAINS EHR_STATUS s", "one": text + "[ehr_id/value = $ehr]", "from": text + " CONTAINS COMPOSITION c[$archetype]"} {
		if status, body := send(http.MethodPut, "/definition/query/test::"+name+"/1.0.0", q); status != http.StatusOK {
			t.Fatalf("%s: %d %s", name, status, body)
		}
	}
	for _, c := range []struct {
		name  string
		every time.Duration
		kind  errs.Kind
		says  string
	}{
		{"test::one", 0, errs.Unsupported, "names the EHRs"},
		{"test::one", time.Hour, errs.Unsupported, "parameter $ehr"},
		{"test::from", 0, errs.Unsupported, "parameter $archetype stands in FROM"},
		{"test::other", 0, errs.NotFound, "no such version"},
		{"test::ehrs", time.Millisecond, errs.Invalid, "a second at least"},
	} {
		if err := m.Materialise(t.Context(), c.name, "1.0.0", c.every); !errs.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s every %v: %v", c.name, c.every, err)
		}
	}
	if err := m.Materialise(t.Context(), "test::ehrs", "1.0.0", 0); err != nil {
		t.Fatal(err)
	}
	if err := m.Materialise(t.Context(), "test::hourly", "1.0.0", time.Hour); err != nil {
		t.Fatal(err)
	}
	type result struct {
		Meta struct {
			Materialised *struct {
				Mode        string
				RefreshedAt time.Time `json:"refreshed_at"`
				Pending     *int64
			} `json:"_materialised"`
		}
		Rows [][]int
	}
	ask := func(name, ehr string) (r result) {
		t.Helper()
		path := "/query/test::" + name + "/1.0.0"
		if ehr != "" {
			path += "?ehr_id=" + ehr
		}
		status, body := send(http.MethodGet, path, "")
		if status != http.StatusOK {
			t.Fatalf("%s: %d %s", name, status, body)
		}
		if err := json.Unmarshal(body, &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	before := ask("ehrs", "")
	hourly := ask("hourly", "")
	if k := before.Meta.Materialised; k == nil || k.Mode != "incremental" || k.Pending == nil || time.Since(k.RefreshedAt) > time.Minute {
		t.Fatalf("incremental: %+v", k)
	}
	if k := hourly.Meta.Materialised; k == nil || k.Mode != "scheduled" || k.Pending != nil || hourly.Rows[0][0] != before.Rows[0][0] {
		t.Fatalf("scheduled: %+v", k)
	}
	if status, body := send(http.MethodPost, "/ehr", ""); status != http.StatusCreated {
		t.Fatalf("%d %s", status, body)
	}
	for n := 1; n <= 3; n++ {
		if n > 1 {
			if status, body := send(http.MethodPost, "/ehr", ""); status != http.StatusCreated {
				t.Fatalf("%d %s", status, body)
			}
		}
		if got := ask("ehrs", ""); got.Rows[0][0] != before.Rows[0][0]+n || got.Meta.Materialised == nil {
			t.Errorf("after %d EHRs more there are %v, before %v; kept: %v", n, got.Rows, before.Rows, got.Meta.Materialised)
		}
	}
	if got := ask("hourly", ""); fmt.Sprint(got.Rows) != fmt.Sprint(hourly.Rows) || !got.Meta.Materialised.RefreshedAt.Equal(hourly.Meta.Materialised.RefreshedAt) {
		t.Errorf("scheduled %v, before %v", got, hourly)
	}
	// Of one EHR nothing is kept, and in its own time neither.
	var id string
	if err := s.store.Pool().QueryRow(t.Context(), `select ehr_id::text from ehr limit 1`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	if got := ask("ehrs", id); got.Rows[0][0] != 1 || got.Meta.Materialised != nil {
		t.Errorf("of one EHR: %+v", got)
	}
	// The server brings what is kept up to date by itself.
	settled := func() bool {
		list, err := m.Materialised(t.Context())
		if err != nil || len(list) != 2 {
			t.Fatalf("%v, %v", list, err)
		}
		return list[0].Pending == 0
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for !settled() && ctx.Err() == nil {
		time.Sleep(50 * time.Millisecond)
	}
	if !settled() {
		t.Error("the rows are not renewed")
	}
	for _, name := range []string{"test::ehrs", "test::hourly"} {
		if err := m.Unmaterialise(t.Context(), name, "1.0.0"); err != nil {
			t.Error(err)
		}
	}
	if got := ask("ehrs", ""); got.Meta.Materialised != nil || got.Rows[0][0] != before.Rows[0][0]+3 {
		t.Errorf("after the end: %+v", got)
	}
	var enabled string
	if err := s.store.Pool().QueryRow(t.Context(), `select tgenabled::text from pg_trigger where tgname = 'aql_mark' and tgrelid = 'contribution'::regclass`).Scan(&enabled); err != nil || enabled != "D" {
		t.Errorf("the trigger is %q, %v", enabled, err)
	}
}
