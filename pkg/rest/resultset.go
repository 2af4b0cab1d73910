package rest

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
	"github.com/cairn-ehr/cairn/pkg/rest/mediatype"
)

// resultHold is how much of a result set is held back before the answer
// begins: a query that fails within it is answered with a proper error.
const resultHold = 128 << 10

// errHeadOnly ends a query whose rows nobody wants.
var errHeadOnly = errors.New("the answer to HEAD has no rows")

// resultMeta is the meta member of a RESULT_SET.
type resultMeta struct {
	Href          string `json:"_href,omitempty"`
	Type          string `json:"_type"`
	SchemaVersion string `json:"_schema_version"`
	Created       string `json:"_created"`
	Generator     string `json:"_generator"`
	ExecutedAQL   string `json:"_executed_aql,omitempty"`
	// Materialised is an extension: how fresh the result of a materialised query is.
	Materialised *Materialised `json:"_materialised,omitempty"`
}

// resultWriter streams a RESULT_SET. Once part of it is sent, an error can only
// cut the answer off; a client never sees a part as a well-formed whole.
type resultWriter struct {
	w *answer
	// name is that of a stored query.
	name, q, id string
	meta        resultMeta
	columns     int
	begun       bool
	rows        int
	buf         bytes.Buffer
}

// Begin writes everything before the rows.
func (o *resultWriter) Begin(head ResultHead) error {
	if o.begun {
		return errs.New(errs.Internal, "rest.resultWriter", "the result was begun twice")
	}
	o.begun = true
	o.meta.ExecutedAQL, o.meta.Materialised = head.ExecutedAQL, head.Materialised
	o.columns = len(head.Columns)
	columns := head.Columns
	if columns == nil {
		columns = []Column{}
	}
	o.buf.WriteString(`{"meta":`)
	o.buf.Write(marshal(o.meta))
	if o.name != "" {
		o.buf.WriteString(`,"name":`)
		o.buf.Write(marshal(o.name))
	}
	o.buf.WriteString(`,"q":`)
	o.buf.Write(marshal(o.q))
	o.buf.WriteString(`,"columns":`)
	o.buf.Write(marshal(columns))
	o.buf.WriteString(`,"rows":[`)
	return nil
}

// Row writes one row.
func (o *resultWriter) Row(cells [][]byte) error {
	if !o.begun || len(cells) != o.columns {
		return errs.New(errs.Internal, "rest.resultWriter", "a row does not have one cell per column")
	}
	if o.w.Head() {
		return errHeadOnly
	}
	if o.rows > 0 {
		o.buf.WriteByte(',')
	}
	o.rows++
	o.buf.WriteByte('[')
	for i, c := range cells {
		if i > 0 {
			o.buf.WriteByte(',')
		}
		if c == nil {
			o.buf.WriteString("null")
		} else {
			o.buf.Write(c)
		}
	}
	o.buf.WriteByte(']')
	if o.buf.Len() < resultHold {
		return nil
	}
	return o.flush()
}

// flush sends what is held back, beginning the answer if it has not begun.
func (o *resultWriter) flush() error {
	if !o.w.Started() {
		h := o.w.Header()
		h.Set("ETag", header.WeakTag(o.id))
		h.Set("Content-Type", mediatype.JSON)
		o.w.WriteHeader(http.StatusOK)
	}
	_, err := o.w.Write(o.buf.Bytes())
	o.buf.Reset()
	if err != nil {
		return errs.Wrap(errs.Unavailable, "rest.resultWriter", "the client no longer reads the result", err)
	}
	return nil
}

// end completes the answer.
func (o *resultWriter) end() error {
	if !o.begun {
		return errs.New(errs.Internal, "rest.resultWriter", "the query ended without a result")
	}
	o.buf.WriteString("]}")
	if !o.w.Started() && !o.w.Head() {
		o.w.Header().Set("Content-Length", strconv.Itoa(o.buf.Len()))
	}
	return o.flush()
}
