package fhirstore_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
	"github.com/cairn-ehr/cairn/pkg/store"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
)

// turning is a search whose pages are turned one by one.
type turning struct {
	name      string
	q         fhir.Query
	want, got []string
	total     int
	done      bool
}

// shownAs is what a page shows of a record.
func shownAs(rec fhir.Record) string {
	return fmt.Sprint(rec.Type, "/", rec.ID, " ", rec.Version, " ", rec.LastUpdated.UnixMicro(), " ", rec.Source, " ", string(rec.JSON))
}

// begin reads all that there is to be found, and then, before anything changes, the
// first page.
func begin(t *testing.T, r *fhirstore.Reader, name string, q fhir.Query) *turning {
	t.Helper()
	w := &turning{name: name, q: q}
	all := q
	all.Count = 10_000
	page, err := r.Search(t.Context(), who, all)
	if err != nil || page.More {
		t.Fatal(name, page.More, err)
	}
	for _, rec := range page.Records {
		w.want = append(w.want, shownAs(rec))
	}
	w.total = page.Total
	w.turn(t, r)
	return w
}

// turn reads a page, which is of the state that the first was of.
func (w *turning) turn(t *testing.T, r *fhirstore.Reader) {
	t.Helper()
	page, err := r.Search(t.Context(), who, w.q)
	if err != nil {
		t.Fatalf("%s: %v", w.name, err)
	}
	if page.Total != w.total {
		t.Errorf("%s: a page counts %d, the first %d", w.name, page.Total, w.total)
	}
	for _, rec := range page.Records {
		w.got = append(w.got, shownAs(rec))
	}
	if len(w.got) > len(w.want) {
		t.Fatalf("%s: more than there was:\n%s", w.name, cmp.Diff(w.want, w.got))
	}
	w.q.After, w.done = page.Next, !page.More
	if w.done {
		if diff := cmp.Diff(w.want, w.got); diff != "" {
			t.Errorf("%s, what there was and what the pages show:\n%s", w.name, diff)
		}
	}
}

// generation is an Observation of a version, with values that change with it.
func generation(rng *rand.Rand, id string) ehr.Resource {
	n := rng.IntN(30)
	r := observation(
		id,
		ehr.SearchValue{Param: "code", Code: []string{"x", "y"}[rng.IntN(2)]},
		ehr.SearchValue{Param: "value-quantity", Number: fmt.Sprint(rng.IntN(10))},
		ehr.SearchValue{Param: "identifier", Code: fmt.Sprint("i", rng.IntN(3))},
		dated(fmt.Sprintf("2024-01-%02d", 1+n), fmt.Sprintf("2024-02-%02d", 1+n%28)),
	)
	r.JSON = fmt.Appendf(nil, `{"resourceType":"Observation","id":"%s","n":%d}`, id, rng.Uint32())
	return r
}

