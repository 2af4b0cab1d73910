package contribution

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// FromXML turns a contribution in XML into the JSON that means the same.
// Its versions are whole VERSIONs and not, as in the RM's CONTRIBUTION, references
// to some. They and their audits may be those of the RM or the UPDATE_ classes of
// the API, with their looser identifiers, codes and texts; both are told apart
// and judged where the JSON is read. What stands in them is canonical XML.
func FromXML(raw []byte, limits rm.Limits) ([]byte, error) {
	x := &xmlReader{limits: limits, raw: bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))}
	x.dec = xml.NewDecoder(bytes.NewReader(x.raw))
	if err := x.document(); err != nil {
		return nil, err
	}
	return x.out, nil
}

// partKind is how a member of a contribution is written in JSON.
type partKind int

const (
	objectPart partKind = iota // an object with parts of its own
	modelPart                  // an instance of a class of the RM
	idPart                     // an identifier with a value, or the bare value
	codePart                   // a coded text, a code phrase or a terminology code
	textPart                   // a DV_TEXT or the bare text
	stringPart
	booleanPart
)

type xmlPart struct {
	kind  partKind
	class string // that the element, or its form with elements, is of
	list  bool
	parts map[string]*xmlPart
}

// changeSetParts are the members of a CONTRIBUTION that is committed.
var changeSetParts = func() *xmlPart {
	model := func(class string) *xmlPart { return &xmlPart{kind: modelPart, class: class} }
	version := func(list bool) *xmlPart { return &xmlPart{kind: idPart, class: "OBJECT_VERSION_ID", list: list} }
	code, text, str := &xmlPart{kind: codePart}, &xmlPart{kind: textPart, class: "DV_TEXT"}, &xmlPart{kind: stringPart}
	audit := &xmlPart{parts: map[string]*xmlPart{
		"system_id": str, "time_committed": model("DV_DATE_TIME"), "change_type": code, "description": text, "committer": model("PARTY_PROXY"),
		"attested_view": model("DV_MULTIMEDIA"), "proof": str, "items": {kind: modelPart, class: "DV_EHR_URI", list: true},
		"reason": text, "is_pending": {kind: booleanPart},
	}}
	versions := &xmlPart{list: true, parts: map[string]*xmlPart{
		"contribution": model("OBJECT_REF"), "commit_audit": audit, "signature": str, "uid": version(false), "data": model("LOCATABLE"),
		"preceding_version_uid": version(false), "other_input_version_uids": version(true),
		"attestations": {list: true, parts: audit.parts}, "lifecycle_state": code, "item": model("ORIGINAL_VERSION"),
	}}
	return &xmlPart{parts: map[string]*xmlPart{"uid": {kind: idPart, class: "HIER_OBJECT_ID"}, "versions": versions, "audit": audit}}
}()

// xmlReader reads a contribution in XML.
type xmlReader struct {
	limits rm.Limits
	raw    []byte
	dec    *xml.Decoder
	out    []byte

	// scope has the namespace declarations around the place that is read, the
	// innermost last.
	scope []xml.Attr
	// Where the last token began.
	offset int64
	line   int
}

// refuse is the error for what stands at a place of the contribution.
func (x *xmlReader) refuse(code, at, format string, args ...any) error {
	msg := fmt.Sprintf(format, args...)
	path := "/" + strings.ReplaceAll(at, ".", "/")
	place := ""
	if at != "" {
		place = at + ": "
	}
	problems := []rm.Problem{{Code: code, Path: path, Message: fmt.Sprintf("%s, at line %d", msg, x.line)}}
	return &errs.Error{
		Op: "contribution.FromXML", Kind: rm.FaultKind(problems), Code: "validation", Detail: problems,
		Msg: fmt.Sprintf("the body is not a contribution: %s%s (line %d)", place, msg, x.line),
	}
}

