package header

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/ehr"
)

func FuzzTagHeader(f *testing.F) {
	f.Add(`key="category",value="final"; key="flag",value="a;b,\"c\"",target_path="/context/start_time/value"`)
	f.Add(`key=a;key="é\\"`)
	f.Add("key=\"\xe9\"")
	f.Fuzz(func(t *testing.T, line string) {
		tags, again, ok := readAgain(line)
		if !ok {
			return
		}
		twice, _, ok := readAgain(again)
		if diff := cmp.Diff(tags, twice); !ok || diff != "" && again != "" {
			t.Errorf("%q became %q: %s", line, again, diff)
		}
	})
}

// readAgain reads an item tag header line and writes it again; false if it is
// refused.
func readAgain(line string) (tags []ehr.ItemTag, again string, ok bool) {
	tags, err := parseTags(http.Header{http.CanonicalHeaderKey(ItemTag): {line}}, ItemTag)
	return tags, formatTags(tags), err == nil
}