// Whatever is committed, corrected, deleted, made again by other rules or
// still under way meanwhile: the pages of a search are together what there was when
// its first page was read, in its order, each resource once and as it was then.
func TestPagesAreOfOneSnapshot(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	s := open(t)
	reader := fhirstore.New(s, ehr.AllowAll{})
	if err := reader.Restored(t.Context()); err != nil {
		t.Fatal(err)
	}
	records := []*record{newRecord(t, s, true), newRecord(t, s, true)}
	objects := make([][]uuid.UUID, len(records))
	ids := func(object uuid.UUID) string { return fmt.Sprintf("%x", binary.BigEndian.Uint32(object[:4])) }
	projected := func(object uuid.UUID) *ehr.Projected {
		p := &ehr.Projected{}
		for i := range 3 {
			// One always: a Composition of which there was none names what is made later.
			if i == 0 || rng.IntN(4) > 0 {
				p.Resources = append(p.Resources, generation(rng, fmt.Sprint(ids(object), "-", i)))
			}
		}
		return p
	}
	create := func(k int) {
		object := uuid.New()
		objects[k] = append(objects[k], object)
		records[k].put(object, projected(object))
	}
	version := 1
	remake := func() { // all resources are made again, with other contents and values
		version++
		p := []ehr.Projection{again{fmt.Sprint(version), func(object uuid.UUID) ehr.Projected { return *projected(object) }}}
		if err := s.UseRules(t.Context(), ehr.Rules(p), false); err != nil {
			t.Fatal(err)
		}
		if err := s.Reproject(t.Context(), store.ReprojectOptions{Projections: p, Failed: func(uid string, err error) { t.Error(uid, err) }}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Pool().Exec(t.Context(), `update fhir_state set rules = null`); err != nil {
			t.Fatal(err)
		}
	}
	change := func() {
		k := rng.IntN(len(records))
		i := rng.IntN(len(objects[k]))
		object := objects[k][i]
		switch n := rng.IntN(20); {
		case n < 6 || len(objects[k]) < 4:
			create(k)
		case n < 9: // for good
			objects[k] = slices.Delete(objects[k], i, i+1)
			records[k].put(object, nil)
		case n == 9:
			remake()
		default:
			records[k].put(object, projected(object))
		}
	}
	for k := range records {
		for range 8 {
			create(k)
		}
	}
	patient, both := []string{records[0].ehrID.String()}, []string{records[0].ehrID.String(), records[1].ehrID.String()}
	code := fhir.Filter{Param: "code", Kind: fhir.Token, Values: []fhir.Value{{Code: "x"}}}
	value := fhir.Filter{Param: "value-quantity", Kind: fhir.Quantity, Values: []fhir.Value{{Prefix: fhir.Greater, Number: "4", NumberLow: "4", NumberHigh: "5"}}}
	identifier := fhir.Filter{Param: "identifier", Kind: fhir.Token, Values: []fhir.Value{{Code: "i1"}}}
	notCode := code
	notCode.Modifier = fhir.Not
	searches := map[string]fhir.Query{}
	for whose, patients := range map[string][]string{"one patient": patient, "two patients": both, "the population": nil} {
		for order, sort := range map[string][]fhir.Sort{
			"": nil, " by id, down": {{Param: "_id", Desc: true}},
			" by time": {{Param: "_lastUpdated"}}, " by time, down": {{Param: "_lastUpdated", Desc: true}},
			" by date": {{Param: "date", Kind: fhir.Date}}, " by date, down": {{Param: "date", Kind: fhir.Date, Desc: true}},
			" by code and value": {{Param: "code", Kind: fhir.Token}, {Param: "value-quantity", Kind: fhir.Quantity, Desc: true}},
		} {
			for which, filters := range map[string][]fhir.Filter{"": nil, " with code": {code}, " without code": {notCode}, " with value": {code, value}, " with identifier": {identifier}} {
				searches[whose+order+which] = fhir.Query{Type: "Observation", Patients: patients, Sort: sort, Filters: filters, Total: true}
			}
			searches[whose+order+" who has"] = fhir.Query{
				Type: "Observation", Patients: patients, Sort: sort, Total: true,
				Has: []fhir.Has{{Type: "Observation", Filters: []fhir.Filter{code, value, identifier}}},
			}
		}
		searches[whose+", all types"] = fhir.Query{Patients: patients, Total: true}
	}
	for whose, patients := range map[string][]string{"one patient": patient, "two patients": both, "the population": nil} {
		for typ, by := range map[string]string{virtual.AuditEvent: "date", virtual.Provenance: "recorded", virtual.Composition: "date", virtual.DocumentReference: "date"} {
			for order, sort := range map[string][]fhir.Sort{"": nil, " by time": {{Param: by}}, " by time, down": {{Param: "_lastUpdated", Desc: true}}} {
				searches[typ+" of "+whose+order] = fhir.Query{Type: typ, Patients: patients, Sort: sort, Total: true}
			}
		}
	}
	for k := range 3 {
		entry := fhir.Filter{Param: "entry", Kind: fhir.Reference, Values: []fhir.Value{{Code: fmt.Sprint("Observation/", ids(objects[0][k]), "-1")}, {Code: fmt.Sprint("Observation/", ids(objects[0][k+3]), "-2")}}}
		target := entry
		target.Param = "target"
		searches[fmt.Sprint("documents with ", k)] = fhir.Query{Type: virtual.Composition, Filters: []fhir.Filter{entry}, Total: true}
		searches[fmt.Sprint("origins of ", k)] = fhir.Query{Type: virtual.Provenance, Filters: []fhir.Filter{target}, Total: true}
	}
	var walks []*turning
	for name, q := range searches {
		if rng.IntN(3) > 0 {
			continue
		}
		q.Count = 1 + rng.IntN(6)
		walks = append(walks, begin(t, reader, name, q))
		change()
		for _, w := range walks {
			if !w.done && rng.IntN(2) == 0 {
				w.turn(t, reader)
			}
		}
	}
	for _, w := range walks {
		for !w.done {
			if rng.IntN(4) == 0 {
				change()
			}
			w.turn(t, reader)
		}
	}
}

// again makes the resources of an object by what it is.
type again struct {
	version string
	make    func(object uuid.UUID) ehr.Projected
}

func (a again) Name() string    { return "test" }
func (a again) Version() string { return a.version }
func (a again) Project(in ehr.ProjectionInput) ehr.Projected {
	if in.Kind != ehr.KindComposition || in.Root == nil {
		return ehr.Projected{}
	}
	return a.make(uuid.MustParse(in.ObjectID))
}

// A commit takes its time before it is seen. One that is under way while the first
// page is read is of no page, though its resources are older than that page; nor is
// what it replaces gone.
func TestPagesLeaveOutWhatWasUnderWay(t *testing.T) {
	t.Parallel()
	s := open(t)
	reader := fhirstore.New(s, ehr.AllowAll{})
	if err := reader.Restored(t.Context()); err != nil {
		t.Fatal(err)
	}
	rec, object := newRecord(t, s, true), uuid.New()
	var list []ehr.Resource
	for i := range 6 {
		list = append(list, observation(fmt.Sprint("o", i)))
	}
	rec.put(object, &ehr.Projected{Resources: list})
	rec.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{observation("p")}})

	// The triggers of this table run at the end of the commit.
	hold, err := s.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer hold.Rollback(t.Context()) //nolint:errcheck // done by then
	if _, err := hold.Exec(t.Context(), `lock table fhir_loss in exclusive mode`); err != nil {
		t.Fatal(err)
	}
	committed := make(chan time.Time, 1)
	v := rec.next(object, &ehr.Projected{
		Resources: append(list[:3:3], observation("n")),
		Losses:    []ehr.Loss{{Kind: "unmapped", Code: "c", Message: "held up"}}, Types: []string{"Observation"},
	})
	go func() {
		at, err := rec.try(ehr.Contribution{Versions: []ehr.NewVersion{v}})
		if err != nil {
			t.Error(err)
		}
		committed <- at
	}()
	for waits := false; !waits; {
		if err := s.QueryPool().QueryRow(t.Context(), `select exists (select from pg_locks where relation = 'fhir_loss'::regclass and not granted)`).Scan(&waits); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	var first time.Time
	if err := s.QueryPool().QueryRow(t.Context(), `select clock_timestamp()`).Scan(&first); err != nil {
		t.Fatal(err)
	}
	var walks []*turning
	for _, patients := range [][]string{nil, {rec.ehrID.String()}} {
		for _, desc := range []bool{false, true} {
			walks = append(walks, begin(t, reader, fmt.Sprint(patients, desc), fhir.Query{
				Type: "Observation", Count: 1, Patients: patients, Sort: []fhir.Sort{{Param: "_lastUpdated", Desc: desc}}, Total: true,
			}))
			for _, typ := range []string{virtual.AuditEvent, virtual.Provenance, virtual.Composition, virtual.DocumentReference} {
				walks = append(walks, begin(t, reader, fmt.Sprint(typ, patients, desc), fhir.Query{
					Type: typ, Count: 1, Patients: patients, Sort: []fhir.Sort{{Param: "_lastUpdated", Desc: desc}}, Total: true,
				}))
			}
		}
	}
	if err := hold.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if at := <-committed; !at.Before(first) {
		t.Fatalf("the commit of %v is not from before %v", at, first)
	}
	rec.ver[object] = v.UID.Trunk
	rec.put(object, nil)
	for _, w := range walks {
		for !w.done {
			w.turn(t, reader)
		}
		if w.q.Type == "Observation" && len(w.got) != 7 {
			t.Errorf("%s: %d records", w.name, len(w.got))
		}
	}
}

