package rest

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Limits of the commit headers: attributes in all lines together, and bytes of
// one value.
const (
	maxCommitAttributes = 64
	maxCommitValue      = 4096
)

// attributes are the values of commit headers by attribute path, such as
// committer.external_ref.id.
type attributes map[string]string

// commitAttributes collects the lines of one commit header in both generations:
// the attribute path before each value (1.1.0), or its beginning in the header's
// name (1.0.3), with _ or - between the words of the name. A path given twice
// must have the same value both times.
func commitAttributes(h http.Header, name string) (attributes, error) {
	var out attributes
	for key, lines := range h {
		base, prefix, _ := strings.Cut(strings.ToLower(key), ".")
		if strings.ReplaceAll(base, "_", "-") != name {
			continue
		}
		if prefix != "" {
			prefix += "."
		}
		for _, line := range lines {
			if out == nil {
				out = attributes{}
			}
			if err := parseAttributes(out, name, prefix, line); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// parseAttributes reads one header value: path="value" pairs separated by
// commas, where \ escapes within quotes; quotes may be left out.
func parseAttributes(out attributes, name, prefix, line string) error {
	fault := func(msg string) error {
		return errs.New(errs.Invalid, "rest.parseAttributes", "header "+name+": "+msg)
	}
	if !utf8.ValidString(line) {
		line = fromLatin1(line)
	}
	for i := 0; ; {
		for i < len(line) && (line[i] == ' ' || line[i] == '\t' || line[i] == ',') {
			i++
		}
		if i == len(line) {
			return nil
		}
		eq := strings.IndexByte(line[i:], '=')
		if eq < 0 {
			return fault(`expected attribute="value"`)
		}
		path := strings.ToLower(strings.TrimSpace(line[i : i+eq]))
		if !isPath(path) {
			return fault("malformed attribute path before =")
		}
		i += eq + 1
		for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
			i++
		}
		var value strings.Builder
		if i < len(line) && line[i] == '"' {
			i++
			closed := false
			for ; i < len(line) && !closed; i++ {
				switch line[i] {
				case '"':
					closed = true
				case '\\':
					i++
					if i < len(line) {
						value.WriteByte(line[i])
					}
				default:
					value.WriteByte(line[i])
				}
			}
			if !closed {
				return fault("the quotes of " + prefix + path + " are not closed")
			}
			for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
				i++
			}
			if i < len(line) && line[i] != ',' {
				return fault("expected a comma after the value of " + prefix + path)
			}
		} else {
			end := strings.IndexByte(line[i:], ',')
			if end < 0 {
				end = len(line) - i
			}
			value.WriteString(strings.TrimSpace(line[i : i+end]))
			i += end
		}
		if value.Len() > maxCommitValue {
			return fault("the value of " + prefix + path + " is longer than " + strconv.Itoa(maxCommitValue) + " bytes")
		}
		path = prefix + path
		if old, twice := out[path]; twice && old != value.String() {
			return fault(path + " is given twice with different values")
		}
		out[path] = value.String()
		if len(out) > maxCommitAttributes {
			return fault("more than " + strconv.Itoa(maxCommitAttributes) + " attributes")
		}
	}
}

func isPath(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '.') {
			return false
		}
	}
	return s != "" && s[0] != '.' && s[len(s)-1] != '.'
}

// fromLatin1 reads a header value as ISO 8859-1, which older clients send.
func fromLatin1(s string) string {
	r := make([]rune, len(s))
	for i := 0; i < len(s); i++ {
		r[i] = rune(s[i])
	}
	return string(r)
}

// take removes the first of the paths that is present and gives its value.
func (m attributes) take(paths ...string) (string, bool) {
	for _, p := range paths {
		if v, ok := m[p]; ok {
			delete(m, p)
			return v, true
		}
	}
	return "", false
}

// code takes a code of the openEHR terminology, as a CODE_PHRASE, a
// TERMINOLOGY_CODE or a DV_CODED_TEXT, and drops the rubric beside it.
func (m attributes) code(name, attr string) (int, error) {
	fault := func(msg string) (int, error) {
		return 0, errs.New(errs.Invalid, "rest.commitHeader", "header "+name+": "+msg)
	}
	text, ok := m.take(attr+".code_string", attr+".defining_code.code_string", attr)
	_, rubric := m.take(attr + ".value")
	terminology, named := m.take(attr+".terminology_id.value", attr+".terminology_id",
		attr+".defining_code.terminology_id.value", attr+".defining_code.terminology_id")
	if named && !strings.EqualFold(terminology, "openehr") {
		return fault(attr + " must be a code of the openehr terminology")
	}
	if !ok {
		if rubric || named {
			return fault(attr + ".code_string is missing")
		}
		return 0, nil
	}
	code, err := strconv.Atoi(text)
	if err != nil || code < 1 || code > 9999 {
		return fault(attr + ".code_string must be a code of the openehr terminology, such as 249")
	}
	return code, nil
}

