package rest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// contributionXML turns a contribution in XML into the JSON that means the same.
// Its versions are whole VERSIONs and not, as in the RM's CONTRIBUTION, references
// to some, so that each member is decoded by itself; what is missing is judged
// where the JSON is read.
func (a *api) contributionXML(raw []byte) ([]byte, error) {
	const op = "rest.contributionXML"
	members, err := xmlMembers(raw)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, op, "the body is not a contribution: "+err.Error(), err)
	}
	var uid, audit []byte
	var versions [][]byte
	for _, m := range members {
		class, at := "", ""
		switch m.name {
		case "uid":
			class, at = "HIER_OBJECT_ID", "/uid"
		case "audit":
			class, at = "AUDIT_DETAILS", "/audit"
		case "versions":
			class, at = "ORIGINAL_VERSION", "/versions["+strconv.Itoa(len(versions))+"]"
			if m.typed {
				class = "VERSION"
			}
		default:
			return nil, errs.New(errs.Invalid, op, "the body is not a contribution: the element "+strconv.Quote(m.name)+" is not known")
		}
		if m.name == "uid" && uid != nil || m.name == "audit" && audit != nil {
			return nil, errs.New(errs.Invalid, op, "the body is not a contribution: "+m.name+" is given twice")
		}
		n, problems := rm.DecodeXML(m.raw, rm.Lookup(class), rm.XMLOptions{Limits: a.limits(), Incomplete: true, PathPrefix: at})
		if n == nil || rm.HasErrors(problems) {
			kind := errs.Invalid
			for i := range problems {
				if strings.HasPrefix(problems[i].Code, "limit.") {
					kind = errs.TooLarge
				}
			}
			return nil, &errs.Error{Op: op, Kind: kind, Code: "validation", Msg: strings.TrimPrefix(at, "/") + " is not a valid " + class, Detail: problems}
		}
		json := rm.AppendJSON(nil, n)
		switch m.name {
		case "uid":
			uid = json
		case "audit":
			audit = json
		default:
			versions = append(versions, json)
		}
	}
	var b bytes.Buffer
	b.WriteString(`{"_type":"CONTRIBUTION"`)
	if uid != nil {
		b.WriteString(`,"uid":`)
		b.Write(uid)
	}
	b.WriteString(`,"versions":[`)
	b.Write(bytes.Join(versions, []byte{','}))
	b.WriteByte(']')
	if audit != nil {
		b.WriteString(`,"audit":`)
		b.Write(audit)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// xmlMember is an element below the root as a document of its own.
type xmlMember struct {
	name  string
	typed bool // it has an xsi:type
	raw   []byte
}

// xmlMembers cuts a document into the elements below its root, each with the
// namespaces that the root declares.
func xmlMembers(raw []byte) ([]xmlMember, error) {
	d := xml.NewDecoder(bytes.NewReader(raw))
	var out []xmlMember
	var inherited []xml.Attr
	depth, start := 0, int64(0)
	var open xml.StartElement
	for {
		at := d.InputOffset()
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			if depth > 0 || inherited == nil && out == nil {
				return nil, errors.New("the document ends early")
			}
			return out, nil
		}
		if err != nil {
			return nil, errors.New("not well-formed XML")
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch depth {
			case 0:
				if inherited != nil {
					return nil, errors.New("the document has two roots")
				}
				if !strings.EqualFold(t.Name.Local, "contribution") {
					return nil, errors.New("the root element must be contribution")
				}
				inherited = []xml.Attr{}
				for _, a := range t.Attr {
					if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
						inherited = append(inherited, xml.Attr{Name: a.Name, Value: a.Value})
					}
				}
			case 1:
				open, start = t.Copy(), at
			}
			depth++
		case xml.EndElement:
			depth--
			if depth < 0 {
				return nil, errors.New("not well-formed XML")
			}
			if depth == 1 {
				out = append(out, member(open, inherited, raw[start:d.InputOffset()]))
			}
		case xml.CharData:
			if depth == 1 && len(bytes.TrimSpace(t)) > 0 {
				return nil, errors.New("text where only elements may stand")
			}
		case xml.Directive:
			return nil, errors.New("a document type is not accepted")
		}
	}
}

// member gives an element the namespaces that it inherits and does not declare.
func member(t xml.StartElement, inherited []xml.Attr, raw []byte) xmlMember {
	m := xmlMember{name: t.Name.Local}
	own := map[xml.Name]bool{}
	for _, a := range t.Attr {
		own[a.Name] = true
		m.typed = m.typed || a.Name.Local == "type" && a.Name.Space != ""
	}
	at := 1 + bytes.IndexAny(raw[1:], " \t\r\n/>")
	var b bytes.Buffer
	b.Write(raw[:at])
	for _, a := range inherited {
		if own[a.Name] {
			continue
		}
		name := a.Name.Local
		if a.Name.Space != "" {
			name = a.Name.Space + ":" + name
		}
		b.WriteString(" " + name + `="`)
		_ = xml.EscapeText(&b, []byte(a.Value)) // a buffer takes everything
		b.WriteByte('"')
	}
	b.Write(raw[at:])
	m.raw = b.Bytes()
	return m
}
