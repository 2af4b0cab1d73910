// Package aqltest runs scripts that test an AQL engine: they store EHRs and
// compositions, run queries and compare the rows. An engine takes part by
// implementing [Target].
//
// A script is a file of the datadriven format: a command with its arguments,
// lines of input, a line ----, and the expected output, which ends at an empty
// line. Names given to EHRs and objects stand for their UUIDs as @name, in
// queries and in output.
//
//	ehr NAME [queryable=false] [subject=ID] [namespace=NS]
//
// makes an EHR, created at 2020-01-01T00:00:00Z; input, if any, is the
// other_details of its EHR_STATUS as JSON.
//
//	commit NAME ehr=NAME [file=F] [incomplete]
//
// commits the first or next version of a versioned object: a composition or
// folder from testdata/compositions/F or from the input, as canonical JSON in
// which _type may be left out where it is clear and mandatory attributes are
// not asked for. Each commit is one minute after the one before it.
//
// Without ehr the object is a party of the demographic repository.
//
//	delete NAME ehr=NAME
//
// deletes an object logically.
//
//	tag NAME ehr=NAME key=KEY [value=VALUE] [path=PATH] [version=N]
//
// tags an object or one of its versions.
//
//	query [ehr=NAME] [fetch=N] [offset=N] [now=TIME] [asof=TIME] [strict] [columns]
//
// runs the query in the input, with the clock at now and as of a time, strict
// without the extensions of AQL. Lines before it of the form "$name = JSON" are
// its parameters. Output is one JSON array a line, sorted unless the query has
// ORDER BY; with "columns" preceded by the columns as name and path. A query
// that fails outputs "error: KIND CODE" and the problems.
package aqltest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Target is an engine with a store of its own, empty at first.
type Target interface {
	// CreateEHR stores an EHR with its EHR_STATUS.
	CreateEHR(ctx context.Context, e EHR) error
	// Commit stores a version, after those committed before.
	Commit(ctx context.Context, v Version) error
	// Tag tags an object or version.
	Tag(ctx context.Context, t Tag) error
	// Query runs a query; errors are errs.Error.
	Query(ctx context.Context, text string, r aql.Request, sink aql.Sink) error
}

// EHR is an EHR to store.
type EHR struct {
	ID      uuid.UUID
	Status  *rm.Node
	Created time.Time
}

// Tag is a tag to store. Value and Path are "" for none, Version is 0 for a tag
// of the object.
type Tag struct {
	EHR, Object      uuid.UUID
	Version          int
	Key, Value, Path string
	Saved            time.Time
}

// Version is a version to store.
type Version struct {
	EHR    uuid.UUID // uuid.Nil for a party
	Object uuid.UUID
	Number int
	// Content is nil for a deletion.
	Content    *rm.Node
	Incomplete bool
	Committed  time.Time
}

// System is the creating system of all versions.
const System = "aqltest"

// Run runs every script of a folder, each on a target of its own.
func Run(t *testing.T, dir string, target func(t testing.TB) Target) {
	datadriven.Walk(t, filepath.Join(dir, "scripts"), func(t *testing.T, path string) {
		t.Parallel()
		r := runner{
			target: target(t), files: filepath.Join(dir, "compositions"), ids: map[string]uuid.UUID{},
			versions: map[string]int{}, clock: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		}
		datadriven.RunTest(t, path, r.run)
	})
}

type runner struct {
	target   Target
	files    string
	ids      map[string]uuid.UUID
	versions map[string]int
	clock    time.Time
}

var space = uuid.MustParse("6b8b4567-327b-43c6-a3c9-869a643c9869")

func (r *runner) id(name string) uuid.UUID {
	if _, ok := r.ids[name]; !ok {
		r.ids[name] = uuid.NewSHA1(space, []byte(name))
	}
	return r.ids[name]
}

func (r *runner) run(t *testing.T, d *datadriven.TestData) string {
	ctx := t.Context()
	var err error
	switch d.Cmd {
	case "ehr":
		err = r.ehr(ctx, d)
	case "commit", "delete":
		err = r.commit(ctx, d)
	case "tag":
		err = r.tag(ctx, d)
	case "query":
		return r.query(ctx, t, d)
	default:
		d.Fatalf(t, "unknown command %s", d.Cmd)
	}
	if err != nil {
		d.Fatalf(t, "%v", err)
	}
	return ""
}

