package store

import "github.com/jackc/pgx/v5/pgtype"

// EHRTables are the tables that an EHR has rows in.
var EHRTables = ehrTables

// ObjectTables are the tables that a versioned object has rows in.
var ObjectTables = objectTables

// MaxGroup is the most contributions of one statement.
const MaxGroup = maxGroup

// Waiting is how many contributions wait for a group.
func (s *Store) Waiting() int {
	s.group.mu.Lock()
	defer s.group.mu.Unlock()
	return len(s.group.waiting)
}

// Encode is the arguments as they are sent.
func Encode(types *pgtype.Map, oids []uint32, args []any) (values [][]byte, formats []int16, err error) {
	var e encoder
	err = e.encode(types, oids, args)
	return e.values, e.formats, err
}

// KeptForm reports whether documents are sent as the database keeps them.
func (s *Store) KeptForm() bool { return s.keptForm }

// JSONTexts and AsKept are arguments of a commit.
func JSONTexts(texts ...[]byte) any { return jsonTexts(texts) }
func AsKept() any                   { return asKept{} }

// EncodeForm is Encode in one of the forms of documents.
func EncodeForm(kept bool, oids []uint32, args []any) (values [][]byte, err error) {
	e := encoder{kept: kept}
	err = e.encode(pgtype.NewMap(), oids, args)
	return e.values, err
}
