package rest_test

import (
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/library"
)

// TestPartiesOfTheLibrary commits an example of each demographic template of
// the library in every format and wants the same canonical JSON of all.
func TestPartiesOfTheLibrary(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.beyond = true // they have no DV_INTERVAL
	for id, class := range map[string]string{
		"Cairn - Agent.v1": "AGENT", "Cairn - Group.v1": "GROUP", "Cairn - Organisation.v1": "ORGANISATION", "Cairn - Person.v1": "PERSON",
		"Cairn - Patient role.v1": "ROLE", "Cairn - Practitioner role.v1": "ROLE", "Cairn - Provider organisation role.v1": "ROLE",
	} {
		opt, err := fs.ReadFile(library.Files, id+".opt")
		if err != nil {
			t.Fatal(err)
		}
		a.do("POST", "/definition/template/adl1.4", opt, "Content-Type: application/xml").status(http.StatusCreated)
		collection, named := partyPaths[class], "openehr-template-id: "+id
		for _, level := range []string{"required", "medium", "complete"} {
			example := a.do("GET", "/definition/template/adl1.4/"+escape(id)+"/example?detail_level="+level, nil).status(http.StatusOK)
			res := a.do("POST", collection, example.body)
			if res.code != http.StatusCreated {
				t.Errorf("%s %s: %d %s", id, level, res.code, res.body)
				continue
			}
			canonical := func(uid string) string {
				// A party is the source of its relationships.
				json := rm.AppendJSON(nil, a.do("GET", collection+"/"+uid, nil).status(http.StatusOK).tree(class).With("uid"))
				return strings.ReplaceAll(string(json), object(uid), "itself")
			}
			want := canonical(res.tag())
			for _, media := range []string{"application/xml", flatMedia, structuredMedia} {
				read := a.do("GET", collection+"/"+res.tag(), nil, "Accept: "+media)
				if read.code != http.StatusOK {
					t.Errorf("%s %s as %s: %d %s", id, level, media, read.code, read.body)
					continue
				}
				written := a.do("POST", collection, read.body, "Content-Type: "+media, named)
				if written.code != http.StatusCreated {
					t.Errorf("%s %s as %s: %d %s\n%s", id, level, media, written.code, written.body, read.body)
					continue
				}
				if got := canonical(written.tag()); got != want {
					t.Errorf("%s %s as %s (-want +got):\n%s", id, level, media, cmp.Diff(want, got))
				}
			}
		}
	}
}