// token gives the next token but comments and processing instructions; nil at
// the end of the document.
func (x *xmlReader) token(at string) (xml.Token, error) {
	for {
		x.offset = x.dec.InputOffset()
		x.line, _ = x.dec.InputPos()
		t, err := x.dec.Token()
		switch {
		case errors.Is(err, io.EOF):
			return nil, nil
		case err != nil:
			x.line, _ = x.dec.InputPos()
			var syntax *xml.SyntaxError
			msg := strings.TrimPrefix(err.Error(), "xml: ")
			if errors.As(err, &syntax) {
				msg = syntax.Msg
			}
			return nil, x.refuse(rm.CodeXMLSyntax, at, "not well-formed XML, %s", msg)
		}
		switch t.(type) {
		case xml.Directive:
			return nil, x.refuse(rm.CodeXMLSyntax, at, "a document type is not accepted")
		case xml.Comment, xml.ProcInst:
			continue
		}
		return t, nil
	}
}

// document reads the root and what surrounds it.
func (x *xmlReader) document() error {
	rooted := false
	for {
		t, err := x.token("")
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case nil:
			if !rooted {
				return x.refuse(rm.CodeXMLSyntax, "", "the document has no element")
			}
			return nil
		case xml.StartElement:
			typ, _, err := x.attributes(t, "")
			if err != nil {
				return err
			}
			if typ == "" {
				typ = strings.ToUpper(localName(t.Name))
			}
			if rooted || typ != "CONTRIBUTION" && typ != "UPDATE_CONTRIBUTION" {
				return x.refuse(rm.CodeXMLSyntax, "", "the root element must be one contribution")
			}
			rooted = true
			if err := x.object(t, typ, changeSetParts, ""); err != nil {
				return err
			}
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return x.refuse(rm.CodeXMLText, "", "text stands outside of the root element")
			}
		}
	}
}

// localName is the name of an element in a namespace of openEHR or in none, else
// one that no class has.
func localName(n xml.Name) string {
	switch n.Space {
	case "", rm.NamespaceV1, rm.NamespaceV2:
		return n.Local
	}
	return "{" + n.Space + "}" + n.Local
}

// attributes reads those that an element of a contribution may have.
func (x *xmlReader) attributes(t xml.StartElement, at string) (typ string, null bool, err error) {
	const xsi = "http://www.w3.org/2001/XMLSchema-instance"
	for _, attr := range t.Attr {
		value := strings.TrimSpace(attr.Value)
		switch {
		case isDeclaration(attr), attr.Name.Space == xsi && strings.HasSuffix(attr.Name.Local, "chemaLocation"):
		case attr.Name.Space == xsi && attr.Name.Local == "type":
			if typ != "" {
				return "", false, x.refuse(rm.CodeXMLSyntax, at, "xsi:type is given twice")
			}
			if _, local, prefixed := strings.Cut(value, ":"); prefixed {
				value = local
			}
			typ = value
		case attr.Name.Space == xsi && attr.Name.Local == "nil":
			null = value == "true" || value == "1"
		default:
			return "", false, x.refuse(rm.CodeAttributeUnknown, at, "the attribute %q is not known", localName(attr.Name))
		}
	}
	return typ, null, nil
}

func isDeclaration(a xml.Attr) bool {
	return a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns"
}

