package rest

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// eraseEHR serves DELETE /admin/ehr/{ehr_id}.
func (a *api) eraseEHR(w *answer, r *request) error {
	if !a.EraseEHRs {
		return a.erasureDisabled(w, "physical deletion of EHRs is disabled on this server")
	}
	id, err := r.ehrID()
	if err != nil {
		return err
	}
	if err := a.Records.EraseEHRs(r.Context(), r.who, id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// eraseEHRs serves DELETE /admin/ehr/all[?ehr_id=…&ehr_id=…].
func (a *api) eraseEHRs(w *answer, r *request) error {
	const op = "eraseEHRs"
	q := r.URL.Query()
	for name := range q {
		if name != "ehr_id" {
			// A misspelt ehr_id must not delete everything.
			return invalid(op, "the only parameter is ehr_id")
		}
	}
	values, some := q["ehr_id"]
	switch {
	case !some && !a.EraseAllEHRs:
		return a.erasureDisabled(w, "physical deletion of all EHRs is disabled on this server")
	case !a.EraseEHRs && !a.EraseAllEHRs:
		return a.erasureDisabled(w, "physical deletion of EHRs is disabled on this server")
	}
	var err error
	if some {
		ids := make([]uuid.UUID, len(values))
		for i, s := range values {
			var ok bool
			if ids[i], ok = parseUUID(s); !ok {
				return invalid(op, "ehr_id must be a UUID")
			}
		}
		err = a.Records.EraseEHRs(r.Context(), r.who, ids...)
	} else {
		err = a.Records.EraseAllEHRs(r.Context(), r.who)
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *api) erasureDisabled(w *answer, msg string) error {
	w.Header().Set("Allow", http.MethodOptions)
	return errs.New(errs.MethodNotAllowed, "rest.admin", msg)
}

// eraseComposition serves DELETE /admin/ehr/{ehr_id}/composition/{versioned_object_uid}.
func (a *api) eraseComposition(w *answer, r *request) error {
	if !a.EraseEHRs {
		return a.erasureDisabled(w, "physical deletion of compositions is disabled on this server")
	}
	id, err := r.ehrID()
	if err != nil {
		return err
	}
	object, ok := parseUUID(r.param("versioned_object_uid"))
	if !ok {
		return errs.New(errs.NotFound, "rest.admin", "there is no COMPOSITION with this versioned_object_uid, which is not a UUID")
	}
	return noContent(w, a.Records.EraseComposition(r.Context(), r.who, id, object))
}

// eraseParty serves DELETE /admin/demographic/versioned_party/{versioned_object_uid}.
func (a *api) eraseParty(w *answer, r *request) error {
	if !a.EraseEHRs {
		return a.erasureDisabled(w, "physical deletion of parties is disabled on this server")
	}
	object, ok := parseUUID(r.param("versioned_object_uid"))
	if !ok {
		return errs.New(errs.NotFound, "rest.admin", "there is no party with this versioned_object_uid, which is not a UUID")
	}
	return noContent(w, a.Records.EraseParty(r.Context(), r.who, object))
}

// eraseTemplate serves DELETE /admin/template/{template_id}.
func (a *api) eraseTemplate(w *answer, r *request) error {
	if !a.EraseAllEHRs {
		return a.erasureDisabled(w, "physical deletion of templates is disabled on this server")
	}
	err := a.Records.EraseTemplate(r.Context(), r.who, r.param("template_id"))
	return noContent(w, err)
}

// eraseQuery serves DELETE /admin/query/{qualified_query_name}/{version}.
func (a *api) eraseQuery(w *answer, r *request) error {
	if !a.EraseAllEHRs {
		return a.erasureDisabled(w, "physical deletion of stored queries is disabled on this server")
	}
	return noContent(w, a.Records.EraseQuery(r.Context(), r.who, r.param("qualified_query_name"), r.param("version")))
}

// noContent answers 204 unless there is an error.
func noContent(w *answer, err error) error {
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
