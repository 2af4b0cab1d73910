package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/fhir"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/store/fhirstore"
	"github.com/cairn-ehr/cairn/pkg/synth"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// testOptions is a server on a fresh database and a free port.
func testOptions(t testing.TB) Options {
	return Options{
		Listen: "127.0.0.1:0", DatabaseURL: pgtest.URL(t), SystemID: "cairn.test",
		OpenEHRBase: "/openehr/v1", FHIRBase: "/fhir/r4", Max: testLimits,
		LogLevel: "warn", LogFormat: "text",
	}
}

// BenchmarkCommit is a validated, projected commit of a composition of 18 KB
// through the use case, without HTTP, to a database without fsync.
//
// The second form has a subscription to everything of one type, the third has no
// projection, and so shows what FHIR costs.
func BenchmarkCommit(b *testing.B) {
	b.Run("projected", func(b *testing.B) { benchmarkCommit(b, true, false) })
	b.Run("subscribed", func(b *testing.B) { benchmarkCommit(b, true, true) })
	b.Run("bare", func(b *testing.B) { benchmarkCommit(b, false, false) })
}

func benchmarkCommit(b *testing.B, projected, subscribed bool) {
	s, err := Start(b.Context(), testOptions(b))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if !projected {
		if s.Service, err = ehr.New(ehr.Config{Store: s.store, Decision: ehr.AllowAll{}, SystemID: "cairn.test"}); err != nil {
			b.Fatal(err)
		}
		if err := s.store.UseRules(b.Context(), "", false); err != nil {
			b.Fatal(err)
		}
	}
	reader := fhirstore.New(s.store, ehr.AllowAll{})
	if err := s.LoadTemplates(b.Context()); err != nil {
		b.Fatal(err)
	}
	p := synth.New(1, synth.WithMeanSize(18_000)).Patient(0)
	id := uuid.MustParse(p.EHRID)
	if _, err := s.Service.CreateEHR(b.Context(), sandboxActor, ehr.CreateEHR{ID: id, Status: ehr.Content{JSON: p.EHRStatus()}}); err != nil {
		b.Fatal(err)
	}
	bodies := make([][]byte, 50)
	for k := range bodies {
		_, bodies[k] = p.Composition(k + 2)
	}
	if subscribed {
		s := fhir.Subscription{ID: uuid.New(), Owner: sandboxActor, Status: fhir.StatusRequested, Terms: fhir.Terms{Type: "Observation", Channel: fhir.ChannelSocket, Content: fhir.ContentID}}
		if err := reader.NewSubscription(b.Context(), &s); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	n := 0
	// Without page images: the first change of a page after a checkpoint logs the
	// whole page, which is no cost of a commit.
	if _, err := s.store.Pool().Exec(b.Context(), `create extension pg_walinspect`); err != nil {
		b.Fatal(err)
	}
	query := func(sql string, out any, args ...any) {
		if err := s.store.Pool().QueryRow(b.Context(), sql, args...).Scan(out); err != nil {
			b.Fatal(err)
		}
	}
	var begin string
	query(`select pg_current_wal_flush_lsn()::text`, &begin)
	goBefore, pgBefore := processTime(b), backendTime(b, s)
	for b.Loop() {
		if _, err := s.Service.CreateComposition(b.Context(), sandboxActor, ehr.CreateComposition{
			EHRID: id, Content: ehr.Content{JSON: bodies[n%len(bodies)]},
		}); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64((processTime(b)-goBefore).Microseconds())/float64(n), "go-µs/op")
	b.ReportMetric(float64((backendTime(b, s)-pgBefore).Microseconds())/float64(n), "pg-µs/op")
	var wal int64
	query(`select sum(record_size)::bigint from pg_get_wal_stats($1::text::pg_lsn, pg_current_wal_flush_lsn())`, &wal, begin)
	b.ReportMetric(float64(wal)/float64(n), "wal-B/op")
	var bytes, before, nodes int64
	if err := s.store.Pool().QueryRow(b.Context(), `select coalesce(sum(pg_total_relation_size(oid)) filter (where relname ~ '^fhir'), 0),
		coalesce(sum(pg_total_relation_size(oid)) filter (where relname !~ '^(fhir|node)'), 0),
		coalesce(sum(pg_total_relation_size(oid)) filter (where relname ~ '^node'), 0)
		from pg_class where relkind = 'r' and relnamespace = current_schema()::regnamespace`).Scan(&bytes, &before, &nodes); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(bytes)/float64(n), "fhir-B/op")
	b.ReportMetric(float64(before)/float64(n), "record-B/op")
	b.ReportMetric(float64(nodes)/float64(n), "index-B/op")
}

// processTime and backendTime are the processor time used so far by this
// process and by the connections to the benchmark's database: on a busy
// machine they say more than the clock.
func processTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func backendTime(b *testing.B, s *Server) time.Duration {
	rows, err := s.store.Pool().Query(context.Background(), `select pid from pg_stat_activity where datname = current_database()`)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	var sum time.Duration
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			b.Fatal(err)
		}
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil {
			continue // no longer connected, or not this kind of system
		}
		// After the name: utime and stime in ticks of 10 ms (proc(5)).
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		for _, f := range fields[11:13] {
			ticks, err := strconv.ParseInt(f, 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			sum += time.Duration(ticks) * 10 * time.Millisecond
		}
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return sum
}

