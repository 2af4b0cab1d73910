package simplified_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/testshared"
	"github.com/cairn-ehr/cairn/templates/example"
)

// laterThanSchema are the findings that RM 1.1.0 explains, which the schema of
// release 1.0.2 does not know: the optional DV_IDENTIFIER.issuer and
// ACTIVITY.timing.
var laterThanSchema = []string{
	"v1}id': This element is not expected. Expected is ( {http://schemas.openehr.org/v1}issuer )",
	"v1}action_archetype_id': This element is not expected. Expected is ( {http://schemas.openehr.org/v1}timing )",
}

// TestLibraryExamplesFollowTheSchema validates the XML of the examples of the
// library's templates for compositions against the v1 schema with xmllint.
func TestLibraryExamplesFollowTheSchema(t *testing.T) {
	t.Parallel()
	schema := filepath.Join(testshared.Dir(t), "specs/xsd/v1/Composition.xsd")
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not installed")
	}
	subjects := librarySubjects(t)
	dir, count := t.TempDir(), 0
	args := []string{"--noout", "--schema", schema}
	for _, id := range slices.Sorted(maps.Keys(subjects)) {
		for _, name := range []string{"required", "medium", "complete"} {
			detail, ok := example.ParseDetail(name)
			if !ok {
				t.Fatal(name)
			}
			n, err := example.Instance(subjects[id].tpl, example.Options{Detail: detail})
			if err != nil {
				t.Fatalf("%s: %v", id, err)
			}
			if n.Class != rm.ClassComposition {
				continue // the schema has no parties
			}
			xml, err := rm.AppendXML(nil, n)
			if err != nil {
				t.Fatalf("%s: %v", id, err)
			}
			file := filepath.Join(dir, id+" "+name+".xml")
			if err := os.WriteFile(file, xml, 0o644); err != nil {
				t.Fatal(err)
			}
			args, count = append(args, file), count+1
		}
	}
	out, err := exec.Command(lint, args...).CombinedOutput()
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		known := slices.IndexFunc(laterThanSchema, func(l string) bool { return strings.Contains(line, l) })
		switch {
		case known >= 0:
			seen[laterThanSchema[known]] = true
		case !strings.HasSuffix(strings.TrimSpace(line), " validates") && !strings.HasSuffix(strings.TrimSpace(line), " fails to validate"):
			t.Errorf("%v: %s", err, strings.ReplaceAll(line, dir+"/", ""))
		}
	}
	for _, l := range laterThanSchema {
		if !seen[l] {
			t.Errorf("nothing is reported any more as %q", l)
		}
	}
	t.Logf("%d documents", count)
}