// argument gives an argument of the command; "" when absent.
func argument(d *datadriven.TestData, key string) string {
	for _, a := range d.CmdArgs {
		if a.Key == key && len(a.Vals) > 0 {
			return strings.Join(a.Vals, ",")
		}
	}
	return ""
}

func has(d *datadriven.TestData, key string) bool {
	return slices.ContainsFunc(d.CmdArgs, func(a datadriven.CmdArg) bool { return a.Key == key })
}

func (r *runner) ehr(ctx context.Context, d *datadriven.TestData) error {
	name := d.CmdArgs[0].Key
	subject := rm.Object("PARTY_SELF")
	if id := argument(d, "subject"); id != "" {
		ns := argument(d, "namespace")
		if ns == "" {
			ns = "hospital"
		}
		subject = rm.Object("PARTY_SELF", rm.Child("external_ref", rm.Object("PARTY_REF",
			rm.Str("namespace", ns), rm.Str("type", "PERSON"), rm.Child("id", rm.Object("GENERIC_ID", rm.Str("value", id), rm.Str("scheme", "x"))))))
	}
	fields := []rm.Field{
		rm.Child("name", rm.Text("EHR Status")), rm.Str("archetype_node_id", "openEHR-EHR-EHR_STATUS.generic.v1"),
		rm.Child("uid", rm.ID("OBJECT_VERSION_ID", r.id(name+".status").String()+"::"+System+"::1")),
		rm.Child("subject", subject), rm.Bool("is_queryable", argument(d, "queryable") != "false"), rm.Bool("is_modifiable", true),
	}
	if d.Input != "" {
		details, err := read([]byte(d.Input), rm.ClassItemStructure)
		if err != nil {
			return err
		}
		fields = append(fields, rm.Child("other_details", details))
	}
	return r.target.CreateEHR(ctx, EHR{
		ID: r.id(name), Status: rm.Object("EHR_STATUS", fields...),
		Created: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
	})
}

// read decodes canonical JSON leniently.
func read(data []byte, class *rm.Class) (*rm.Node, error) {
	n, problems := rm.DecodeJSON(data, class, rm.JSONOptions{Incomplete: true})
	if len(problems) > 0 {
		return nil, fmt.Errorf("the content is not valid: %s at %s", problems[0].Message, problems[0].Path)
	}
	return n, nil
}

func (r *runner) commit(ctx context.Context, d *datadriven.TestData) error {
	name := d.CmdArgs[0].Key
	r.versions[name]++
	r.clock = r.clock.Add(time.Minute)
	v := Version{EHR: r.owner(d), Object: r.id(name), Number: r.versions[name], Committed: r.clock, Incomplete: has(d, "incomplete")}
	if d.Cmd == "delete" {
		return r.target.Commit(ctx, v)
	}
	data := []byte(d.Input)
	if file := argument(d, "file"); file != "" {
		var err error
		if data, err = os.ReadFile(filepath.Join(r.files, file)); err != nil {
			return err
		}
	}
	n, err := read(r.named(data), rm.ClassLocatable)
	if err != nil {
		return err
	}
	uid := fmt.Sprintf("%s::%s::%d", v.Object, System, v.Number)
	v.Content = n.With("uid", rm.ID("OBJECT_VERSION_ID", uid))
	return r.target.Commit(ctx, v)
}

// owner is the EHR that a command names.
func (r *runner) owner(d *datadriven.TestData) uuid.UUID {
	if name := argument(d, "ehr"); name != "" {
		return r.id(name)
	}
	return uuid.Nil
}

func (r *runner) tag(ctx context.Context, d *datadriven.TestData) error {
	r.clock = r.clock.Add(time.Minute)
	t := Tag{
		EHR: r.owner(d), Object: r.id(d.CmdArgs[0].Key), Key: argument(d, "key"), Value: argument(d, "value"), Path: argument(d, "path"), Saved: r.clock,
	}
	if s := argument(d, "version"); s != "" {
		var err error
		if t.Version, err = strconv.Atoi(s); err != nil {
			return err
		}
	}
	return r.target.Tag(ctx, t)
}

