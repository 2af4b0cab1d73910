package fhirpath

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"
)

// stringFunction is a function of one string; other input is refused.
func stringFunction(f func(r *run, s scope, text string, e *expr) ([]Value, error)) func(*run, scope, []Value, *expr) ([]Value, error) {
	return func(r *run, s scope, in []Value, e *expr) ([]Value, error) {
		if len(in) == 0 {
			return nil, nil
		}
		v, err := single(e, in)
		if err != nil {
			return nil, err
		}
		if v.kind != String {
			if v.kind == Complex {
				return nil, errorf(e.pos, "%s() of a %s", e.name, v.Type())
			}
			v.text = v.String() // a String by implicit conversion
		}
		return f(r, s, v.text, e)
	}
}

// stringPair is a function of one string with one string as its argument.
func stringPair(f func(text, arg string, e *expr) ([]Value, error)) func(*run, scope, []Value, *expr) ([]Value, error) {
	return stringFunction(func(r *run, s scope, text string, e *expr) ([]Value, error) {
		arg, ok, err := r.stringArg(s, e.args[0])
		if err != nil || !ok {
			return nil, err
		}
		return f(text, arg, e)
	})
}

func plainString(f func(string) string) func(*run, scope, []Value, *expr) ([]Value, error) {
	return stringFunction(func(_ *run, _ scope, text string, _ *expr) ([]Value, error) { return strOf(f(text)), nil })
}

// maxText bounds the text that a function makes, in bytes.
const maxText = 1 << 24

func addStrings() {
	functions["indexOf"] = function{1, 1, stringPair(func(text, arg string, _ *expr) ([]Value, error) {
		i := strings.Index(text, arg)
		if i > 0 {
			i = len([]rune(text[:i]))
		}
		return one(integer(i)), nil
	})}
	functions["startsWith"] = function{1, 1, stringPair(func(text, arg string, _ *expr) ([]Value, error) { return truth(strings.HasPrefix(text, arg)), nil })}
	functions["endsWith"] = function{1, 1, stringPair(func(text, arg string, _ *expr) ([]Value, error) { return truth(strings.HasSuffix(text, arg)), nil })}
	functions["contains"] = function{1, 1, stringPair(func(text, arg string, _ *expr) ([]Value, error) { return truth(strings.Contains(text, arg)), nil })}
	functions["upper"] = function{0, 0, plainString(strings.ToUpper)}
	functions["lower"] = function{0, 0, plainString(strings.ToLower)}
	functions["trim"] = function{0, 0, plainString(strings.TrimSpace)}
	functions["length"] = function{0, 0, stringFunction(func(_ *run, _ scope, text string, _ *expr) ([]Value, error) {
		return one(integer(len([]rune(text)))), nil
	})}
	functions["toChars"] = function{0, 0, stringFunction(func(_ *run, _ scope, text string, _ *expr) ([]Value, error) {
		var out []Value
		for _, c := range text {
			out = append(out, str(string(c)))
		}
		return out, nil
	})}
	functions["substring"] = function{1, 2, stringFunction(substring)}
	functions["matches"] = function{1, 1, stringPair(func(text, arg string, e *expr) ([]Value, error) {
		re, err := pattern(arg, e)
		if err != nil {
			return nil, err
		}
		return truth(re.MatchString(text)), nil
	})}
	functions["matchesFull"] = function{1, 1, stringPair(func(text, arg string, e *expr) ([]Value, error) {
		re, err := pattern(`\A(?:`+arg+`)\z`, e)
		if err != nil {
			return nil, err
		}
		return truth(re.MatchString(text)), nil
	})}
	functions["replace"] = function{2, 2, stringFunction(func(r *run, s scope, text string, e *expr) ([]Value, error) {
		return replaced(r, s, e, func(from, to string) (string, error) { return strings.ReplaceAll(text, from, to), nil })
	})}
	functions["replaceMatches"] = function{2, 2, stringFunction(func(r *run, s scope, text string, e *expr) ([]Value, error) {
		return replaced(r, s, e, func(from, to string) (string, error) {
			if from == "" {
				return text, nil
			}
			re, err := pattern(from, e)
			if err != nil {
				return "", err
			}
			return re.ReplaceAllString(text, to), nil
		})
	})}
	functions["split"] = function{1, 1, stringPair(func(text, arg string, _ *expr) ([]Value, error) {
		var out []Value
		for _, part := range strings.Split(text, arg) {
			out = append(out, str(part))
		}
		return out, nil
	})}
	functions["join"] = function{0, 1, join}
	functions["encode"] = function{1, 1, stringPair(encode)}
	functions["decode"] = function{1, 1, stringPair(decode)}
	functions["escape"] = function{1, 1, stringPair(escape)}
	functions["unescape"] = function{1, 1, stringPair(unescape)}
}

// pattern is a regular expression in which the dot is any character.
func pattern(text string, e *expr) (*regexp.Regexp, error) {
	re, err := regexp.Compile("(?s)" + text)
	if err != nil {
		return nil, errorf(e.pos, "the regular expression is not supported: %v", err)
	}
	return re, nil
}

