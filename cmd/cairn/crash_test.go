package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/pgembed"
	"github.com/cairn-ehr/cairn/pkg/synth"
	"github.com/cairn-ehr/cairn/templates/library"
)

// process is a cairn under test.
type process struct {
	cmd    *exec.Cmd
	origin string
	log    *output
}

// output collects what a process prints, while others read it.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// binary builds cairn once for the tests of this package.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cairn-bin")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "cairn")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// startProcess runs cairn and waits until it is ready.
func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := l.Addr().String()
	l.Close()
	p := &process{origin: "http://" + listen, log: &output{}}
	p.cmd = exec.Command(path, append(args, "--listen", listen)...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			_ = p.cmd.Process.Signal(syscall.SIGTERM)
			_ = p.cmd.Wait()
		}
	})
	for deadline := time.Now().Add(2 * time.Minute); ; {
		resp, err := http.Get(p.origin + "/health/ready")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return p
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("not ready: %v\n%s", err, p.log)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (p *process) call(method, path, contentType string, body []byte, header ...string) (*http.Response, []byte, error) {
	req, err := http.NewRequest(method, p.origin+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return resp, data, err
}

// must makes a request that has to succeed.
func (p *process) must(t *testing.T, status int, method, path, contentType string, body []byte) (*http.Response, []byte) {
	t.Helper()
	resp, data, err := p.call(method, path, contentType, body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != status {
		t.Fatalf("%s %s: %s, want %d: %.500s", method, path, resp.Status, status, data)
	}
	return resp, data
}

// stop ends the server as an operator would and expects it to end well.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Fatalf("the server ended with %v:\n%s", err, p.log)
	}
}

// acknowledged is a commit that the server has answered with success.
type acknowledged struct {
	ehrID, uid, template string
	// key is the Idempotency-Key of the commit, body what was committed; both
	// empty for half of the commits.
	key  string
	body []byte
}

// TestKillDuringWrites kills the server, in one case with its Postgres, while
// eight writers commit. After a restart every acknowledged commit is there
// with its FHIR resources, nothing is there in part, and a commit with an
// Idempotency-Key that is repeated gets its first answer.
func TestKillDuringWrites(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers")
	}
	for name, killPostgres := range map[string]bool{"server": false, "server and Postgres": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			p := startProcess(t, "serve", "--data-dir", dir, "--log-level", "warn")
			for _, f := range must(fs.Glob(library.Files, "*.opt"))(t) {
				p.must(t, http.StatusCreated, "POST", "/openehr/v1/definition/template/adl1.4", "application/xml",
					must(fs.ReadFile(library.Files, f))(t))
			}
			acks := writeUntilKilled(t, p, dir, killPostgres)
			if len(acks) < 20 {
				t.Fatalf("only %d commits were acknowledged before the kill:\n%s", len(acks), p.log)
			}

			p = startProcess(t, "serve", "--data-dir", dir, "--log-level", "warn")
			resources := 0
			made := map[string]map[string]int{}
			for _, a := range acks {
				p.must(t, http.StatusOK, "GET", "/openehr/v1/ehr/"+a.ehrID+"/composition/"+url.PathEscape(a.uid), "", nil)
				if made[a.ehrID] == nil {
					made[a.ehrID] = sources(t, p, a.ehrID)
				}
				n := made[a.ehrID][a.uid]
				// A list may state that nothing is known, which has no resource;
				// vital signs always have some.
				if n == 0 && a.template == synth.VitalSigns {
					t.Errorf("version %s has no FHIR resource", a.uid)
				}
				resources += n
			}
			repeated := 0
			for _, a := range acks {
				if a.key == "" {
					continue
				}
				repeated++
				resp, data, err := p.call("POST", "/openehr/v1/ehr/"+a.ehrID+"/composition", "application/json", a.body, "Idempotency-Key", a.key)
				if err != nil {
					t.Fatal(err)
				}
				if resp.Header.Get("ETag") != `W/"`+a.uid+`"` || resp.Header.Get("Idempotency-Replayed") != "true" {
					t.Errorf("the commit of %s, repeated, is answered with %s %v %.300s", a.uid, resp.Status, resp.Header, data)
				}
			}
			if repeated == 0 {
				t.Error("no commit had a key")
			}
			p.stop(t)
			checkWhole(t, dir)
			t.Logf("%d acknowledged commits with %d resources survived", len(acks), resources)
		})
	}
}