var reference = regexp.MustCompile(`@[a-z][a-z0-9_.]*`)

// named replaces references by UUIDs.
func (r *runner) named(text []byte) []byte {
	return reference.ReplaceAllFunc(text, func(ref []byte) []byte {
		if id, ok := r.ids[string(ref[1:])]; ok {
			return []byte(id.String())
		}
		return ref
	})
}

// unnamed replaces UUIDs by references.
func (r *runner) unnamed(text string) string {
	for name, id := range r.ids {
		text = strings.ReplaceAll(text, id.String(), "@"+name)
	}
	return text
}

func (r *runner) query(ctx context.Context, t *testing.T, d *datadriven.TestData) string {
	text := string(r.named([]byte(d.Input)))
	req := aql.Request{Params: map[string]any{}}
	for {
		text = strings.TrimLeft(text, "\n")
		line, rest, _ := strings.Cut(text, "\n")
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "$"), " = ")
		if !strings.HasPrefix(line, "$") || !ok {
			break
		}
		dec := json.NewDecoder(strings.NewReader(value))
		dec.UseNumber()
		var v any
		if err := dec.Decode(&v); err != nil {
			d.Fatalf(t, "parameter %s: %v", name, err)
		}
		req.Params[name], text = v, rest
	}
	if e := argument(d, "ehr"); e != "" {
		req.EHR = r.id(e)
	}
	for key, to := range map[string]*int64{"fetch": &req.Fetch, "offset": &req.Offset} {
		if s := argument(d, key); s != "" {
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				d.Fatalf(t, "%s: %v", key, err)
			}
			*to = n
		}
	}
	for key, to := range map[string]*time.Time{"now": &req.Now, "asof": &req.AsOf} {
		if s := argument(d, key); s != "" {
			at, err := time.Parse(time.RFC3339, s)
			if err != nil {
				d.Fatalf(t, "%s: %v", key, err)
			}
			*to = at
		}
	}
	if has(d, "strict") {
		if _, err := aql.Compile(text, aql.Limits{Analyze: analyze.Limits{Strict: true}}); err != nil {
			return r.unnamed(describe(err))
		}
	}
	var out table
	if err := r.target.Query(ctx, text, req, &out); err != nil {
		return r.unnamed(describe(err))
	}
	if !strings.Contains(strings.ToUpper(text), "ORDER BY") {
		slices.Sort(out.rows)
	}
	var b strings.Builder
	if has(d, "columns") {
		for _, c := range out.columns {
			fmt.Fprintf(&b, "%s %s\n", c.Name, c.Path)
		}
	}
	for _, row := range out.rows {
		b.WriteString(row + "\n")
	}
	if b.Len() == 0 {
		return "no rows\n"
	}
	return r.unnamed(b.String())
}

func describe(err error) string {
	e := errs.As(err)
	if e == nil {
		return "error: " + err.Error() + "\n"
	}
	problems, ok := e.Detail.([]aql.Problem)
	if !ok {
		return fmt.Sprintf("error: %s %s\n%s\n", e.Kind, e.Code, e.Msg)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "error: %s\n", e.Kind)
	for _, p := range problems {
		fmt.Fprintf(&b, "%s %s\n", p.Code, p.Error())
	}
	return b.String()
}

// table collects a result.
type table struct {
	columns []aql.Column
	rows    []string
}

func (t *table) Begin(columns []aql.Column) error {
	t.columns = columns
	return nil
}

func (t *table) Row(cells [][]byte) error {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, c := range cells {
		if i > 0 {
			b.WriteString(", ")
		}
		if c == nil {
			c = []byte("null")
		}
		if !json.Valid(c) {
			return fmt.Errorf("cell %d is not JSON: %s", i, c)
		}
		b.Write(c)
	}
	b.WriteByte(']')
	t.rows = append(t.rows, b.String())
	return nil
}

// IsArchetypeID reports whether a node id is that of an archetype root.
func IsArchetypeID(nodeID string) bool { return strings.Contains(nodeID, "-") }
