package storetest

import (
	"cmp"
	"slices"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// drawTags draws the tags of a target, in the order of the store.
func drawTags(t *rapid.T) []ehr.ItemTag {
	list := []ehr.ItemTag{}
	for _, key := range []string{"a", "b"} {
		for _, path := range []string{"", "/x"} {
			if rapid.Bool().Draw(t, "tag") {
				list = append(list, ehr.ItemTag{Key: key, TargetPath: path, Value: rapid.SampledFrom([]string{"", "1"}).Draw(t, "value")})
			}
		}
	}
	return list
}

// target draws an object or a version of it, with where the model has its tags.
func (m *model) target(t *rapid.T) (ehr.TagTarget, *[]ehr.ItemTag) {
	o := m.object(t)
	on := ehr.TagTarget{Kind: m.kind, Object: o.id}
	if rapid.Bool().Draw(t, "of the object") {
		return on, &o.tags
	}
	v := o.draw(t, "version")
	on.Version = v.uid
	return on, &v.tags
}

// putTags replaces the tags of a target, or those of nothing.
func (m *model) putTags(t *rapid.T) {
	on, tags := m.target(t)
	list := drawTags(t)
	if rapid.IntRange(0, 5).Draw(t, "of nothing") == 0 {
		if on.Version.IsZero() {
			on.Object = uuid.New()
		} else {
			on.Version.Trunk += 1000
		}
		m.want(t, m.store.PutTags(m.t.Context(), m.id, on, list, "u"), errs.NotFound)
		return
	}
	if err := m.store.PutTags(m.t.Context(), m.id, on, list, "u"); err != nil {
		t.Fatal(err)
	}
	*tags = list
}

// deleteTags removes the tags of a target that have a key.
func (m *model) deleteTags(t *rapid.T) {
	on, tags := m.target(t)
	key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key")
	left := slices.DeleteFunc(slices.Clone(*tags), func(x ehr.ItemTag) bool { return x.Key == key })
	err := m.store.DeleteTags(m.t.Context(), m.id, on, key)
	if len(left) == len(*tags) {
		m.want(t, err, errs.NotFound)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	*tags = left
}

// writeTagged commits a version with tags of its object and its own, or tries to
// with a version that is stale: then no tag may be set.
func (m *model) writeTagged(t *rapid.T) {
	o := m.object(t)
	p := o.latest()
	v, kind := m.next(t, p.uid.Next(SystemID), p)
	if rapid.IntRange(0, 3).Draw(t, "stale") == 0 {
		v.UID.Trunk, v.Preceding.Trunk = v.UID.Trunk+1, v.Preceding.Trunk+1
		kind = errs.Precondition
	}
	c := contribution(m.id, v)
	onObject, onVersion := ehr.TagTarget{Kind: m.kind, Object: o.id}, ehr.TagTarget{Kind: m.kind, Object: o.id, Version: v.UID}
	c.Tags = []ehr.TagUpdate{{Target: onObject, Tags: drawTags(t)}, {Target: onVersion, Tags: drawTags(t)}}
	if !m.modifiable {
		kind = errs.Conflict
	}
	when, err := m.store.Commit(m.t.Context(), c)
	if kind != 0 {
		m.want(t, err, kind)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	m.written(t, o, v, when)
	o.tags, o.find(v.UID).tags = c.Tags[0].Tags, c.Tags[1].Tags
}

// checkTags compares the tags of an object and its versions, all or those of a
// key, and whether the latest says that there are any.
func (m *model) checkTags(t *rapid.T, o *modelObject) {
	f := ehr.TagFilter{Object: o.id, Key: rapid.SampledFrom([]string{"", "a"}).Draw(t, "of key")}
	got, err := m.store.EHRTags(m.t.Context(), m.id, f)
	if err != nil {
		t.Fatal(err)
	}
	var want []ehr.TaggedItem
	tagged := false
	add := func(on ehr.TagTarget, list []ehr.ItemTag) {
		for _, tag := range list {
			tagged = true
			if f.Key == "" || f.Key == tag.Key {
				want = append(want, ehr.TaggedItem{Target: on, Tag: tag})
			}
		}
	}
	add(ehr.TagTarget{Kind: m.kind, Object: o.id}, o.tags)
	for _, v := range o.versions {
		add(ehr.TagTarget{Kind: m.kind, Object: o.id, Version: v.uid}, v.tags)
	}
	order := func(a, b ehr.TaggedItem) int {
		return cmp.Or(cmp.Compare(a.Target.Version.String(), b.Target.Version.String()), cmp.Compare(a.Tag.Key, b.Tag.Key), cmp.Compare(a.Tag.TargetPath, b.Tag.TargetPath))
	}
	slices.SortFunc(got, order)
	slices.SortFunc(want, order)
	if len(got) != len(want) || len(want) > 0 && !gocmp.Equal(want, got) {
		t.Fatalf("tags %v, want %v", got, want)
	}
	rec, err := m.store.Version(m.t.Context(), m.id, m.kind, ehr.VersionSelector{Object: o.id})
	if latest := o.latest(); err != nil || !rec.Tagged && len(o.tags)+len(latest.tags) > 0 || rec.Tagged && !tagged {
		t.Fatalf("%v, %v: tagged %t", latest.uid, err, rec.Tagged)
	}
	for _, v := range o.versions {
		if list, err := m.store.Tags(m.t.Context(), m.id, ehr.TagTarget{Kind: m.kind, Object: o.id, Version: v.uid}); err != nil || len(list) != len(v.tags) {
			t.Fatalf("tags of %v: %v, %v; want %v", v.uid, list, err, v.tags)
		}
	}
}

// erase deletes an object physically, with all that was about it.
func (m *model) erase(t *rapid.T) {
	if rapid.IntRange(0, 2).Draw(t, "erase") > 0 {
		t.Skip("not now")
	}
	o := m.object(t)
	remove := func() error {
		if m.kind.IsParty() {
			return m.store.EraseParty(m.t.Context(), ehr.Actor{ID: "eraser"}, o.id, nil)
		}
		return m.store.EraseComposition(m.t.Context(), ehr.Actor{ID: "eraser"}, m.id, o.id)
	}
	if err := remove(); err != nil {
		t.Fatal(err)
	}
	m.want(t, remove(), errs.NotFound)
	m.objects = slices.DeleteFunc(m.objects, func(x *modelObject) bool { return x == o })
	_, err := m.store.Version(m.t.Context(), m.id, m.kind, ehr.VersionSelector{Object: o.id})
	m.want(t, err, errs.NotFound)
	_, err = m.store.Versions(m.t.Context(), m.id, m.kind, o.id)
	m.want(t, err, errs.NotFound)
	for _, v := range o.versions {
		_, err := m.read(v.uid)
		m.want(t, err, errs.NotFound)
	}
	if list, err := m.store.EHRTags(m.t.Context(), m.id, ehr.TagFilter{Object: o.id}); err != nil || len(list) > 0 {
		t.Fatalf("tags %v, %v", list, err)
	}
	// Its id is free: another may be created with it.
	if m.modifiable && rapid.Bool().Draw(t, "again") {
		n := &modelObject{id: o.id}
		m.try(t, 0, nil, []*modelObject{n}, version(at(n.id, SystemID, 1), m.kind, ehr.LifecycleComplete, m.document()))
	}
}
