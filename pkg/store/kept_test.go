package store_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
	"github.com/cairn-ehr/cairn/pkg/store"
)

// What is stored does not depend on the form in which documents are sent. A
// database without the casts gets them as text.
func TestFormsOfDocuments(t *testing.T) {
	t.Parallel()
	urls := []string{pgtest.URL(t), pgtest.URL(t)}
	kept, texts := openURL(t, urls[0]), openURL(t, urls[1])
	if !kept.KeptForm() {
		t.Skip("the role of the test database could not create the casts")
	}
	if _, err := texts.Pool().Exec(t.Context(), `drop cast (bytea as jsonb)`); err != nil {
		t.Fatal(err)
	}
	if texts = openURL(t, urls[1]); texts.KeptForm() {
		t.Fatal("documents are sent as the database keeps them to one that does not take them")
	}
	var list []ehr.Contribution
	ids := make([]uuid.UUID, 2)
	for i := range 9 {
		ids[0], _ = written(t, kept)
		ids[1], _ = written(t, texts)
		if _, err := texts.Pool().Exec(t.Context(), `update ehr set ehr_id = $1 where ehr_id = $2`, ids[0], ids[1]); err != nil {
			t.Fatal(err)
		}
		c := full(t, ids[0], i)
		if i == 7 { // one that is sent as text everywhere
			c.Versions[0].Raw = []byte(`{"n":1.5e3,"s":"\u00e9\ud83d\ude00","a":[{"b":[]},-0.10,true,null]}`)
		}
		list = append(list, c)
	}
	for _, c := range list {
		for _, s := range []*store.Store{kept, texts} {
			if _, err := s.Commit(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, want := stored(t, kept, list), stored(t, texts, list)
	for _, name := range []string{"document", "fhir_resource"} {
		if len(want[name]) == 0 {
			t.Errorf("nothing is stored in %s", name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// Where statements cannot be prepared, pgx encodes.
	for _, url := range urls {
		separator := "?"
		if strings.Contains(url, "?") {
			separator = "&"
		}
		s := openURL(t, url+separator+"default_query_exec_mode=cache_describe")
		id, _ := written(t, s)
		c := full(t, id, 7)
		if _, err := s.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if len(stored(t, s, []ehr.Contribution{c})["document"]) == 0 {
			t.Error("nothing is stored where statements are not prepared")
		}
	}
	// Byte for byte what the database makes of the text.
	for _, c := range list {
		for _, v := range c.Versions {
			var same bool
			if err := kept.Pool().QueryRow(t.Context(), `
				select d.content::bytea = convert_from($2, 'UTF8')::jsonb::bytea from document d join version v using (ehr_no, vo_no, ver)
				where v.object_id = $1`, v.UID.Object, v.Raw).Scan(&same); err != nil || !same {
				t.Errorf("%s is kept otherwise: %v", v.Raw, err)
			}
		}
	}
}

// TestUnlikeDatabase: to a database that keeps jsonb otherwise, or takes bytes for
// it by a function, documents are sent as text.
func TestUnlikeDatabase(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s := openURL(t, url)
	if !s.KeptForm() {
		t.Skip("the role of the test database could not create the casts")
	}
	for _, sql := range []string{
		`drop cast (jsonb as bytea);
		 create function other_bytes(jsonb) returns bytea language sql immutable as $$ select '\x00'::bytea $$;
		 create cast (jsonb as bytea) with function other_bytes(jsonb)`,
		`drop cast (jsonb as bytea)`,
	} {
		if _, err := s.Pool().Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
		if openURL(t, url).KeptForm() {
			t.Errorf("documents are sent as the database keeps them after %s", sql)
		}
	}
}

func openURL(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{URL: url, Conns: 4, QueryConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// TestWithoutSuperuser: a role that cannot create the casts gets everything else.
func TestWithoutSuperuser(t *testing.T) {
	t.Parallel()
	url := pgtest.EmptyURL(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	role := "plain_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	for _, sql := range []string{`create role ` + role, `grant all on schema public to ` + role, `grant ` + role + ` to current_user`} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Skipf("the role of the test database cannot create another: %v", err)
		}
	}
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), url)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(context.Background(), `drop owned by `+role+` cascade; drop role `+role); err != nil {
			t.Error(err)
		}
	})
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	plain := url + separator + "role=" + role
	if err := migrate(t, plain); err != nil {
		t.Fatal(err)
	}
	s := openURL(t, plain)
	if s.KeptForm() {
		t.Error("documents are sent as the database keeps them without the casts")
	}
	id, _ := written(t, s)
	if _, err := s.Commit(t.Context(), full(t, id, 3)); err != nil {
		t.Error(err)
	}
}
