package wire

import (
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/cairn-ehr/cairn/pkg/store/jsonb"
)

// encoder encodes the arguments of a statement one after the other.
type encoder struct {
	buf     []byte
	ends    []int // of the arguments in buf; -1: null
	values  [][]byte
	formats []int16
	flag    int // where the array at hand says whether it has nulls

	kept  bool // JSONTexts are sent as the database keeps them
	jsonb jsonb.Writer
}

var encoders = sync.Pool{New: func() any { return new(encoder) }}

// keptArguments bounds the memory that an encoder is kept with.
const keptArguments = 4 << 20

func (e *encoder) release() {
	if cap(e.buf) <= keptArguments {
		clear(e.values)
		encoders.Put(e)
	}
}

func (e *encoder) encode(types *pgtype.Map, oids []uint32, args []any) error {
	if len(oids) != len(args) {
		return fmt.Errorf("%d arguments for %d parameters", len(args), len(oids))
	}
	e.buf, e.ends, e.values, e.formats = e.buf[:0], e.ends[:0], e.values[:0], e.formats[:0]
	size := 0
	for _, a := range args {
		size += encodedSize(a)
	}
	if cap(e.buf) < size {
		e.buf = make([]byte, 0, size+size/8)
	}
	for i, a := range args {
		switch b := a.(type) {
		case AsKept:
			a = e.kept
		case JSONTexts:
			if err := e.jsonTexts(b); err != nil {
				return err
			}
			e.ends, e.formats = append(e.ends, len(e.buf)), append(e.formats, pgtype.BinaryFormatCode)
			continue
		}
		format := int16(pgtype.BinaryFormatCode)
		switch {
		case e.array(oids[i], a):
		default:
			switch a.(type) {
			case string, *string:
				format = pgtype.TextFormatCode
			default:
				format = types.FormatCodeForOID(oids[i])
			}
			buf, err := types.Encode(oids[i], format, a, e.buf)
			if err != nil {
				return fmt.Errorf("argument %d: %w", i+1, err)
			}
			if buf == nil {
				e.ends, e.formats = append(e.ends, -1), append(e.formats, format)
				continue
			}
			e.buf = buf
		}
		e.ends, e.formats = append(e.ends, len(e.buf)), append(e.formats, format)
	}
	start := 0
	for _, end := range e.ends {
		if end < 0 {
			e.values = append(e.values, nil)
			continue
		}
		e.values = append(e.values, e.buf[start:end:end])
		start = end
	}
	return nil
}

// encodedSize is about what an argument takes.
func encodedSize(a any) int {
	const header = 20 // also more than most other arguments
	n := header
	switch a := a.(type) {
	case [][]byte:
		for _, b := range a {
			n += 4 + len(b)
		}
	case []string:
		for _, s := range a {
			n += 4 + len(s)
		}
	case []*string:
		for _, s := range a {
			n += 4
			if s != nil {
				n += len(*s)
			}
		}
	case JSONTexts:
		for _, b := range a {
			n += 8 + len(b) + len(b)/8
		}
	case []int32:
		n += 8 * len(a)
	case []int16:
		n += 6 * len(a)
	case []*int32:
		n += 8 * len(a)
	case []*int16:
		n += 6 * len(a)
	case []*bool:
		n += 5 * len(a)
	case []*time.Time:
		n += 12 * len(a)
	case []uuid.UUID:
		n += 20 * len(a)
	case []*uuid.UUID:
		n += 20 * len(a)
	case []pgtype.UUID:
		n += 20 * len(a)
	case string:
		n += len(a)
	case *string:
		if a != nil {
			n += len(*a)
		}
	}
	return n
}

