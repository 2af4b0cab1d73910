package wire

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/cairn-ehr/cairn/pkg/store/jsonb"
)

// JSONTexts is an argument for an array of bytea: JSON objects, which are sent as
// text or, where all of them can be, as the database keeps them. AsKept is the
// argument that says which of both.
type (
	JSONTexts [][]byte
	AsKept    struct{}
)

// errNotKept says that one of the texts cannot be written as the database keeps it.
var errNotKept = errors.New("sent as text")

// jsonTexts encodes the array in one form or the other.
func (e *encoder) jsonTexts(texts JSONTexts) error {
	e.header(pgtype.ByteaOID, len(texts))
	for _, text := range texts {
		if text == nil {
			e.null()
			continue
		}
		at := len(e.buf)
		e.int32(int32(len(text)))
		if !e.kept {
			e.buf = append(e.buf, text...)
			continue
		}
		buf, err := e.jsonb.Append(e.buf, text)
		if err != nil {
			return errNotKept
		}
		e.buf = buf
		binary.BigEndian.PutUint32(e.buf[at:], uint32(len(e.buf)-at-4))
	}
	return nil
}

// Resolve is the arguments for pgx to encode, with those of this package in the form
// that the database keeps, if it is to be and all of them can be, or as text.
func Resolve(args []any, kept bool) []any {
	if kept {
		var w jsonb.Writer
		if out, ok := resolve(args, true, func(text []byte) ([]byte, error) { return w.Append(nil, text) }); ok {
			return out
		}
	}
	out, _ := resolve(args, false, func(text []byte) ([]byte, error) { return text, nil })
	return out
}

func resolve(args []any, kept bool, form func([]byte) ([]byte, error)) (out []any, ok bool) {
	out = slices.Clone(args)
	for i, a := range args {
		switch a := a.(type) {
		case AsKept:
			out[i] = kept
		case JSONTexts:
			list := make([][]byte, len(a))
			for k, text := range a {
				if text == nil {
					continue
				}
				var err error
				if list[k], err = form(text); err != nil {
					return nil, false
				}
			}
			out[i] = list
		}
	}
	return out, true
}

// KeepsAsWritten reports whether the database takes jsonb as package jsonb writes
// it: it has the casts, and makes of a text with everything in it the same bytes.
func KeepsAsWritten(ctx context.Context, db interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
},
) (bool, error) {
	var casts int
	if err := db.QueryRow(ctx, `
		select count(*) from pg_cast
		where castmethod = 'b' and (castsource = 'bytea'::regtype and casttarget = 'jsonb'::regtype
		                         or castsource = 'jsonb'::regtype and casttarget = 'bytea'::regtype)`).Scan(&casts); err != nil || casts < 2 {
		return false, err
	}
	text, want := jsonb.Probe()
	var kept []byte
	if err := db.QueryRow(ctx, `select convert_from($1, 'UTF8')::jsonb::bytea`, []byte(text)).Scan(&kept); err != nil {
		return false, err
	}
	return bytes.Equal(kept, want), nil
}
