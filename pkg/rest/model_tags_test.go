package rest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// tagID tells the tags of a target apart, tagSet has their values; "" for none.
type tagID struct{ key, path string }

type tagSet map[tagID]string

var (
	tagKeys   = []string{"a", "b", `q"uo;te,\`, "é"}
	tagPaths  = []string{"", "/x", "/context/start_time/value"}
	tagValues = []string{"", "1", "two words", `"; key="x`}
)

func drawTags(t *rapid.T) tagSet {
	s := tagSet{}
	for range rapid.IntRange(0, 3).Draw(t, "tags") {
		id := tagID{rapid.SampledFrom(tagKeys).Draw(t, "key"), rapid.SampledFrom(tagPaths).Draw(t, "path")}
		s[id] = rapid.SampledFrom(tagValues).Draw(t, "value")
	}
	return s
}

// header writes the tags as the header has them; json as the resource has.
func (s tagSet) header() string {
	var out []string
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	for id, value := range s {
		tag := `key="` + quote.Replace(id.key) + `"`
		if value != "" {
			tag += `,value="` + quote.Replace(value) + `"`
		}
		if id.path != "" {
			tag += `,target_path="` + id.path + `"`
		}
		out = append(out, tag)
	}
	slices.SortFunc(out, strings.Compare)
	return strings.Join(out, "; ")
}

func (s tagSet) json() []byte {
	var out []string
	for id, value := range s {
		tag := fmt.Sprintf(`{"key":%q`, id.key)
		if value != "" {
			tag += fmt.Sprintf(`,"value":%q`, value)
		}
		if id.path != "" {
			tag += fmt.Sprintf(`,"target_path":%q`, id.path)
		}
		out = append(out, tag+"}")
	}
	return []byte("[" + strings.Join(out, ",") + "]")
}

// inHeader checks a header of an answer that shows tags.
func (s tagSet) inHeader(res *result, name string) {
	res.t.Helper()
	sorted := func(h string) string {
		list := strings.Split(h, "; key=")
		for i := range list {
			list[i] = strings.TrimPrefix(list[i], "key=")
		}
		slices.Sort(list)
		return strings.Join(list, "\n")
	}
	if got, want := sorted(res.header.Get(name)), sorted(s.header()); got != want {
		res.t.Fatalf("%s is\n%s\nwant\n%s", name, got, want)
	}
}

// drawTagHeaders draws the tags that a commit brings along; a set that is nil is
// not there.
func drawTagHeaders(t *rapid.T) (onObject, onVersion tagSet, lines []string) {
	if oneIn(t, 3, "object tags") {
		onObject = drawTags(t)
		lines = append(lines, "openehr-item-tag: "+onObject.header())
	}
	if oneIn(t, 3, "version tags") {
		onVersion = drawTags(t)
		lines = append(lines, "openehr-version-item-tag: "+onVersion.header())
	}
	return onObject, onVersion, lines
}

// tagged is what the headers of a commit do.
func (o *modelled) tagged(v *modelledVersion, onObject, onVersion tagSet) {
	if onObject != nil {
		o.tags = onObject
	}
	if onVersion != nil {
		v.tags = onVersion
	}
}

// target draws what has tags: an object or a version of it, as the path has it.
func (m *record) target(t *rapid.T) (path string, tags *tagSet) {
	o := draw(t, m.all(), "object")
	if rapid.Bool().Draw(t, "a version") {
		v := draw(t, o.versions, "version")
		return m.path("/%s/%s/tags", o.path, v.uid), &v.tags
	}
	return m.path("/%s/%s/tags", o.path, o.id), &o.tags
}

// putTags replaces the tags of a target, whatever the EHR_STATUS says.
func (m *record) putTags(t *rapid.T) {
	if oneIn(t, 8, "of nothing") {
		o := draw(t, m.all(), "object")
		other := map[string]string{"composition": "ehr_status", "ehr_status": "directory", "directory": "composition"}[o.path]
		for _, path := range []string{m.path("/%s/%s/tags", o.path, following(o.latest().uid)), m.path("/%s/%s/tags", other, o.id), m.path("/%s/%s/tags", other, o.latest().uid)} {
			m.do("PUT", path, []byte(`[{"key":"lost"}]`)).status(http.StatusNotFound).fault()
		}
		return
	}
	path, tags := m.target(t)
	next := drawTags(t)
	asked, code := prefer(t, false)
	res := m.do("PUT", path, next.json(), asked).status(code)
	*tags = next
	if code == http.StatusOK && len(res.tags()) != len(next) {
		t.Fatalf("%d tags of %d: %s", len(res.tags()), len(next), res.body)
	}
}

// deleteTags removes the tags with a key, whatever their path.
func (m *record) deleteTags(t *rapid.T) {
	path, tags := m.target(t)
	key := rapid.SampledFrom(tagKeys).Draw(t, "key")
	next := tagSet{}
	for id, value := range *tags {
		if id.key != key {
			next[id] = value
		}
	}
	res := m.do("DELETE", path+"/"+url.PathEscape(key), nil)
	if len(next) == len(*tags) {
		res.status(http.StatusNotFound).fault()
		return
	}
	res.status(http.StatusNoContent).empty()
	*tags = next
}

// filterTags lists the tags of the EHR by some of their attributes.
func (m *record) filterTags(t *rapid.T) {
	query := url.Values{}
	key, path, value := "", "", ""
	if rapid.Bool().Draw(t, "by key") {
		key = rapid.SampledFrom(tagKeys).Draw(t, "key")
		query.Set("tag_key", key)
	}
	if rapid.Bool().Draw(t, "by path") {
		path = rapid.SampledFrom(tagPaths[1:]).Draw(t, "path")
		query.Set("tag_target_path", path)
	}
	if rapid.Bool().Draw(t, "by value") {
		value = rapid.SampledFrom(tagValues[1:]).Draw(t, "value")
		query.Set("tag_value", value)
	}
	m.checkTags(t, "?"+query.Encode(), func(v string, id tagID) bool {
		return (key == "" || id.key == key) && (path == "" || id.path == path) && (value == "" || v == value)
	})
}

// checkTags compares the tags of the whole EHR that a filter leaves.
func (m *record) checkTags(t *rapid.T, query string, keep func(value string, id tagID) bool) {
	var want []string
	add := func(class, uid string, tags tagSet) {
		for id, value := range tags {
			if keep(value, id) {
				want = append(want, strings.TrimSpace(fmt.Sprintf("%s %s %s=%s %s", class, uid, id.key, value, id.path)))
			}
		}
	}
	for _, o := range m.all() {
		add(o.kind.String(), o.id, o.tags)
		for _, v := range o.versions {
			add(o.kind.String(), v.uid, v.tags)
		}
	}
	got := m.do("GET", m.path("/tags%s", query), nil).status(http.StatusOK).tags()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("tags%s\n%s\nwant\n%s", query, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