// array encodes the arrays that most bytes and elements are in. It reports
// whether the argument is one of them.
func (e *encoder) array(oid uint32, a any) bool {
	switch a := a.(type) {
	case [][]byte:
		if oid != pgtype.TextArrayOID && oid != pgtype.ByteaArrayOID || a == nil {
			return false
		}
		e.header(element(oid), len(a))
		for _, b := range a {
			if b == nil {
				e.null()
				continue
			}
			e.int32(int32(len(b)))
			e.buf = append(e.buf, b...)
		}
	case []string:
		if oid != pgtype.TextArrayOID || a == nil {
			return false
		}
		e.header(pgtype.TextOID, len(a))
		for _, s := range a {
			e.text(s)
		}
	case []*string:
		if oid != pgtype.TextArrayOID || a == nil {
			return false
		}
		e.header(pgtype.TextOID, len(a))
		for _, s := range a {
			if s == nil {
				e.null()
				continue
			}
			e.text(*s)
		}
	case []int32:
		if oid != pgtype.Int4ArrayOID || a == nil {
			return false
		}
		e.header(pgtype.Int4OID, len(a))
		for _, n := range a {
			e.int32(4)
			e.int32(n)
		}
	case []int16:
		if oid != pgtype.Int2ArrayOID || a == nil {
			return false
		}
		e.header(pgtype.Int2OID, len(a))
		for _, n := range a {
			e.int32(2)
			e.buf = binary.BigEndian.AppendUint16(e.buf, uint16(n))
		}
	case []uuid.UUID:
		if oid != pgtype.UUIDArrayOID || a == nil {
			return false
		}
		e.header(pgtype.UUIDOID, len(a))
		for i := range a {
			e.int32(int32(len(a[i])))
			e.buf = append(e.buf, a[i][:]...)
		}
	case []*uuid.UUID:
		return oid == pgtype.UUIDArrayOID && nullable(e, pgtype.UUIDOID, a, func(id *uuid.UUID) {
			e.int32(int32(len(id)))
			e.buf = append(e.buf, id[:]...)
		})
	case []pgtype.UUID:
		if oid != pgtype.UUIDArrayOID || a == nil {
			return false
		}
		e.header(pgtype.UUIDOID, len(a))
		for i := range a {
			if !a[i].Valid {
				e.null()
				continue
			}
			e.int32(int32(len(a[i].Bytes)))
			e.buf = append(e.buf, a[i].Bytes[:]...)
		}
	case []*int32:
		return oid == pgtype.Int4ArrayOID && nullable(e, pgtype.Int4OID, a, func(n *int32) {
			e.int32(4)
			e.int32(*n)
		})
	case []*int16:
		return oid == pgtype.Int2ArrayOID && nullable(e, pgtype.Int2OID, a, func(n *int16) {
			e.int32(2)
			e.buf = binary.BigEndian.AppendUint16(e.buf, uint16(*n))
		})
	case []*bool:
		return oid == pgtype.BoolArrayOID && nullable(e, pgtype.BoolOID, a, func(is *bool) {
			e.int32(1)
			e.buf = append(e.buf, 0)
			if *is {
				e.buf[len(e.buf)-1] = 1
			}
		})
	case []*time.Time:
		return oid == pgtype.TimestamptzArrayOID && nullable(e, pgtype.TimestamptzOID, a, func(t *time.Time) {
			e.int32(8)
			e.buf = binary.BigEndian.AppendUint64(e.buf, uint64(t.UnixMicro()-epoch))
		})
	default:
		return false
	}
	return true
}

// epoch is the zero of timestamptz, 2000-01-01T00:00:00Z, in microseconds.
const epoch = 946_684_800_000_000

// nullable encodes an array whose elements may be null. It reports false for no
// array, which is a null itself.
func nullable[T any](e *encoder, element uint32, list []*T, write func(*T)) bool {
	if list == nil {
		return false
	}
	e.header(element, len(list))
	for _, v := range list {
		if v == nil {
			e.null()
			continue
		}
		write(v)
	}
	return true
}

func element(array uint32) uint32 {
	if array == pgtype.ByteaArrayOID {
		return pgtype.ByteaOID
	}
	return pgtype.TextOID
}

// header is that of an array as array_recv reads it: dimensions, whether there
// are nulls, the type of the elements, and the dimension's length and lower bound.
func (e *encoder) header(element uint32, n int) {
	e.int32(1)
	e.flag = len(e.buf)
	e.int32(0)
	e.int32(int32(element))
	e.int32(int32(n))
	e.int32(1)
}

func (e *encoder) text(s string) {
	e.int32(int32(len(s)))
	e.buf = append(e.buf, s...)
}

func (e *encoder) null() {
	e.buf[e.flag+3] = 1
	e.int32(-1)
}

func (e *encoder) int32(n int32) { e.buf = binary.BigEndian.AppendUint32(e.buf, uint32(n)) }
