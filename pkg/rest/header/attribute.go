package header

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cairn-ehr/cairn/pkg/errs"
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
		return errs.New(errs.Invalid, "header.parseAttributes", "header "+name+": "+msg)
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

// rest refuses what no rule has taken.
func (m attributes) rest(name string) error {
	for _, path := range slices.Sorted(maps.Keys(m)) {
		if path == "_type" || strings.HasSuffix(path, "._type") {
			continue
		}
		return errs.New(errs.Invalid, "header.commitHeader", "header "+name+": the attribute "+path+" is not known")
	}
	return nil
}
