package aql_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/aql/aqltest"
	"github.com/cairn-ehr/cairn/aql/ast"
	"github.com/cairn-ehr/cairn/aql/parse"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// TestEngineAgreesWithTheReference runs random queries both ways.
func TestEngineAgreesWithTheReference(t *testing.T) {
	t.Parallel()
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	target := newEmpty(t, aql.Options{Timeout: 2 * time.Second})
	ehr := uuid.New()
	status := rm.Object("EHR_STATUS", rm.Child("name", rm.Text("EHR Status")), rm.Str("archetype_node_id", "openEHR-EHR-EHR_STATUS.generic.v1"),
		rm.Child("subject", rm.Object("PARTY_SELF")), rm.Bool("is_queryable", true), rm.Bool("is_modifiable", true),
		rm.Child("uid", rm.ID("OBJECT_VERSION_ID", uuid.NewString()+"::"+aqltest.System+"::1")))
	if err := target.CreateEHR(t.Context(), aqltest.EHR{ID: ehr, Status: status, Created: refCreated}); err != nil {
		t.Fatal(err)
	}
	ref := &reference{id: ehr.String(), status: status, params: map[string]any{"ehr": ehr.String(), "code": "at0004", "p": "mg"}}
	object := uuid.New()
	for i, file := range []string{"bp.json", "lab.json", "values.json", "bp.json", "nested.json"} {
		data, err := os.ReadFile(filepath.Join("aqltest/testdata/compositions", file))
		if err != nil {
			t.Fatal(err)
		}
		n, problems := rm.DecodeJSON(data, rm.ClassComposition, rm.JSONOptions{Incomplete: true})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		v := aqltest.Version{EHR: ehr, Object: uuid.New(), Number: 1, Committed: refCreated.AddDate(0, i+1, 0)}
		switch i {
		case 0:
			v.Object = object
		case 3: // a second version of the first
			v.Object, v.Number = object, 2
			n = n.With("name", rm.Text("Changed"))
		}
		v.Content = n.With("uid", rm.ID("OBJECT_VERSION_ID", fmt.Sprintf("%s::%s::%d", v.Object, aqltest.System, v.Number)))
		if err := target.Commit(t.Context(), v); err != nil {
			t.Fatal(err)
		}
		if i == 3 {
			ref.versions[0].to = v.Committed
		}
		ref.versions = append(ref.versions, refVersion{content: v.Content, from: v.Committed})
	}
	g := &generator{Rand: rand.New(rand.NewPCG(s, 2))}
	compared, rows := 0, 0
	refused := map[string]int{}
	for range *queries {
		text, _ := g.compilable()
		tree, problems := parse.Query(text, parse.Limits{})
		if problems != nil {
			t.Fatalf("%s\n%v", text, problems)
		}
		tree.Limit = nil
		tree.OrderBy = slices.DeleteFunc(tree.OrderBy, func(o *ast.OrderItem) bool { _, ok := o.Value.(*ast.Path); return !ok })
		text = tree.String()
		r := aql.Request{Params: ref.params}
		ref.asOf = time.Now()
		if g.IntN(4) == 0 {
			r.AsOf = refCreated.AddDate(0, g.IntN(8)-1, 1)
			ref.asOf = r.AsOf
		}
		var got collect
		err := target.Engine().Run(t.Context(), text, r, &got)
		if errs.Is(err, errs.Invalid) || errs.Is(err, errs.Unsupported) || errs.Is(err, errs.Timeout) || errs.Is(err, errs.TooLarge) {
			refused[reason(err)]++
			continue
		}
		if err != nil {
			t.Fatalf("seed %d\n%s\n%v", s, text, err)
		}
		ref.q = tree
		want := ref.run()
		for i := range want {
			want[i] = rounded(want[i])
		}
		for i := range got.rows {
			got.rows[i] = rounded(got.rows[i])
		}
		slices.Sort(want)
		slices.Sort(got.rows)
		compared++
		rows += len(want)
		if !slices.Equal(want, got.rows) {
			t.Errorf("seed %d, as of %v\n%s\n got %d rows: %.2000v\nwant %d rows: %.2000v", s, r.AsOf, text, len(got.rows), got.rows, len(want), want)
		}
	}
	if compared < *queries/4 {
		t.Errorf("only %d of %d queries were compared", compared, *queries)
	}
	t.Logf("refused: %v", refused)
	t.Logf("seed %d: %d queries compared, %d rows", s, compared, rows)
}

// reason is the code of the first thing wrong with a query.
func reason(err error) string {
	e := errs.As(err)
	if e.Code == "" {
		return e.Kind.String()
	}
	return e.Code
}
