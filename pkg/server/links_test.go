package server

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// linking is a record with a body weight, and compositions like it that refer to
// something.
type linking struct {
	*partner
	record string
	target ehr.VersionUID // the composition of the weight
	weight string         // its resource, as it is referred to
	root   *rm.Node
}

func newLinking(t *testing.T, seed uint64, change ...func(*Options)) *linking {
	t.Helper()
	p, ids := writing(t, seed, 1, change...)
	made := p.send("POST", "Observation", weight(ids[0], "71.5"), "openehr-template-id", vitalSigns)
	if made.status != 201 {
		t.Fatal(made)
	}
	uid, err := ehr.ParseVersionUID(strings.TrimPrefix(made.body.Str("meta", "source"), "ehr:"))
	if err != nil {
		t.Fatal(err)
	}
	return &linking{p, ids[0], uid, "Observation/" + made.body.Str("id"), compositionOf(t, p, ids[0], made.body, vitalSigns)}
}

// linked is a composition whose entry is derived from others.
func (l *linking) linked(targets ...string) []byte {
	var links []*rm.Node
	for _, target := range targets {
		links = append(links, rm.Object("LINK", rm.Child("meaning", rm.Text("derived from")), rm.Child("type", rm.Text("derivedFrom")),
			rm.Child("target", rm.Object("DV_EHR_URI", rm.Str("value", target)))))
	}
	var f []rm.Field
	for _, a := range l.root.Attrs {
		switch a.Def.Name {
		case "uid", "feeder_audit":
		case "content":
			f = append(f, rm.Child("content", a.Items[0].With("links", links...)))
		default:
			f = append(f, rm.Child(a.Def.Name, a.Items...))
		}
	}
	return rm.AppendJSON(nil, rm.Object("COMPOSITION", f...))
}

// commit stores a composition.
func (l *linking) commit(body []byte) ehr.VersionUID {
	l.t.Helper()
	v, err := l.s.Service.CreateComposition(l.t.Context(), sandboxActor, ehr.CreateComposition{EHRID: uuid.MustParse(l.record), Content: ehr.Content{JSON: body}})
	if err != nil {
		l.t.Fatal(err)
	}
	return v.UID
}

// derived are the references of what a composition has become.
func (l *linking) derived(uid ehr.VersionUID) string {
	l.t.Helper()
	for _, n := range l.all("Observation?code=29463-7&patient="+l.record+"&_count=100", "match") {
		if n.Str("meta", "source") == "ehr:"+uid.String() {
			var out []string
			for _, r := range n.List("derivedFrom") {
				out = append(out, r.Str("reference"))
			}
			return strings.Join(out, " ")
		}
	}
	l.t.Fatalf("no observation of %s", uid)
	return ""
}

