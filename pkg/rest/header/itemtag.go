package header

import (
	"net/http"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// The headers that carry tags of the versioned object and of the version.
const (
	ItemTag        = "openehr-item-tag"
	VersionItemTag = "openehr-version-item-tag"
)

// Tags are the tags that a write brings along.
func Tags(h http.Header) (in ehr.TagInput, err error) {
	if in.Object, err = parseTags(h, ItemTag); err != nil {
		return in, err
	}
	in.Version, err = parseTags(h, VersionItemTag)
	return in, err
}

// parseTags reads the lines of a tag header: key="…",value="…",target_path="…"
// for each tag, and semicolons between tags. Nil if the header is absent, an
// empty list if it has no value.
func parseTags(h http.Header, name string) ([]ehr.ItemTag, error) {
	lines := h.Values(name)
	if len(lines) == 0 {
		return nil, nil
	}
	tags := []ehr.ItemTag{}
	for _, line := range lines {
		for _, part := range SplitSemicolons(line) {
			if strings.TrimSpace(part) == "" {
				continue
			}
			attrs := attributes{}
			if err := parseAttributes(attrs, name, "", part); err != nil {
				return nil, err
			}
			var t ehr.ItemTag
			var given bool
			t.Key, _ = attrs.take("key")
			t.Value, given = attrs.take("value")
			t.TargetPath, _ = attrs.take("target_path")
			if given && t.Value == "" {
				return nil, errs.New(errs.Invalid, "header.parseTags", "header "+name+": the value of a tag, if there is one, must not be empty")
			}
			if err := attrs.rest(name); err != nil {
				return nil, err
			}
			tags = append(tags, t)
		}
	}
	return tags, nil
}

// maxTagHeader bounds a tag header of an answer, in bytes; longer ones are left
// out. The resource …/tags has them all.
const maxTagHeader = 8 << 10

func setTagLine(h http.Header, name string, tags []ehr.ItemTag) {
	if s := formatTags(tags); len(s) <= maxTagHeader {
		h.Set(name, s)
	}
}

// SetTags shows the tags that a write has set.
func SetTags(h http.Header, in ehr.TagInput) {
	if in.Object != nil {
		setTagLine(h, ItemTag, in.Object)
	}
	if in.Version != nil {
		setTagLine(h, VersionItemTag, in.Version)
	}
}

// formatTags writes tags as parseTags reads them.
func formatTags(tags []ehr.ItemTag) string {
	var b strings.Builder
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	for i, t := range tags {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(`key="` + quote.Replace(t.Key) + `"`)
		if t.Value != "" {
			b.WriteString(`,value="` + quote.Replace(t.Value) + `"`)
		}
		if t.TargetPath != "" {
			b.WriteString(`,target_path="` + quote.Replace(t.TargetPath) + `"`)
		}
	}
	return b.String()
}

// RefuseTags refuses item tag headers on a write that sets no tags: dropping
// what the client wants kept is worse than an error.
func RefuseTags(h http.Header) error {
	for _, name := range []string{ItemTag, VersionItemTag} {
		if len(h.Values(name)) > 0 {
			return errs.New(errs.Unsupported, "header.refuseTags", "item tags (header "+name+") are not offered for this operation")
		}
	}
	return nil
}