// A patient is found on all pages by what he was found by on the first.
func TestPagesOfPatientsWhoChange(t *testing.T) {
	t.Parallel()
	s := open(t)
	reader := fhirstore.New(s, ehr.AllowAll{})
	rec, demographics := newRecord(t, s, true), uuid.New()
	subject := func(name string) *ehr.Projected {
		r := observation(rec.ehrID.String(), ehr.SearchValue{Param: "name", Text: name})
		r.Type, r.JSON = "Patient", []byte(`{"resourceType":"Patient"}`)
		return &ehr.Projected{Resources: []ehr.Resource{r}}
	}
	rec.put(demographics, subject("before"))
	rec.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{observation("a"), observation("b"), observation("c")}})
	named := func(name string) fhir.Query {
		return fhir.Query{Type: "Observation", Count: 1, Total: true, OfPatient: []fhir.Filter{{Param: "name", Kind: fhir.String, Values: []fhir.Value{{Text: name}}}}}
	}
	w := begin(t, reader, "named before", named("before"))
	rec.put(demographics, subject("after"))
	for !w.done {
		w.turn(t, reader)
	}
	if len(w.got) != 3 {
		t.Errorf("%v", w.got)
	}
	if w := begin(t, reader, "anew", named("before")); len(w.want) > 0 {
		t.Errorf("found by a name that is none any more: %v", w.want)
	}
}