// TestLinksBecomeReferences commits LINKs by openEHR and reads references by FHIR:
// only to what is there.
func TestLinksBecomeReferences(t *testing.T) {
	t.Parallel()
	l := newLinking(t, 41)
	object, system := l.target.Object.String(), l.target.System
	at := "/content[openEHR-EHR-OBSERVATION.body_weight.v2]"
	for _, c := range []struct{ uri, want string }{
		{"ehr:/" + l.record + "/compositions/" + object, l.weight},
		{"ehr:/" + l.record + "/" + l.target.String(), l.weight},
		{"ehr:/" + object, l.weight},
		{"ehr://" + system + "/" + l.record + "/" + object + at, l.weight},
		{"ehr:/" + l.record + "/" + object + at + "/data[at0002]/events[at0003]", l.weight},
		{"ehr:/" + l.record + "/" + object + at + "/data[at0002]/events[at0003]/data[at0001]", ""},
		{"ehr:/" + l.record + "/" + object + "/content[openEHR-EHR-OBSERVATION.pulse.v2]", ""},
		{"ehr:/" + l.record + "/" + object + "/context", ""},
		{"ehr:/" + l.record + "/" + uuid.NewString(), ""},
		{"ehr:/" + uuid.NewString() + "/" + object, ""},
		{"ehr://elsewhere/" + l.record + "/" + object, ""},
		{"ehr:/" + l.record, ""},
	} {
		if got := l.derived(l.commit(l.linked(c.uri))); got != c.want {
			t.Errorf("%s: %q, want %q", c.uri, got, c.want)
		}
	}
	whole := "ehr:/" + l.record + "/compositions/" + object
	of := "Observation?patient=" + l.record + "&_count=100"
	if got := len(l.all(of+"&derived-from="+l.weight, "match")); got < 2 {
		t.Errorf("%d are found by what they are derived from", got)
	}
	if got := l.all(of+"&derived-from="+l.weight+"&_include=Observation:derived-from", "include"); len(got) != 1 || "Observation/"+got[0].Str("id") != l.weight {
		t.Errorf("%d are included", len(got))
	}

	// A new version of the target is shown as the same resource; one that is
	// withdrawn is gone, as what refers to it says.
	record := uuid.MustParse(l.record)
	next, err := l.s.Service.UpdateComposition(t.Context(), sandboxActor, ehr.UpdateComposition{EHRID: record, Object: l.target.Object, Preceding: l.target, Content: ehr.Content{JSON: l.linked()}})
	if err != nil {
		t.Fatal(err)
	}
	if got := l.derived(l.commit(l.linked("ehr:/" + l.record + "/" + l.target.String()))); got != l.weight {
		t.Errorf("a link to the version before: %q", got)
	}
	if _, err := l.s.Service.DeleteComposition(t.Context(), sandboxActor, ehr.DeleteComposition{EHRID: record, Version: next.UID}); err != nil {
		t.Fatal(err)
	}
	if r := l.send("GET", l.weight, ""); r.status != 410 {
		t.Errorf("a target that was deleted: %s", r)
	}
	if got := l.derived(l.commit(l.linked(whole))); got != "" {
		t.Errorf("a link to what is deleted: %q", got)
	}
}

// What referred to what is deleted physically is projected again, and nothing else.
func TestLinksToWhatIsErased(t *testing.T) {
	t.Parallel()
	l := newLinking(t, 43, func(o *Options) { o.AdminDelete = "ehr" })
	other := l.commit(l.linked())
	source := l.commit(l.linked("ehr:/" + l.record + "/" + l.target.Object.String()))
	early := l.derived(source)
	if early != l.weight {
		t.Fatalf("refers to %q", early)
	}
	if status, _, data := send(t, "DELETE", l.s.Origin()+"/openehr/v1/admin/ehr/"+l.record+"/composition/"+l.target.Object.String(), ""); status != 204 {
		t.Fatalf("%d %s", status, data)
	}
	eventually(t, "no reference to what was deleted", func() bool { return l.derived(source) == "" })
	for uid, version := range map[string]string{source.String(): "1.1", other.String(): "1"} {
		for _, n := range l.all("Observation?code=29463-7&patient="+l.record+"&_count=100", "match") {
			if n.Str("meta", "source") == "ehr:"+uid && n.Str("meta", "versionId") != version {
				t.Errorf("%s has version %s, not %s", uid, n.Str("meta", "versionId"), version)
			}
		}
	}
	if got := l.send("GET", l.weight, ""); got.status != 404 {
		t.Errorf("what was deleted: %d", got.status)
	}
}

// TestLinksBesideTheQueue lets a source wait for its target, so that no reference
// leads to what is not there yet.
func TestLinksBesideTheQueue(t *testing.T) {
	t.Parallel()
	l := newLinking(t, 42, func(o *Options) {
		o.FHIRProjection = "commit"
	})
	l.s.projects.end()
	if _, err := l.s.store.Pool().Exec(t.Context(), `insert into fhir_queue (ehr_no, vo_no, since, retry)
		select ehr_no, vo_no, now(), now() from version where object_id = $1`, l.target.Object); err != nil {
		t.Fatal(err)
	}
	source := l.commit(l.linked("ehr:/" + l.record + "/" + l.target.Object.String()))
	st, err := l.s.store.ProjectionState(t.Context())
	if err != nil || st.Queued != 2 {
		t.Fatalf("%+v %v", st, err)
	}
	if err := l.s.projects.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); st.Queued > 0; time.Sleep(10 * time.Millisecond) {
		if st, err = l.s.store.ProjectionState(t.Context()); err != nil || time.Now().After(deadline) {
			t.Fatal(fmt.Sprint(st), err)
		}
	}
	if got := l.derived(source); got != l.weight {
		t.Errorf("%q", got)
	}
}