// BenchmarkContribution commits contributions of 20 compositions, and the same
// compositions by themselves, through the handler. Figures are for each
// composition.
func BenchmarkContribution(b *testing.B) {
	const size = 20
	s, err := Start(b.Context(), testOptions(b))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if err := s.LoadTemplates(b.Context()); err != nil {
		b.Fatal(err)
	}
	p := synth.New(1, synth.WithMeanSize(18_000)).Patient(0)
	id := uuid.MustParse(p.EHRID)
	if _, err := s.Service.CreateEHR(b.Context(), sandboxActor, ehr.CreateEHR{ID: id, Status: ehr.Content{JSON: p.EHRStatus()}}); err != nil {
		b.Fatal(err)
	}
	const code = `{"terminology_id":"openehr","code_string":"249"}`
	var singles []string
	var sets []string
	for k := range 5 * size {
		_, body := p.Composition(k + 2)
		singles = append(singles, string(body))
		if len(singles)%size == 0 {
			sets = append(sets, `{"audit":{"change_type":`+code+`},"versions":[{"commit_audit":{"change_type":`+code+`},"data":`+
				strings.Join(singles[len(singles)-size:], `},{"commit_audit":{"change_type":`+code+`},"data":`)+`}]}`)
		}
	}
	run := func(b *testing.B, path string, bodies []string, each int) {
		post := func(n int) {
			req := httptest.NewRequestWithContext(b.Context(), "POST", "http://127.0.0.1/openehr/v1/ehr/"+p.EHRID+"/"+path, strings.NewReader(bodies[n%len(bodies)]))
			req.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			if s.handler.ServeHTTP(w, req); w.Code != http.StatusCreated {
				b.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		for n := range bodies {
			post(n)
		}
		b.ReportAllocs()
		n := 0
		goBefore, pgBefore := processTime(b), backendTime(b, s)
		for b.Loop() {
			post(n)
			n++
		}
		b.ReportMetric(float64((processTime(b)-goBefore).Microseconds())/float64(n*each), "go-µs/composition")
		b.ReportMetric(float64((backendTime(b, s)-pgBefore).Microseconds())/float64(n*each), "pg-µs/composition")
	}
	b.Run("single", func(b *testing.B) { run(b, "composition", singles, 1) })
	b.Run("set", func(b *testing.B) { run(b, "contribution", sets, size) })
}

// BenchmarkCommitAction is a commit of a composition with an ACTION about an
// order that has as many already, and so projects that anew.
func BenchmarkCommitAction(b *testing.B) {
	for _, before := range []int{0, 100, 1000} {
		b.Run(strconv.Itoa(before), func(b *testing.B) {
			p := newPrescriber(b, testOptions(b))
			order := p.commit(string(rm.AppendJSON(nil, p.order)), "")
			id := uuid.MustParse(p.ehr)
			n := 0
			commit := func() {
				at := time.Date(2026, 3, 1, 0, n, 0, 0, time.UTC).Format(time.RFC3339)
				n++
				if _, err := p.s.Service.CreateComposition(b.Context(), sandboxActor, ehr.CreateComposition{
					EHRID: id, Content: ehr.Content{JSON: []byte(p.said(order, at, "245"))},
				}); err != nil {
					b.Fatal(err)
				}
			}
			for range before {
				commit()
			}
			goBefore, pgBefore, first := processTime(b), backendTime(b, p.s), n
			for b.Loop() {
				commit()
			}
			b.ReportMetric(float64((processTime(b)-goBefore).Microseconds())/float64(n-first), "go-µs/op")
			b.ReportMetric(float64((backendTime(b, p.s)-pgBefore).Microseconds())/float64(n-first), "pg-µs/op")
		})
	}
}

// BenchmarkCommitStep is a commit of a composition with a step of a procedure of
// which there are as many already, and that is taken away again.
func BenchmarkCommitStep(b *testing.B) {
	for _, before := range []int{0, 3, 10, 40} {
		b.Run(strconv.Itoa(before), func(b *testing.B) {
			p := newSurgeon(b, testOptions(b))
			id, flow := uuid.MustParse(p.ehr), uuid.NewString()
			commit := func(n int) {
				at := time.Date(2026, 3, 1, 0, n, 0, 0, time.UTC).Format(time.RFC3339)
				done, err := p.s.Service.CreateComposition(b.Context(), sandboxActor, ehr.CreateComposition{
					EHRID: id, Content: ehr.Content{JSON: []byte(p.step(flow, at, "245", "Haemodialysis"))},
				})
				if err == nil && n >= before {
					_, err = p.s.Service.DeleteComposition(b.Context(), sandboxActor, ehr.DeleteComposition{EHRID: id, Version: done.UID})
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			for n := range before {
				commit(n)
			}
			n := before
			goBefore, pgBefore := processTime(b), backendTime(b, p.s)
			for b.Loop() {
				commit(n)
				n++
			}
			b.ReportMetric(float64((processTime(b)-goBefore).Microseconds())/float64(n-before), "go-µs/op")
			b.ReportMetric(float64((backendTime(b, p.s)-pgBefore).Microseconds())/float64(n-before), "pg-µs/op")
		})
	}
}