// audit is what the commit headers of a write say (ITS-REST overview,
// openehr-version and openehr-audit-details). An attribute that Cairn does not
// know is refused rather than dropped, but for time_committed, which is always
// the server's, and the _type markers.
func (a *api) audit(r *request) (ehr.AuditInput, error) {
	const op, version, details = "rest.commitHeader", "openehr-version", "openehr-audit-details"
	var in ehr.AuditInput
	v, err := commitAttributes(r.Header, version)
	if err != nil {
		return in, err
	}
	if in.LifecycleState, err = v.code(version, "lifecycle_state"); err != nil {
		return in, err
	}
	if err := v.rest(version); err != nil {
		return in, err
	}
	d, err := commitAttributes(r.Header, details)
	if err != nil {
		return in, err
	}
	if in.ChangeType, err = d.code(details, "change_type"); err != nil {
		return in, err
	}
	in.Description, _ = d.take("description.value", "description")
	if in.Committer, err = d.committer(details); err != nil {
		return in, err
	}
	d.take("time_committed.value", "time_committed")
	if system, ok := d.take("system_id"); ok && a.SystemID != "" && !strings.EqualFold(system, a.SystemID) {
		return in, errs.New(errs.Invalid, op, "header "+details+": system_id names another system than this one")
	}
	return in, d.rest(details)
}

// rest refuses what no rule has taken.
func (m attributes) rest(name string) error {
	for _, path := range slices.Sorted(maps.Keys(m)) {
		if path == "_type" || strings.HasSuffix(path, "._type") {
			continue
		}
		return errs.New(errs.Invalid, "rest.commitHeader", "header "+name+": the attribute "+path+" is not known")
	}
	return nil
}

// committer is the PARTY_PROXY that the header describes; nil if it says
// nothing of one.
func (m attributes) committer(name string) (*rm.Node, error) {
	fault := func(msg string) (*rm.Node, error) {
		return nil, errs.New(errs.Invalid, "rest.commitHeader", "header "+name+": "+msg)
	}
	class, typed := m.take("committer._type")
	who, named := m.take("committer.name")
	id, hasID := m.take("committer.external_ref.id.value", "committer.external_ref.id")
	scheme, _ := m.take("committer.external_ref.id.scheme")
	namespace, hasNamespace := m.take("committer.external_ref.namespace")
	kind, hasKind := m.take("committer.external_ref.type")
	if !typed && !named && !hasID && !hasNamespace && !hasKind {
		return nil, nil
	}
	var fields []field
	switch strings.ToUpper(class) {
	case "", "PARTY_IDENTIFIED":
		class = "PARTY_IDENTIFIED"
		if who == "" && id == "" {
			return fault("committer needs a name or an external_ref")
		}
	case "PARTY_SELF":
		class = "PARTY_SELF"
		if named {
			return fault("a committer of type PARTY_SELF has no name")
		}
	default:
		return fault("committer._type must be PARTY_IDENTIFIED or PARTY_SELF")
	}
	if hasID || hasNamespace || hasKind {
		if id == "" || namespace == "" {
			return fault("committer.external_ref needs id and namespace")
		}
		if kind == "" {
			kind = "PARTY"
		}
		oid := object("GENERIC_ID", field{"value", text(id)}, field{"scheme", text(cmp.Or(scheme, namespace))})
		if _, err := uuid.Parse(id); err == nil && len(id) == 36 {
			oid = object("HIER_OBJECT_ID", field{"value", text(id)})
		}
		fields = append(fields, field{"external_ref", object("PARTY_REF",
			field{"namespace", text(namespace)}, field{"type", text(kind)}, field{"id", oid})})
	}
	if who != "" {
		fields = append(fields, field{"name", text(who)})
	}
	return object(class, fields...), nil
}

// field is an attribute of an object under construction.
type field struct {
	name string
	node *rm.Node
}

// object makes a node of a class with its attributes in RM order.
func object(class string, fields ...field) *rm.Node {
	n := &rm.Node{Class: rm.Lookup(class)}
	for _, def := range n.Class.Attributes() {
		for _, f := range fields {
			if f.name == def.Name {
				n.Attrs = append(n.Attrs, rm.Attr{Def: def, Items: []*rm.Node{f.node}})
			}
		}
	}
	return n
}

func text(s string) *rm.Node { return &rm.Node{Class: rm.ClassString, Text: s} }