// object reads the parts of an object, whose start has been read.
func (x *xmlReader) object(start xml.StartElement, typ string, part *xmlPart, at string) error {
	outer := len(x.scope)
	defer func() { x.scope = x.scope[:outer] }()
	for _, attr := range start.Attr {
		if isDeclaration(attr) {
			x.scope = append(x.scope, attr)
		}
	}
	// Members of a list may stand apart: each part has its own text.
	parts := map[string][][]byte{}
	var order []string
	whole := x.out
	members := 0
	for {
		t, err := x.token(at)
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case nil:
			return x.refuse(rm.CodeXMLSyntax, at, "the document ends early")
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return x.refuse(rm.CodeXMLText, at, "text stands where only elements may")
			}
		case xml.StartElement:
			name := localName(t.Name)
			p := part.parts[name]
			if p == nil {
				return x.refuse(rm.CodeAttributeUnknown, at, "the element %q is not known", short(name))
			}
			if parts[name] == nil {
				order = append(order, name)
			} else if !p.list {
				return x.refuse(rm.CodeXMLRepeated, at, "%s is given twice", name)
			}
			if members++; x.limits.Items > 0 && members > x.limits.Items {
				return x.refuse(rm.CodeLimitItems, at, "an element has more than %d children", x.limits.Items)
			}
			place := name
			if at != "" {
				place = at + "." + name
			}
			if p.list {
				place += "[" + strconv.Itoa(len(parts[name])) + "]"
			}
			x.out = nil
			if err := x.part(t, p, place); err != nil {
				return err
			}
			if x.out != nil { // not nil by xsi:nil
				parts[name] = append(parts[name], x.out)
			}
		case xml.EndElement:
			x.out = append(whole, '{')
			if typ != "" {
				x.out = append(append(x.out, `"_type":`...), quoted(typ)...)
			}
			for _, name := range order {
				if x.out[len(x.out)-1] != '{' {
					x.out = append(x.out, ',')
				}
				x.out = append(append(x.out, quoted(name)...), ':')
				if part.parts[name].list {
					x.out = append(append(append(x.out, '['), bytes.Join(parts[name], []byte{','})...), ']')
				} else {
					x.out = append(x.out, bytes.Join(parts[name], nil)...)
				}
			}
			x.out = append(x.out, '}')
			return nil
		}
	}
}

