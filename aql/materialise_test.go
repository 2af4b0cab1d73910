package aql_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/aql/aqltest"
	"github.com/cairn-ehr/cairn/aql/aqltest/pgtarget"
	"github.com/cairn-ehr/cairn/aql/keptstore"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// record is EHRs to which random commits are made.
type record struct {
	target *pgtarget.Target
	g      *generator
	ehrs   []uuid.UUID
	// latest is the number of the latest version of each object.
	latest map[uuid.UUID]map[uuid.UUID]int
}

func newRecord(t *testing.T, target *pgtarget.Target, g *generator, n int) *record {
	t.Helper()
	r := &record{target: target, g: g, latest: map[uuid.UUID]map[uuid.UUID]int{}}
	for range n {
		r.addEHR(t)
	}
	return r
}

func (r *record) addEHR(t *testing.T) {
	t.Helper()
	id := uuid.New()
	status := rm.Object("EHR_STATUS", rm.Child("name", rm.Text("EHR Status")), rm.Str("archetype_node_id", "openEHR-EHR-EHR_STATUS.generic.v1"),
		rm.Child("subject", rm.Object("PARTY_SELF")), rm.Bool("is_queryable", true), rm.Bool("is_modifiable", true))
	if err := r.target.CreateEHR(t.Context(), aqltest.EHR{ID: id, Status: status, Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	r.ehrs = append(r.ehrs, id)
	r.latest[id] = map[uuid.UUID]int{}
}

var recordFiles = []string{"bp.json", "lab.json", "values.json", "nested.json", "bp.json"}

// change commits a new composition, or a change or deletion of one there is, or
// takes an EHR out of population queries or back.
func (r *record) change(t *testing.T) {
	t.Helper()
	if r.g.IntN(10) == 0 {
		if _, err := r.target.Pool().Exec(t.Context(), `update ehr set is_queryable = not is_queryable where ehr_id = $1`, pick(r.g, r.ehrs...)); err != nil {
			t.Fatal(err)
		}
		return
	}
	id := pick(r.g, r.ehrs...)
	v := aqltest.Version{EHR: id, Object: uuid.New(), Number: 1, Committed: time.Now()}
	if have := r.latest[id]; len(have) > 2 && r.g.IntN(2) == 0 {
		objects := slices.SortedFunc(keys(have), func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
		v.Object = pick(r.g, objects...)
		v.Number = have[v.Object] + 1
	}
	r.latest[id][v.Object] = v.Number
	if v.Number > 1 && r.g.IntN(3) == 0 {
		delete(r.latest[id], v.Object) // logically deleted
	} else {
		data, err := os.ReadFile(filepath.Join("aqltest/testdata/compositions", pick(r.g, recordFiles...)))
		if err != nil {
			t.Fatal(err)
		}
		n := r.g.vary(decodeComposition(t, data))
		v.Content = n.With("uid", rm.ID("OBJECT_VERSION_ID", fmt.Sprintf("%s::%s::%d", v.Object, aqltest.System, v.Number)))
	}
	if err := r.target.Commit(t.Context(), v); err != nil {
		t.Fatal(err)
	}
}

func keys[K comparable, V any](m map[K]V) func(yield func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// told collects rows and what is said of their freshness.
type told struct {
	unordered
	fresh *aql.Freshness
}

// Materialised keeps what it is told.
func (s *told) Materialised(f aql.Freshness) { s.fresh = &f }

// TestMaterialisedAgrees changes the record at random and compares what is kept
// of random queries with what the record gives.
func TestMaterialisedAgrees(t *testing.T) {
	t.Parallel()
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	target := newEmpty(t, aql.Options{Timeout: 5 * time.Second})
	g := &generator{Rand: rand.New(rand.NewPCG(s, 5))}
	rec := newRecord(t, target, g, 6)
	for range 10 {
		rec.change(t)
	}
	params := map[string]any{"ehr": uuid.NewString(), "code": "at0004", "p": "mg"}
	var texts []string
	refused := map[string]int{}
	const bp = " FROM EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2] CONTAINS POINT_EVENT p"
	const value = "p/data[at0003]/items[at0004]/value"
	first := []string{ // aggregates of all kinds, in two steps and in one
		"SELECT COUNT(*), COUNT(c), COUNT(" + value + "), SUM(" + value + "/magnitude), AVG(" + value + "/magnitude)" + bp,
		"SELECT e/ehr_id/value, ROUND(AVG(" + value + "/magnitude), 3), COUNT(*)" + bp + " GROUP BY e/ehr_id/value",
		"SELECT c/name/value, COUNT(DISTINCT " + value + "/magnitude), MIN(" + value + "), MAX(" + value + "/magnitude), AVG(" + value + "/magnitude)" + bp +
			" WHERE c/name/value != $code GROUP BY c/name/value HAVING COUNT(*) > 1",
		"SELECT SUM(" + value + "/magnitude + 1), COUNT(*)" + bp,
		"SELECT CONCAT(" + value + "/magnitude, 'x'), COUNT(*)" + bp + " GROUP BY CONCAT(" + value + "/magnitude, 'x')",
		"SELECT COUNT(*), AVG(" + value + "/magnitude)" + bp + " WHERE o/data[at0001]/origin/value < CURRENT_DATE_TIME() AND NOT " + value + "/units = $p",
	}
	for len(texts) < max(10, *queries/10) {
		text := g.query()
		if len(texts) < len(first) {
			text = first[len(texts)]
			if err := target.Engine().Materialisable(text, false); err != nil {
				t.Fatalf("%s\n%v", text, err)
			}
			if err := target.Engine().Run(t.Context(), text, aql.Request{Params: params}, &told{}); err != nil {
				t.Fatalf("%s\n%v", text, err)
			}
		}
		if strings.Contains(text, " LIMIT ") { // which of equal rows is not defined
			text = text[:strings.Index(text, " LIMIT ")]
		}
		if err := target.Engine().Run(t.Context(), text, aql.Request{Params: params}, &told{}); err != nil || slices.Contains(texts, text) {
			continue
		}
		if err := target.Engine().Materialisable(text, false); err != nil {
			refused[errs.As(err).Kind.String()]++
			continue
		}
		texts = append(texts, text)
		if err := target.Kept().Declare(t.Context(), keptstore.Entry{Name: "q" + strconv.Itoa(len(texts)), Version: "1.0.0", Text: text}, "test"); err != nil {
			t.Fatal(err)
		}
	}
	if err := target.Engine().RefreshMaterialised(t.Context()); err != nil {
		t.Fatal(err)
	}
	compared, rows, pending := 0, 0, 0
	for round := range 25 {
		rec.change(t)
		if g.IntN(8) == 0 {
			rec.addEHR(t)
		}
		if g.IntN(3) == 0 {
			if err := target.Engine().RefreshMaterialised(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := target.Kept().Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			text := pick(g, texts...)
			if i < 3 {
				text = pick(g, first...)
			}
			r := aql.Request{Params: params}
			var got, want told
			if err := target.Engine().Run(t.Context(), text, r, &got); err != nil {
				t.Fatalf("seed %d\n%s\n%v", s, text, err)
			}
			r.Strategy = aql.Unkept
			if err := target.Engine().Run(t.Context(), text, r, &want); err != nil {
				t.Fatalf("seed %d\n%s\n%v", s, text, err)
			}
			if got.fresh == nil || want.fresh != nil {
				t.Fatalf("seed %d: what is kept is not used as asked for\n%s", s, text)
			}
			compared++
			rows += len(want.rows)
			if got.fresh.Pending > 0 {
				pending++
			}
			got.rows, want.rows = alike(text, got.rows), alike(text, want.rows)
			if !slices.Equal(got.rows, want.rows) {
				t.Fatalf("seed %d, round %d\n%s\n got %d rows: %.2000v\nwant %d rows: %.2000v", s, round, text, len(got.rows), got.rows, len(want.rows), want.rows)
			}
		}
	}
	if pending == 0 || rows == 0 {
		t.Errorf("%d rows, %d results with changed EHRs", rows, pending)
	}
	t.Logf("seed %d: %d results compared, %d of them with changed EHRs, %d rows; refused: %v", s, compared, pending, rows, refused)
}

// fraction is a number with one, between the borders of a cell or in a list.
var fraction = regexp.MustCompile(`-?\b\d+\.\d+\b`)

// alike sorts rows. Of equal values with other digits, as 12 and 12.0, it is not
// defined which one stands for them.
func alike(text string, rows []string) []string {
	if strings.Contains(text, "DISTINCT") || strings.Contains(text, "GROUP BY") || strings.Contains(text, "MIN(") || strings.Contains(text, "MAX(") {
		for i, row := range rows {
			rows[i] = fraction.ReplaceAllStringFunc(row, func(n string) string { return strings.TrimRight(strings.TrimRight(n, "0"), ".") })
		}
	}
	slices.Sort(rows)
	return rows
}

// TestRefreshPauses: a query whose result cannot be made says why, is not tried
// again at once, and is made when a minute is over.
func TestRefreshPauses(t *testing.T) {
	t.Parallel()
	var late atomic.Int64
	target := newEmpty(t, aql.Options{Now: func() time.Time { return time.Now().Add(time.Duration(late.Load())) }})
	newRecord(t, target, &generator{Rand: rand.New(rand.NewPCG(1, 7))}, 1)
	entry := keptstore.Entry{Name: "q", Version: "1.0.0", Text: "SELECT e/ehr_id/value FROM EHR e", Every: time.Hour}
	if err := target.Kept().Declare(t.Context(), entry, "test"); err != nil {
		t.Fatal(err)
	}
	refreshed := func() (problem string, done bool) {
		t.Helper()
		if err := target.Engine().RefreshMaterialised(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, _, err := target.Kept().Entries(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return list[0].Problem, list[0].Complete
	}
	rename := func(from, to string) {
		t.Helper()
		if _, err := target.Pool().Exec(t.Context(), "alter table "+from+" rename to "+to); err != nil {
			t.Fatal(err)
		}
	}
	rename("aql_result", "aql_result_gone")
	if problem, done := refreshed(); problem == "" || done {
		t.Fatalf("without its table: %q, done %v", problem, done)
	}
	rename("aql_result_gone", "aql_result")
	if problem, done := refreshed(); problem == "" || done {
		t.Errorf("at once: %q, done %v", problem, done)
	}
	late.Store(int64(time.Minute))
	if problem, done := refreshed(); problem != "" || !done {
		t.Errorf("after a minute: %q, done %v", problem, done)
	}
}

// TestMaterialisedIsExactWhileCommitsRun: a result has every commit that was
// acknowledged before it was asked for, and none that was not begun when it was
// given, whatever is being refreshed, declared and dropped meanwhile.
func TestMaterialisedIsExactWhileCommitsRun(t *testing.T) {
	t.Parallel()
	target := newEmpty(t, aql.Options{Timeout: 20 * time.Second})
	g := &generator{Rand: rand.New(rand.NewPCG(1, 6))}
	rec := newRecord(t, target, g, 4)
	const text = "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c[openEHR-EHR-COMPOSITION.encounter.v1]"
	data, err := os.ReadFile("aqltest/testdata/compositions/bp.json")
	if err != nil {
		t.Fatal(err)
	}
	content := decodeComposition(t, data)
	const writers, each = 4, 40
	var begun, done atomic.Int64
	writing, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for range each {
				object := uuid.New()
				v := aqltest.Version{EHR: rec.ehrs[w], Object: object, Number: 1, Committed: time.Now()}
				v.Content = content.With("uid", rm.ID("OBJECT_VERSION_ID", object.String()+"::"+aqltest.System+"::1"))
				begun.Add(1)
				if err := target.Commit(t.Context(), v); err != nil {
					t.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	var others sync.WaitGroup
	others.Go(func() {
		for n := 0; writing.Err() == nil; n++ {
			if err := target.Engine().RefreshMaterialised(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	others.Go(func() {
		for n := 0; writing.Err() == nil; n++ {
			if err := target.Kept().Declare(t.Context(), keptstore.Entry{Name: "q", Version: "1.0.0", Text: text}, "test"); err != nil && !errs.Is(err, errs.Unavailable) {
				t.Error(err)
			}
			time.Sleep(150 * time.Millisecond)
			if err := target.Kept().Drop(t.Context(), "q", "1.0.0"); err != nil && !errs.Is(err, errs.Unavailable) && !errs.Is(err, errs.NotFound) {
				t.Error(err)
			}
		}
	})
	reads, kept := 0, 0
	var readers sync.WaitGroup
	readers.Go(func() {
		for writing.Err() == nil {
			least := done.Load()
			var got told
			if err := target.Engine().Run(t.Context(), text, aql.Request{}, &got); err != nil {
				t.Error(err)
				return
			}
			most := begun.Load()
			n, err := strconv.ParseInt(got.rows[0], 10, 64)
			if err != nil || n < least || n > most {
				t.Errorf("%d compositions, want %d to %d (kept: %v) %v", n, least, most, got.fresh, err)
			}
			reads++
			if got.fresh != nil {
				kept++
			}
		}
	})
	wg.Wait()
	stop()
	readers.Wait()
	others.Wait()
	if kept == 0 {
		t.Errorf("none of %d reads was of what is kept", reads)
	}
	t.Logf("%d reads, %d of what is kept", reads, kept)
}
