// Package wire sends statements with large arguments to the database. It encodes
// the arguments itself, into buffers that are used again: a contribution of many
// compositions has a megabyte of them, and pgx would let a small buffer grow to that
// every time, element by element through reflection. Documents among the arguments
// ([JSONTexts]) go in the form in which the database keeps jsonb, where it takes that
// ([KeepsAsWritten]), and as text elsewhere.
package wire

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// A Statement is one that answers with one row of one value.
type Statement struct {
	// Name is that of the statement on connections on which it is prepared.
	Name string
	SQL  string
}

// QueryRow carries out the statement and reads its value. Documents are sent as the
// database keeps them if kept is true. Where the database's URL says that statements
// cannot be prepared, pgx encodes the arguments.
func (st Statement) QueryRow(ctx context.Context, conn *pgx.Conn, kept bool, args []any, value any) error {
	if conn.Config().DefaultQueryExecMode != pgx.QueryExecModeCacheStatement {
		return conn.QueryRow(ctx, st.SQL, Resolve(args, kept)...).Scan(value)
	}
	statement, err := conn.Prepare(ctx, st.Name, st.SQL)
	if err != nil {
		return err
	}
	e := encoders.Get().(*encoder)
	defer e.release()
	e.kept = kept
	err = e.encode(conn.TypeMap(), statement.ParamOIDs, args)
	if errors.Is(err, errNotKept) {
		e.kept = false
		err = e.encode(conn.TypeMap(), statement.ParamOIDs, args)
	}
	if err != nil {
		return err
	}
	format := []int16{pgtype.BinaryFormatCode}
	front := conn.PgConn().Frontend()
	lent := lend(front, e.values)
	result := conn.PgConn().ExecStatement(ctx, statement, e.values, e.formats, format).Read()
	if result.Err != nil {
		return result.Err // the connection may still have what was lent
	}
	lent.back(front)
	switch {
	case len(result.Rows) != 1 || len(result.Rows[0]) != 1:
		return fmt.Errorf("the statement %s has not answered with one row", st.Name)
	}
	return conn.TypeMap().Scan(statement.Fields[0].DataTypeOID, format[0], result.Rows[0][0], value)
}