func substring(r *run, s scope, text string, e *expr) ([]Value, error) {
	from, ok, err := r.integerArg(s, nil, e.args[0])
	if err != nil || !ok {
		return nil, err
	}
	runes := []rune(text)
	if from < 0 || from >= len(runes) {
		return nil, nil
	}
	runes = runes[from:]
	if len(e.args) == 2 {
		n, ok, err := r.integerArg(s, nil, e.args[1])
		if err != nil {
			return nil, err
		}
		if ok {
			runes = runes[:min(max(n, 0), len(runes))]
		}
	}
	return strOf(string(runes)), nil
}

func replaced(r *run, s scope, e *expr, f func(from, to string) (string, error)) ([]Value, error) {
	from, ok, err := r.stringArg(s, e.args[0])
	if err != nil || !ok {
		return nil, err
	}
	to, ok, err := r.stringArg(s, e.args[1])
	if err != nil || !ok {
		return nil, err
	}
	out, err := f(from, to)
	if err == nil && len(out) > maxText {
		err = errorf(e.pos, "the text is longer than %d bytes", maxText)
	}
	if err != nil {
		return nil, err
	}
	return strOf(out), nil
}

func join(r *run, s scope, in []Value, e *expr) ([]Value, error) {
	separator := ""
	if len(e.args) == 1 {
		var err error
		if separator, _, err = r.stringArg(s, e.args[0]); err != nil {
			return nil, err
		}
	}
	if len(in) == 0 {
		return nil, nil
	}
	parts := make([]string, len(in))
	for i, v := range in {
		if v.kind != String {
			return nil, errorf(e.pos, "join() of a %s", v.Type())
		}
		parts[i] = v.text
	}
	return strOf(strings.Join(parts, separator)), nil
}

func encode(text, format string, e *expr) ([]Value, error) {
	switch format {
	case "hex":
		return strOf(hex.EncodeToString([]byte(text))), nil
	case "base64":
		return strOf(base64.StdEncoding.EncodeToString([]byte(text))), nil
	case "urlbase64":
		return strOf(base64.URLEncoding.EncodeToString([]byte(text))), nil
	}
	return nil, errorf(e.pos, "the encoding %q is not known", format)
}

func decode(text, format string, e *expr) ([]Value, error) {
	var data []byte
	var err error
	switch format {
	case "hex":
		data, err = hex.DecodeString(text)
	case "base64":
		data, err = base64.StdEncoding.DecodeString(text)
	case "urlbase64":
		data, err = base64.URLEncoding.DecodeString(text)
	default:
		return nil, errorf(e.pos, "the encoding %q is not known", format)
	}
	if err != nil {
		return nil, errorf(e.pos, "the text is not encoded as %s", format)
	}
	return strOf(string(data)), nil
}

func escape(text, target string, e *expr) ([]Value, error) {
	switch target {
	case "html":
		return strOf(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;").Replace(text)), nil
	case "json":
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(text); err != nil {
			return nil, errorf(e.pos, "the text cannot be written as JSON")
		}
		return strOf(strings.TrimSuffix(b.String(), "\"\n")[1:]), nil
	}
	return nil, errorf(e.pos, "escaping for %q is not known", target)
}

func unescape(text, target string, e *expr) ([]Value, error) {
	switch target {
	case "html":
		return strOf(html.UnescapeString(text)), nil
	case "json":
		var out string
		if err := json.Unmarshal([]byte(`"`+text+`"`), &out); err != nil {
			// Quotes may stand unescaped, since the text is not within quotes.
			if err := json.Unmarshal([]byte(`"`+strings.ReplaceAll(text, `"`, `\"`)+`"`), &out); err != nil {
				return nil, errorf(e.pos, "the text is not escaped for JSON")
			}
		}
		return strOf(out), nil
	}
	return nil, errorf(e.pos, "escaping for %q is not known", target)
}

// narrative lists the elements of XHTML that a narrative may have.
var narrative = strings.Fields(`a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em
	h1 h2 h3 h4 h5 h6 hr i img li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var`)

// htmlChecks is what FHIR demands of a narrative: a div in the namespace of
// XHTML, with content, of allowed elements without scripts.
func htmlChecks(_ *run, _ scope, in []Value, _ *expr) ([]Value, error) {
	for _, v := range in {
		if v.kind != String || !narrativeHolds(v.text) {
			return truth(false), nil
		}
	}
	return truth(true), nil
}

func narrativeHolds(text string) bool {
	dec := xml.NewDecoder(strings.NewReader(text))
	dec.Entity = xml.HTMLEntity
	depth, content, closed := 0, false, false
	for {
		tok, err := dec.Token()
		if err != nil {
			return err == io.EOF && depth == 0 && content && closed
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if closed || t.Name.Space != "http://www.w3.org/1999/xhtml" || !slices.Contains(narrative, t.Name.Local) || depth == 0 && t.Name.Local != "div" {
				return false
			}
			for _, a := range t.Attr {
				if strings.HasPrefix(strings.ToLower(a.Name.Local), "on") {
					return false
				}
			}
			content = content || t.Name.Local == "img"
			depth++
		case xml.EndElement:
			depth--
			closed = depth == 0
		case xml.CharData:
			if strings.TrimSpace(string(t)) != "" {
				if depth == 0 {
					return false
				}
				content = true
			}
		case xml.Directive, xml.ProcInst:
			return false
		}
	}
}
