package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// guards are the conditions that commit_contribution raises.
var guards = map[string]struct {
	kind      errs.Kind
	code, msg string
}{
	"ZF001": {errs.Conflict, "", "other mappings are in force: a program with others was started since"},
	"ZC404": {errs.NotFound, "", "no such EHR or versioned object"},
	"ZC403": {errs.Conflict, ehr.CodeNotModifiable, "the EHR is not modifiable"},
	"ZC412": {errs.Precondition, ehr.CodeNotLatest, "the version named is not the latest"},
	"ZC410": {errs.Precondition, ehr.CodeDeleted, "the version named is not the latest, which is a deletion"},
	"ZC411": {errs.Conflict, ehr.CodeDeleted, "the object is deleted"},
}

var sequels = map[string]string{
	"template":  "the template has been deleted",
	"lifecycle": "the lifecycle state cannot follow that of the preceding version",
	"archetype": "the root archetype differs from that of the preceding version",
	"kind":      "an EHR has its own EHR_STATUS and EHR_ACCESS: they have no branches and are not imported",
	"imported":  "an IMPORTED_VERSION cannot be attested: attestations belong to original versions",

	"branch number": "the first version of a branch must have the number after that of the last branch of the same trunk version",
	"branch order":  "the branch version cannot be imported before the one it follows",
	"category":      "the category differs from that of the preceding version: a persistent composition stays one, and no other becomes one",
}

// present say what exists already.
var present = map[string]string{
	"kind":       "the object holds content of another class",
	"object":     "a versioned object with this id exists already",
	"version":    "this version exists already",
	"persistent": "the EHR has a persistent composition of this template already",
	"fork":       "the trunk has another version in this place, created by another system: the version imported is not the next of this trunk",
}

// taken are the unique constraints that a client's choice can violate.
var taken = map[string]string{
	"ehr_ehr_id_key":    "an EHR with this id exists already",
	"ehr_subject":       "another EHR has this subject",
	"contribution_pkey": "a contribution with this uid exists already",
	"version_folder":    "the EHR has a directory already",
	"version_object":    "a versioned object with this id exists already",
	"version_branch":    "this version of the branch exists already",
	"stored_query_pkey": "this version of the query exists already",
	"adl2_template_id":  "an ADL 2 template with this id exists already",
}

// Failure turns what pgx reports into an errs.Error. It is for packages that
// read the store's tables through its pools.
func Failure(op string, err error) error { return failure(op, err) }

func failure(op string, err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		switch {
		case errors.Is(err, context.Canceled):
			return errs.Wrap(errs.Timeout, op, "the request was cancelled", err)
		case errors.Is(err, context.DeadlineExceeded), pgconn.Timeout(err):
			return errs.Wrap(errs.Timeout, op, "the time limit was reached", err)
		}
		return errs.Wrap(errs.Unavailable, op, "the database does not answer", err)
	}
	if g, ok := guards[pg.Code]; ok {
		e := errs.New(g.kind, op, g.msg)
		e.Code = g.code
		if pg.Code == "ZC404" {
			e.Msg = pg.Message
		}
		if pg.Detail != "" {
			uid, err := ehr.ParseVersionUID(pg.Detail)
			if err != nil {
				return errs.Wrap(errs.Internal, op, "", err)
			}
			e.Detail = uid
		}
		return e
	}
	switch pg.Code {
	case "ZC001":
		return ehr.ErrStaleContext
	case "ZW001": // tried again with the workflows of the EHR locked
		return errs.Wrap(errs.Unavailable, op, "a concurrent change interfered, try again", err)
	case "ZC422":
		if msg, ok := sequels[pg.Message]; ok {
			return errs.New(errs.Unprocessable, op, msg)
		}
	case "ZC409":
		if msg, ok := present[pg.Message]; ok {
			return errs.New(errs.Conflict, op, msg)
		}
	case "23505": // unique_violation
		if msg, ok := taken[pg.ConstraintName]; ok {
			return errs.Wrap(errs.Conflict, op, msg, err)
		}
	case "22021": // character_not_in_repertoire
		return errs.Wrap(errs.Invalid, op, "text must be UTF-8 without the character U+0000", errs.Redact(err))
	case "22P05": // untranslatable_character: jsonb holds no U+0000
		return errs.Wrap(errs.Unprocessable, op, "text must not contain the character U+0000", errs.Redact(err))
	case "22003": // numeric_value_out_of_range
		return errs.Wrap(errs.Unprocessable, op, "a number is out of range", errs.Redact(err))
	case "54000", "54001": // program_limit_exceeded, statement_too_complex
		return errs.Wrap(errs.TooLarge, op, "the content is too large or nested too deeply to be stored", err)
	case "57014": // query_canceled
		return errs.Wrap(errs.Timeout, op, "the time limit was reached", err)
	case "40001", "40P01": // serialization_failure, deadlock_detected
		return errs.Wrap(errs.Unavailable, op, "a concurrent change interfered, try again", err)
	}
	switch pg.Code[:2] {
	case "08", "53", "57":
		return errs.Wrap(errs.Unavailable, op, "the database does not answer", err)
	}
	return errs.Wrap(errs.Internal, op, "", errs.Redact(err))
}
