package fhir

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// owners tells of each entry of a transaction which one it becomes a part of: the
// one that refers to it by its fullUrl, directly or through others, and that no
// entry refers to. An entry that belongs to no other is its own. References that
// become LINKs make nobody an owner.
func (a *api) owners(entries []*r4.Node) ([]int, error) {
	index := map[string]int{}
	for i, e := range entries {
		if url := e.Str("fullUrl"); url != "" && creates(e) {
			index[url] = i
		}
	}
	above := make([]int, len(entries)) // the entry that refers to it, or itself
	for i := range above {
		above[i] = i
	}
	for i, e := range entries {
		if !creates(e) {
			continue
		}
		for _, ref := range literalReferences(e.Get("resource"), "") {
			j, ok := index[ref.text.Text]
			if !ok || j == i || above[j] == i || a.joins(e.Get("resource"), ref) {
				continue
			}
			if above[j] != j {
				return nil, refusedAt(errs.Unprocessable, "not-supported", fmt.Sprintf("Bundle.entry[%d]", j),
					fmt.Sprintf("the entries %d and %d both refer to the resource, which can become part of one composition only", above[j], i))
			}
			above[j] = i
		}
	}
	out := make([]int, len(entries))
	for i := range entries {
		top := i
		for range entries {
			top = above[top]
		}
		if above[top] != top {
			return nil, refusedAt(errs.Unprocessable, "not-supported", fmt.Sprintf("Bundle.entry[%d]", i), "the resource refers to itself through others")
		}
		out[i] = top
	}
	return out, nil
}

// linked are the resources of the entries that belong to one, by their fullUrl.
func (a *api) linked(ctx context.Context, c *call, entries []*r4.Node, owners []int, i int) (map[string]*r4.Node, error) {
	out := map[string]*r4.Node{}
	for j, e := range entries {
		n := e.Get("resource")
		if owners[j] != i || j == i || n == nil {
			continue
		}
		a.localReferences(c, n)
		if err := a.resolveSubject(ctx, c, n.Str("resourceType"), fmt.Sprintf("Bundle.entry[%d]", j), n); err != nil {
			return nil, err
		}
		out[e.Str("fullUrl")] = n
	}
	return out, nil
}

// belongs checks an entry that becomes part of the composition of another.
func (a *api) belongs(c *call, place string, e *r4.Node, owner int) (creation, error) {
	out := creation{place: place, index: -1, owner: owner, url: e.Str("fullUrl")}
	var err error
	if out.typ, err = a.created(c, place, e); err != nil {
		return out, err
	}
	if e.Str("request", "ifNoneExist") != "" {
		return out, refusedAt(errs.Unprocessable, "not-supported", place+".request.ifNoneExist", fmt.Sprintf("the resource becomes part of the composition of entry %d and has no condition of its own", owner))
	}
	return out, nil
}

// together is a Bundle of an entry's resource and those that belong to it, as they
// came.
func together(e *r4.Node, linked map[string]*r4.Node) string {
	var b strings.Builder
	b.WriteString(`{"resourceType":"Bundle","type":"collection","entry":[`)
	add := func(url string, n *r4.Node) {
		b.WriteString(`{`)
		if url != "" {
			b.Write(appendString([]byte(`"fullUrl":`), url))
			b.WriteByte(',')
		}
		b.WriteString(`"resource":`)
		b.Write(n.Append(nil))
		b.WriteByte('}')
	}
	add(e.Str("fullUrl"), e.Get("resource"))
	for _, url := range slices.Sorted(maps.Keys(linked)) {
		b.WriteByte(',')
		add(url, linked[url])
	}
	b.WriteString("]}")
	return b.String()
}