// writeUntilKilled lets eight clients commit until the server dies under them.
func writeUntilKilled(t *testing.T, p *process, dir string, killPostgres bool) []acknowledged {
	t.Helper()
	g := synth.New(7)
	var (
		mu   sync.Mutex
		acks []acknowledged
		wg   sync.WaitGroup
	)
	for w := range 8 {
		wg.Go(func() {
			patient := g.Patient(w)
			resp, _, err := p.call("PUT", "/openehr/v1/ehr/"+patient.EHRID, "application/json", patient.EHRStatus())
			if err != nil || resp.StatusCode != http.StatusCreated {
				t.Errorf("writer %d cannot create its EHR: %v", w, err)
				return
			}
			for k := 0; ; k++ {
				template, body := patient.Composition(k)
				ack := acknowledged{ehrID: patient.EHRID, template: template}
				var header []string
				if k%2 == 1 {
					ack.key, ack.body = fmt.Sprintf("%d-%d", w, k), body
					header = []string{"Idempotency-Key", ack.key}
				}
				resp, data, err := p.call("POST", "/openehr/v1/ehr/"+patient.EHRID+"/composition", "application/json", body, header...)
				if err != nil {
					return // the server is gone
				}
				if resp.StatusCode != http.StatusCreated {
					// With its Postgres killed first, the server may still
					// answer that it has none.
					if resp.StatusCode < 500 {
						t.Errorf("writer %d: %s: %.300s", w, resp.Status, data)
					}
					return
				}
				ack.uid = strings.Trim(strings.TrimPrefix(resp.Header.Get("ETag"), "W/"), `"`)
				mu.Lock()
				acks = append(acks, ack)
				mu.Unlock()
			}
		})
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		mu.Lock()
		n := len(acks)
		mu.Unlock()
		if n >= 150 || time.Now().After(deadline) {
			break
		}
	}
	if killPostgres {
		cluster, err := pgembed.Look(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(cluster.PID, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}
	if err := p.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = p.cmd.Wait()
	wg.Wait()
	return acks
}

// sources reads the FHIR resources of an EHR and counts them by the version
// they were made from.
func sources(t *testing.T, p *process, ehrID string) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, typ := range []string{"Observation", "Condition", "AllergyIntolerance"} {
		path := "/fhir/r4/" + typ + "?patient=" + ehrID + "&_count=500"
		for path != "" {
			_, data := p.must(t, http.StatusOK, "GET", path, "", nil)
			var bundle struct {
				Link  []struct{ Relation, URL string }
				Entry []struct {
					Resource struct{ Meta struct{ Source string } }
				}
			}
			if err := json.Unmarshal(data, &bundle); err != nil {
				t.Fatal(err)
			}
			for _, e := range bundle.Entry {
				if _, uid, ok := strings.Cut(e.Resource.Meta.Source, ":"); ok {
					out[uid]++
				}
			}
			path = ""
			for _, l := range bundle.Link {
				if l.Relation == "next" {
					u, err := url.Parse(l.URL)
					if err != nil {
						t.Fatal(err)
					}
					path = u.RequestURI()
				}
			}
		}
	}
	return out
}

// checkWhole looks into the database for anything that is there in part.
func checkWhole(t *testing.T, dir string) {
	t.Helper()
	cluster, err := pgembed.Start(t.Context(), pgembed.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := cluster.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	conn, err := pgx.Connect(t.Context(), cluster.ConnString("cairn"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for what, sql := range map[string]string{
		"versions without a document": `select count(*) from version v left join document d using (ehr_no, vo_no, ver)
			where v.lifecycle_state <> 523 and d.ver is null`,
		"documents without a version": `select count(*) from document d left join version v using (ehr_no, vo_no, ver) where v.ver is null`,
		"versions without a contribution": `select count(*) from version v left join contribution c using (ehr_no, contribution_id)
			where c.ehr_no is null`,
		"contributions without a version": `select count(*) from contribution c left join version v using (ehr_no, contribution_id)
			where v.ehr_no is null`,
		"resources without a version": `select count(*) from fhir_resource r left join version v using (ehr_no, vo_no, ver) where v.ver is null`,
		"resources without content or kind": `select count(*) from fhir_resource r
			left join fhir_content c using (ehr_no, vo_no, ver, revision) left join fhir_kind k using (kind_no)
			where k.kind_no is null or (r.byte_len is not null and c.ver is null)`,
		"EHRs without a status": `select count(*) from ehr e where not exists (select from version v where v.ehr_no = e.ehr_no and v.kind = 2)`,
	} {
		var n int
		if err := conn.QueryRow(t.Context(), sql).Scan(&n); err != nil {
			t.Fatal(what, err)
		}
		if n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
