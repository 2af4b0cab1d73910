package rest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// folderTree is a FOLDER by its name, with those in it.
type folderTree struct {
	name string
	subs []*folderTree
}

// folderNames are few, so that two of one name meet, and some must be encoded in
// a path.
var folderNames = []string{"a", "b", "c/d", "é 1", "100%"}

func drawFolderTree(t *rapid.T, depth int) *folderTree {
	f := &folderTree{name: rapid.SampledFrom(folderNames).Draw(t, "name")}
	if depth > 0 {
		for range rapid.IntRange(0, 3).Draw(t, "folders") {
			f.subs = append(f.subs, drawFolderTree(t, depth-1))
		}
	}
	return f
}

func (f *folderTree) json() []byte {
	if len(f.subs) == 0 {
		return folder(f.name)
	}
	var list []string
	for _, s := range f.subs {
		list = append(list, string(s.json()))
	}
	return folder(f.name, `,"folders":[`+strings.Join(list, ",")+`]`)
}

func (f *folderTree) String() string { return fmt.Sprint(f.name, f.subs) }

func treeOfFolder(n *rm.Node) *folderTree {
	f := &folderTree{name: n.NameValue()}
	for _, s := range n.List("folders") {
		f.subs = append(f.subs, treeOfFolder(s))
	}
	return f
}

// same checks that an answer has the tree, and the uid at its root.
func (f *folderTree) same(res *result, uid string) {
	res.t.Helper()
	n := res.tree("FOLDER")
	if got := treeOfFolder(n).String(); got != f.String() || uid != "" && n.String("uid", "value") != uid {
		res.t.Fatalf("folders %s, want %s", got, f)
	}
}

// at are the FOLDERs that a path of names leads to.
func (f *folderTree) at(path []string) []*folderTree {
	found := []*folderTree{f}
	for _, name := range path {
		var next []*folderTree
		for _, f := range found {
			for _, s := range f.subs {
				if s.name == name {
					next = append(next, s)
				}
			}
		}
		found = next
	}
	return found
}

func (m *record) createDirectory(t *rapid.T) {
	tree := drawFolderTree(t, 2)
	asked, code := prefer(t, true)
	onObject, onVersion, lines := drawTagHeaders(t)
	if d := m.directory(); d != nil {
		// The times of an object follow each other, not those of another.
		time.Sleep(time.Until(d.latest().at.Add(2 * time.Millisecond)))
	}
	res := m.do("POST", m.path("/directory"), tree.json(), append(lines, asked)...)
	if d := m.directory(); !m.modifiable || d != nil && !d.latest().deleted() {
		res.status(http.StatusConflict).fault()
		return
	}
	uid := res.status(code).tag()
	o := &modelled{kind: ehr.KindFolder, path: "directory", id: object(uid), tags: tagSet{}}
	v := &modelledVersion{uid: uid, lifecycle: "532", tree: tree}
	m.written(o, v)
	o.tagged(v, onObject, onVersion)
}

// based draws what an update of the directory is based on: a version of the
// directory, or of one before, or nothing at all.
func (m *record) based(t *rapid.T) string {
	d := m.directory()
	if d == nil {
		return uuid.NewString() + "::" + systemID + "::1"
	}
	switch rapid.IntRange(0, 6).Draw(t, "match") {
	case 0:
		return draw(t, draw(t, m.directories, "directory").versions, "based on").uid
	case 1:
		return "nonsense"
	}
	return d.latest().uid
}

// refused checks the answer to a change of the directory that cannot be; false
// if it can.
func (m *record) refused(res *result, based string, deletion bool) bool {
	m.t.Helper()
	d := m.directory()
	switch {
	case d == nil:
		res.status(http.StatusNotFound).fault()
	case based != d.latest().uid:
		if got := res.status(http.StatusPreconditionFailed).tag(); got != d.latest().uid {
			m.t.Fatalf("the latest is said to be %s, is %s", got, d.latest().uid)
		}
	case !m.modifiable:
		res.status(http.StatusConflict).fault()
	case d.latest().deleted() && deletion:
		res.status(http.StatusBadRequest).fault()
	case d.latest().deleted():
		res.status(http.StatusConflict).fault()
	default:
		return false
	}
	return true
}

func (m *record) updateDirectory(t *rapid.T) {
	based, tree := m.based(t), drawFolderTree(t, 2)
	asked, code := prefer(t, false)
	onObject, onVersion, lines := drawTagHeaders(t)
	res := m.do("PUT", m.path("/directory"), tree.json(), append(lines, asked, `If-Match: "`+based+`"`)...)
	if m.refused(res, based, false) {
		return
	}
	v := &modelledVersion{uid: following(based), preceding: based, lifecycle: "532", tree: tree}
	if got := res.status(code).tag(); got != v.uid {
		t.Fatalf("committed as %s, want %s", got, v.uid)
	}
	m.written(m.directory(), v)
	m.directory().tagged(v, onObject, onVersion)
}

func (m *record) deleteDirectory(t *rapid.T) {
	based := m.based(t)
	res := m.do("DELETE", m.path("/directory"), nil, `If-Match: "`+based+`"`)
	if m.refused(res, based, true) {
		return
	}
	v := &modelledVersion{uid: following(based), preceding: based, lifecycle: "523"}
	if got := res.status(http.StatusNoContent).empty().tag(); got != v.uid {
		t.Fatalf("deleted as %s, want %s", got, v.uid)
	}
	m.written(m.directory(), v)
}

// readFolder reads the directory or a folder of it, now, at a time, or in one
// version.
func (m *record) readFolder(t *rapid.T) {
	var v *modelledVersion
	var o *modelled
	path, query := m.path("/directory"), url.Values{}
	var every []*modelledVersion
	for _, d := range m.directories {
		every = append(every, d.versions...)
	}
	switch rapid.IntRange(0, 2).Draw(t, "read") {
	case 0:
		if o = m.directory(); o != nil {
			v = o.latest()
		}
	case 1:
		when := aTime(t, every)
		query.Set("version_at_time", when.Format("2006-01-02T15:04:05.000000Z07:00"))
		// The one that is not deleted at that time, or else was deleted last.
		for _, d := range m.directories {
			if x := d.extant(when); x != nil {
				o, v = d, x
			}
		}
	default:
		v = draw(t, every, "version")
		o = m.directories[slices.IndexFunc(m.directories, func(d *modelled) bool { return d.find(v.uid) != nil })]
		path += "/" + v.uid
	}
	var names []string
	if rapid.Bool().Draw(t, "a part") {
		var encoded []string
		for range rapid.IntRange(0, 3).Draw(t, "deep") {
			name := rapid.SampledFrom(folderNames).Draw(t, "name")
			names, encoded = append(names, name), append(encoded, url.PathEscape(name))
		}
		query.Set("path", strings.Join(encoded, "/"))
	}
	res := m.do("GET", path+"?"+query.Encode(), nil)
	switch {
	case v == nil:
		res.status(http.StatusNotFound).fault()
	case v.deleted():
		if res.status(http.StatusNoContent).empty().tag() != v.uid {
			t.Fatalf("read %s, want %s", res.tag(), v.uid)
		}
	default:
		switch found := v.tree.at(names); {
		case len(found) == 0:
			res.status(http.StatusNotFound).fault()
		case len(found) > 1:
			res.status(http.StatusBadRequest).fault()
		case len(names) == 0:
			m.same(res, o, v, "")
		default:
			if res.status(http.StatusOK).tag() != v.uid {
				t.Fatalf("read %s, want %s", res.tag(), v.uid)
			}
			found[0].same(res, "")
		}
	}
}
