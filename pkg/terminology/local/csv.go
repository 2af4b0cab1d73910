package local

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// columns are those of each kind of file; the ones after the first few may be
// left out.
var columns = map[Kind]struct {
	needed []string
	more   []string
}{
	CodeSystem: {[]string{"code"}, []string{"display", "parent", "definition"}},
	ValueSet:   {[]string{"system", "code"}, []string{"display"}},
	ConceptMap: {[]string{"source", "source_code", "target", "target_code"}, []string{"equivalence", "display"}},
}

// ParseCSV reads the plain form of a code system, value set or concept map: a
// first line with the kind and its identity, a line of column names, then one
// line for each code or mapping.
//
//	#valueset,https://example.org/vs/severity,1.0,Severity
//	system,code,display
//	http://snomed.info/sct,255604002,Mild
//
// The first line may begin with #codesystem (columns code, display, parent,
// definition; several parents are separated by blanks), #valueset (system,
// code, display) or #conceptmap (source, source_code, target, target_code,
// equivalence, display). Columns may be in any order. Errors name the line.
func ParseCSV(data []byte, limits Limits) ([]*Resource, error) {
	limits = limits.or()
	if len(data) > limits.Bytes {
		return nil, errs.New(errs.TooLarge, "local.ParseCSV", fmt.Sprintf("the file is longer than %d bytes", limits.Bytes))
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	head, err := r.Read()
	if err != nil {
		return nil, csvError(err)
	}
	kinds := map[string]Kind{"#codesystem": CodeSystem, "#valueset": ValueSet, "#conceptmap": ConceptMap}
	kind, known := kinds[strings.ToLower(strings.TrimSpace(head[0]))]
	if !known || len(head) < 2 {
		return nil, invalid("line 1", "it must be #codesystem, #valueset or #conceptmap, then the url, version and name")
	}
	head = append(head, "", "")
	h := header{ResourceType: string(kind), URL: strings.TrimSpace(head[1]), Version: strings.TrimSpace(head[2]), Name: strings.TrimSpace(head[3]), Status: "active"}
	names, err := r.Read()
	if err != nil {
		return nil, csvError(err)
	}
	index, err := columnIndex(kind, names)
	if err != nil {
		return nil, err
	}
	b := csvBuilder{header: h, index: index}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, csvError(err)
		}
		line, _ := r.FieldPos(0)
		if len(row) > len(names) {
			return nil, invalid(fmt.Sprintf("line %d", line), "it has %d fields, more than columns", len(row))
		}
		b.row = row
		if err := b.add(kind); err != nil {
			return nil, invalid(fmt.Sprintf("line %d", line), "%v", err)
		}
	}
	doc, err := json.Marshal(b.resource(kind))
	if err != nil {
		return nil, errs.Wrap(errs.Internal, "local.ParseCSV", "", err)
	}
	limits.Bytes = len(doc) // JSON says the same in more bytes
	return Parse(doc, limits)
}

func csvError(err error) error {
	if errors.Is(err, io.EOF) {
		return invalid("the file", "it ends before its column names")
	}
	return invalid("the file", "it is not CSV: %v", err)
}

func columnIndex(kind Kind, names []string) (map[string]int, error) {
	index := map[string]int{}
	for i, n := range names {
		n = strings.ToLower(strings.TrimSpace(n))
		allowed := false
		for _, c := range append(columns[kind].needed, columns[kind].more...) {
			allowed = allowed || c == n
		}
		if _, twice := index[n]; twice || !allowed {
			return nil, invalid("line 2", "a %s has no column %q, or not twice", kind, n)
		}
		index[n] = i
	}
	for _, c := range columns[kind].needed {
		if _, ok := index[c]; !ok {
			return nil, invalid("line 2", "the column %s is missing", c)
		}
	}
	return index, nil
}

// csvBuilder gathers rows into the FHIR form.
type csvBuilder struct {
	header   header
	index    map[string]int
	row      []string
	concepts []map[string]any
	groups   []map[string]any
	byKey    map[string]int
}

func (b *csvBuilder) cell(column string) string {
	if i, ok := b.index[column]; ok && i < len(b.row) {
		return strings.TrimSpace(b.row[i])
	}
	return ""
}

// optional adds a member unless it is empty.
func optional(m map[string]any, name, value string) {
	if value != "" {
		m[name] = value
	}
}

func (b *csvBuilder) add(kind Kind) error {
	for _, c := range columns[kind].needed {
		if b.cell(c) == "" {
			return fmt.Errorf("the field %s is empty", c)
		}
	}
	switch kind {
	case CodeSystem:
		c := map[string]any{"code": b.cell("code")}
		optional(c, "display", b.cell("display"))
		optional(c, "definition", b.cell("definition"))
		var properties []any
		for parent := range strings.FieldsSeq(b.cell("parent")) {
			properties = append(properties, map[string]any{"code": "parent", "valueCode": parent})
		}
		if properties != nil {
			c["property"] = properties
		}
		b.concepts = append(b.concepts, c)
	case ValueSet:
		g := b.group(b.cell("system"), func() map[string]any { return map[string]any{"system": b.cell("system")} })
		c := map[string]any{"code": b.cell("code")}
		optional(c, "display", b.cell("display"))
		list, _ := g["concept"].([]any)
		g["concept"] = append(list, c)
	case ConceptMap:
		g := b.group(b.cell("source")+" "+b.cell("target"), func() map[string]any {
			return map[string]any{"source": b.cell("source"), "target": b.cell("target")}
		})
		t := map[string]any{"code": b.cell("target_code"), "equivalence": "equivalent"}
		optional(t, "equivalence", b.cell("equivalence"))
		optional(t, "display", b.cell("display"))
		list, _ := g["element"].([]any)
		g["element"] = append(list, map[string]any{"code": b.cell("source_code"), "target": []any{t}})
	}
	return nil
}

func (b *csvBuilder) group(key string, make func() map[string]any) map[string]any {
	if i, ok := b.byKey[key]; ok {
		return b.groups[i]
	}
	if b.byKey == nil {
		b.byKey = map[string]int{}
	}
	b.byKey[key] = len(b.groups)
	b.groups = append(b.groups, make())
	return b.groups[len(b.groups)-1]
}

func (b *csvBuilder) resource(kind Kind) map[string]any {
	out := map[string]any{"resourceType": string(kind), "url": b.header.URL, "status": b.header.Status}
	optional(out, "version", b.header.Version)
	optional(out, "name", b.header.Name)
	switch kind {
	case CodeSystem:
		out["content"] = "complete"
		out["concept"] = b.concepts
	case ValueSet:
		out["compose"] = map[string]any{"include": b.groups}
	case ConceptMap:
		out["group"] = b.groups
	}
	return out
}