// A cursor may say anything. What it says is refused, or shows no more than the
// versions of the last days of what may be searched.
func TestCursorsOfOthers(t *testing.T) {
	t.Parallel()
	s := open(t)
	reader := fhirstore.New(s, ehr.AllowAll{})
	rec, object := newRecord(t, s, true), uuid.New()
	rec.put(object, &ehr.Projected{Resources: []ehr.Resource{observation("a"), observation("b"), observation("c")}})
	q := fhir.Query{Type: "Observation", Patients: []string{rec.ehrID.String()}, Count: 1}
	page, err := reader.Search(t.Context(), who, q)
	if err != nil {
		t.Fatal(err)
	}
	own := strings.Split(page.Next.Snapshot, "/")
	q.After.Keys = page.Next.Keys
	at := func(snapshot string) string { return own[0] + "/" + own[1] + "/" + snapshot }
	for _, bad := range []string{
		"", "/", "//", "x", own[2], at(""), at("::"), at("0:0:"), at("1:1"), at("1:1:1"), at("2:1:"), at("1:9:3,2"), at("1:9:3,3"), at("1:9:0"), at("2:9:1"),
		at("1:9:,"), at("1:9:2,"), at("-1:1:"), at("+1:1:"), at("01:1:"), at(" 1:1:"), at("1:1:'"), at("1:99999999999999999999:"),
		at("1:18446744073709551615:"), at("18446744073709551615:18446744073709551615:"), at("9000000000000000000:9000000000000000000:"),
		"1/" + own[1] + "/" + own[2], own[0] + "/1/" + own[2], own[0] + "/-9223372036854775808/" + own[2], own[0] + "/x/" + own[2], own[0] + "/" + own[1] + "/" + own[2] + "/",
	} {
		q.After.Snapshot = bad
		if page, err := reader.Search(t.Context(), who, q); !errs.Is(err, errs.Invalid) || len(page.Records) > 0 {
			t.Errorf("%q gives %d records, %v", bad, len(page.Records), err)
		}
	}
	// Of the beginning of all there is nothing.
	q.After.Snapshot = at("3:3:")
	if page, err := reader.Search(t.Context(), who, q); err != nil || len(page.Records) > 0 {
		t.Errorf("%d records, %v", len(page.Records), err)
	}
	// What was replaced long ago is on no page.
	rec.put(object, nil)
	q.After = page.Next
	if page, err := reader.Search(t.Context(), who, q); err != nil || len(page.Records) != 1 || page.Records[0].ID != "b" {
		t.Errorf("%+v, %v", page.Records, err)
	}
	if _, err := s.Pool().Exec(t.Context(), `update fhir_resource set superseded = now() - interval '3 days' where superseded is not null`); err != nil {
		t.Fatal(err)
	}
	if page, err := reader.Search(t.Context(), who, q); err != nil || len(page.Records) > 0 {
		t.Errorf("%+v, %v", page.Records, err)
	}
}

// In another database server the numbers of transactions mean nothing: what was
// there already is on all pages, and cursors of before are refused.
func TestPagesOfARestoredDatabase(t *testing.T) {
	t.Parallel()
	s := open(t)
	reader := fhirstore.New(s, ehr.AllowAll{})
	if err := reader.Restored(t.Context()); err != nil {
		t.Fatal(err)
	}
	rec, object := newRecord(t, s, true), uuid.New()
	rec.put(object, &ehr.Projected{Resources: []ehr.Resource{observation("a"), observation("b"), observation("c")}})
	rec.put(object, &ehr.Projected{Resources: []ehr.Resource{observation("a"), observation("b"), observation("c")}})
	q := fhir.Query{Type: "Observation", Count: 1, Total: true}
	made := []string{virtual.AuditEvent, virtual.Provenance, virtual.Composition, virtual.DocumentReference}
	rec.put(uuid.New(), &ehr.Projected{Resources: []ehr.Resource{observation("z")}})
	w := begin(t, reader, "before", q)
	for range 2 { // the second time it is known
		for _, sql := range []string{
			`update fhir_resource set made = '900000000000' where made is not null`,
			`update fhir_resource set replaced = '900000000001', superseded = now() where replaced is not null`,
			`update version set made = '900000000000'`,
			`update fhir_origin set system = 1`,
		} {
			if _, err := s.Pool().Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
		if err := reader.Restored(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := reader.Search(t.Context(), who, w.q); !errs.Is(err, errs.Invalid) {
			t.Errorf("a cursor of before: %v", err)
		}
	}
	w = begin(t, reader, "after", q)
	var walks []*turning
	for _, typ := range made {
		walks = append(walks, begin(t, reader, typ+" after", fhir.Query{Type: typ, Count: 1, Total: true}))
	}
	rec.put(object, &ehr.Projected{Resources: []ehr.Resource{observation("a"), observation("d")}})
	for !w.done {
		w.turn(t, reader)
	}
	for _, w := range walks {
		for !w.done {
			w.turn(t, reader)
		}
		if len(w.got) < 2 {
			t.Errorf("%s: %v", w.name, w.got)
		}
	}
	if len(w.got) != 4 {
		t.Errorf("%v", w.got)
	}
}
