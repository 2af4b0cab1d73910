package wire

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/cairn-ehr/cairn/pkg/store/jsonb"
)

// TestArgumentsEncoded: what the package encodes itself is what pgx would send.
func TestArgumentsEncoded(t *testing.T) {
	t.Parallel()
	a, empty := "a", ""
	one, small, id := int32(1), int16(-2), uuid.New()
	early, earlier := time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, time.FixedZone("", 3600)), time.Date(1821, 3, 4, 5, 6, 7, 1, time.UTC)
	now := time.Date(2026, 11, 23, 12, 0, 0, 123000, time.UTC)
	args := []struct {
		oid uint32
		arg any
	}{
		{pgtype.TextArrayOID, [][]byte{[]byte(`{"a": "ü"}`), nil, {}}},
		{pgtype.TextArrayOID, [][]byte{}},
		{pgtype.TextArrayOID, [][]byte(nil)},
		{pgtype.ByteaArrayOID, [][]byte{{0, 1, 255}, nil, {}}},
		{pgtype.TextArrayOID, []string{"", "a", "NULL", `"\{}`}},
		{pgtype.TextArrayOID, []string(nil)},
		{pgtype.TextArrayOID, []*string{&a, nil, &empty}},
		{pgtype.TextArrayOID, []*string{&a}},
		{pgtype.TextArrayOID, []*string(nil)},
		{pgtype.Int4ArrayOID, []int32{0, -1, 1 << 30}},
		{pgtype.Int4ArrayOID, []int32{}},
		{pgtype.Int4ArrayOID, []int32(nil)},
		{pgtype.Int4ArrayOID, []*int32{&one, nil}},
		{pgtype.Int2ArrayOID, []int16{0, -1, 1 << 14}},
		{pgtype.Int2ArrayOID, []int16(nil)},
		{pgtype.UUIDArrayOID, []uuid.UUID{uuid.New()}},
		{pgtype.UUIDArrayOID, []*uuid.UUID{nil}},
		{pgtype.UUIDArrayOID, []*uuid.UUID{&id, nil}},
		{pgtype.UUIDArrayOID, []*uuid.UUID(nil)},
		{pgtype.UUIDArrayOID, []pgtype.UUID{{Bytes: id, Valid: true}, {}}},
		{pgtype.Int2ArrayOID, []*int16{&small, nil}},
		{pgtype.Int4ArrayOID, []*int32{}},
		{pgtype.TimestamptzArrayOID, []*time.Time{&now, nil, &early, &earlier}},
		{pgtype.TextOID, "text"},
		{pgtype.TextOID, &a},
		{pgtype.TextOID, (*string)(nil)},
		{pgtype.JSONBOID, &a},
		{pgtype.BoolOID, true},
		{pgtype.Int4ArrayOID, "{1,2}"},
	}
	types := pgtype.NewMap()
	var oids []uint32
	var list []any
	for _, x := range args {
		oids, list = append(oids, x.oid), append(list, x.arg)
	}
	var e encoder
	if err := e.encode(types, oids, list); err != nil {
		t.Fatal(err)
	}
	for i, x := range args {
		want, err := types.Encode(x.oid, e.formats[i], x.arg, []byte{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, e.values[i]); diff != "" {
			t.Errorf("argument %d, a %T: %s", i+1, x.arg, diff)
		}
	}
	if err := e.encode(types, []uint32{pgtype.Int4OID}, []any{"a", "b"}); err == nil {
		t.Error("two arguments for one parameter were accepted")
	}
	if err := e.encode(types, []uint32{pgtype.Int4OID}, []any{[]string{"a"}}); err == nil {
		t.Error("a text array was accepted for a number")
	}
}

func TestEncodedForms(t *testing.T) {
	t.Parallel()
	list := JSONTexts{[]byte(`{"a":[1,"b"]}`), nil, []byte(`{}`)}
	args := []any{list, AsKept{}}
	oids := []uint32{pgtype.ByteaArrayOID, pgtype.BoolOID}
	var w jsonb.Writer
	first, err := w.Append(nil, []byte(`{"a":[1,"b"]}`))
	if err != nil {
		t.Fatal(err)
	}
	empty, err := w.Append(nil, []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		kept bool
		want [][]byte
	}{
		{true, [][]byte{first, nil, empty}},
		{false, [][]byte{[]byte(`{"a":[1,"b"]}`), nil, []byte(`{}`)}},
	} {
		e := encoder{kept: test.kept}
		if err := e.encode(pgtype.NewMap(), oids, args); err != nil {
			t.Fatal(err)
		}
		types := pgtype.NewMap()
		var got [][]byte
		if err := types.Scan(pgtype.ByteaArrayOID, pgtype.BinaryFormatCode, e.values[0], &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("kept %v: %s", test.kept, diff)
		}
		if want := []byte{0}; bytes.Equal(e.values[1], want) == test.kept {
			t.Errorf("kept %v is sent as %v", test.kept, e.values[1])
		}
	}
	e := encoder{kept: true}
	if err := e.encode(pgtype.NewMap(), oids, []any{JSONTexts{[]byte(`{"a":1e5}`)}, AsKept{}}); !errors.Is(err, errNotKept) {
		t.Error("a number with an exponent is written as the database keeps it")
	}
}