// short is a name of the client's as an error tells it.
func short(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

// quoted is a text as JSON.
func quoted(s string) []byte {
	b, err := jsontext.AppendQuote(nil, s)
	if err != nil { // only of what is not UTF-8, which the XML decoder refuses
		return []byte(`""`)
	}
	return b
}

// part reads a part, whose start has been read, into x.out.
func (x *xmlReader) part(start xml.StartElement, p *xmlPart, at string) error {
	line := x.line
	if p.kind == objectPart {
		typ, null, err := x.attributes(start, at)
		if err != nil {
			return err
		}
		if null {
			_, _, _, err = x.element(start, at)
			return err
		}
		return x.object(start, typ, p, at)
	}
	raw, text, nested, err := x.element(start, at)
	if err != nil {
		return err
	}
	x.line = line
	switch {
	case p.kind == modelPart, nested && (p.kind == textPart || p.kind == idPart):
		return x.model(raw, p.class, at)
	case p.kind == codePart:
		return x.code(raw, at)
	}
	_, null, err := x.attributes(start, at)
	switch {
	case err != nil || null:
		return err
	case nested:
		return x.refuse(rm.CodeValueKind, at, "a plain value is expected, without elements")
	case p.kind == booleanPart:
		switch strings.TrimSpace(text) {
		case "true", "1":
			x.out = []byte("true")
		case "false", "0":
			x.out = []byte("false")
		default:
			return x.refuse(rm.CodeValueKind, at, "true or false is expected")
		}
	case p.kind == idPart:
		x.out = quoted(strings.TrimSpace(text))
	default:
		x.out = quoted(text)
	}
	return nil
}

// element reads to the end of an element and gives it as a document of its own,
// with its text and whether it has elements.
func (x *xmlReader) element(start xml.StartElement, at string) (raw []byte, text string, nested bool, err error) {
	from := x.offset
	var b strings.Builder
	for depth := 1; depth > 0; {
		t, err := x.token(at)
		if err != nil {
			return nil, "", false, err
		}
		switch t := t.(type) {
		case nil:
			return nil, "", false, x.refuse(rm.CodeXMLSyntax, at, "the document ends early")
		case xml.StartElement:
			nested = true
			if depth++; x.limits.Depth > 0 && depth > x.limits.Depth {
				return nil, "", false, x.refuse(rm.CodeLimitDepth, at, "elements nest deeper than %d", x.limits.Depth)
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 1 {
				b.Write(t)
			}
		}
	}
	return x.standalone(start, x.raw[from:x.dec.InputOffset()]), b.String(), nested, nil
}

// standalone gives an element the namespaces that it inherits and does not
// declare.
func (x *xmlReader) standalone(start xml.StartElement, raw []byte) []byte {
	declared := map[xml.Name]bool{}
	for _, a := range start.Attr {
		declared[a.Name] = isDeclaration(a)
	}
	at := 1 + bytes.IndexAny(raw[1:], " \t\r\n/>")
	var b bytes.Buffer
	b.Write(raw[:at])
	for _, a := range slices.Backward(x.scope) {
		if declared[a.Name] {
			continue
		}
		declared[a.Name] = true
		name := a.Name.Local
		if a.Name.Space != "" {
			name = a.Name.Space + ":" + name
		}
		b.WriteString(" " + name + `="`)
		_ = xml.EscapeText(&b, []byte(a.Value)) // a buffer takes everything
		b.WriteByte('"')
	}
	b.Write(raw[at:])
	return b.Bytes()
}

// model reads an instance of a class of the RM. What is missing in it is judged
// where the JSON is read.
func (x *xmlReader) model(raw []byte, class, at string) error {
	path := "/" + strings.ReplaceAll(at, ".", "/")
	n, problems := rm.DecodeXML(raw, rm.Lookup(class), rm.XMLOptions{Limits: x.limits, Incomplete: true, PathPrefix: path, Line: x.line, Member: true})
	if n == nil || rm.HasErrors(problems) {
		return &errs.Error{
			Op: "contribution.FromXML", Kind: rm.FaultKind(problems), Code: "validation", Detail: problems,
			Msg: fmt.Sprintf("%s is not a valid %s (line %d)", at, class, x.line),
		}
	}
	x.out = rm.AppendJSON(nil, n)
	return nil
}

// loosePhrase is what tells a code apart; the identifier of the terminology has a
// value in the RM and is a string in a TERMINOLOGY_CODE.
type loosePhrase struct {
	Terminology []struct {
		Text     string     `xml:",chardata"`
		Elements []struct{} `xml:",any"`
	} `xml:"terminology_id"`
	Code    []string   `xml:"code_string"`
	Version []struct{} `xml:"terminology_version"`
	URI     []struct{} `xml:"uri"`
}

// code reads a DV_CODED_TEXT or CODE_PHRASE, or else a TERMINOLOGY_CODE, which
// may stand in the place of either.
func (x *xmlReader) code(raw []byte, at string) error {
	var e struct {
		loosePhrase
		Value    []struct{} `xml:"value"`
		Defining []struct {
			loosePhrase
			Others []struct{ XMLName xml.Name } `xml:",any"`
		} `xml:"defining_code"`
		Others []struct{ XMLName xml.Name } `xml:",any"`
	}
	if err := xml.Unmarshal(raw, &e); err != nil {
		return x.refuse(rm.CodeXMLSyntax, at, "the element cannot be read")
	}
	class, phrase, others := "CODE_PHRASE", e.loosePhrase, e.Others
	if len(e.Terminology) == 0 {
		class = "DV_CODED_TEXT"
		if len(e.Defining) == 1 {
			phrase, others = e.Defining[0].loosePhrase, append(others, e.Defining[0].Others...)
		}
	}
	if len(phrase.Terminology) != 1 || len(phrase.Terminology[0].Elements) > 0 {
		return x.model(raw, class, at)
	}
	if len(others) > 0 {
		return x.refuse(rm.CodeAttributeUnknown, at, "the element %q is not known", short(localName(others[0].XMLName)))
	}
	if len(phrase.Code) != 1 {
		return x.refuse(rm.CodeXMLRepeated, at, "one code_string is expected")
	}
	x.out = append(append(x.out, `{"terminology_id":`...), quoted(strings.TrimSpace(phrase.Terminology[0].Text))...)
	x.out = append(append(append(x.out, `,"code_string":`...), quoted(strings.TrimSpace(phrase.Code[0]))...), '}')
	return nil
}
