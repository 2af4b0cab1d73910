package pgtarget_test

import (
	"testing"

	"github.com/cairn-ehr/cairn/aql"
	"github.com/cairn-ehr/cairn/aql/aqltest"
	"github.com/cairn-ehr/cairn/aql/aqltest/pgtarget"
	"github.com/cairn-ehr/cairn/pkg/pgembed/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestScripts(t *testing.T) {
	t.Parallel()
	aqltest.Run(t, "../testdata", func(t testing.TB) aqltest.Target {
		target, err := pgtarget.New(pgtest.Database(t), aql.Options{Terminology: vocabulary{}})
		if err != nil {
			t.Fatal(err)
		}
		return target
	})
}
