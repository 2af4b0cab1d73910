package rest

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// createDirectory serves POST /ehr/{ehr_id}/directory.
func (a *api) createDirectory(w *answer, r *request) error {
	id, err := r.ehrID()
	if err != nil {
		return err
	}
	c, err := a.commit(r, rm.ClassFolder)
	if err != nil {
		return err
	}
	done, err := a.Records.CreateDirectory(r.Context(), r.who, ehr.WriteDirectory{EHRID: id, Content: c.content, Audit: c.audit, Tags: c.tags})
	if err != nil {
		return plainInvalid(err)
	}
	return a.sendWritten(w, c.prefer, a.folderOutcome(w, r, c, done, true, id))
}

// updateDirectory serves PUT /ehr/{ehr_id}/directory.
func (a *api) updateDirectory(w *answer, r *request) error {
	id, err := r.ehrID()
	if err != nil {
		return err
	}
	c, err := a.commit(r, rm.ClassFolder)
	if err != nil {
		return err
	}
	preceding, err := a.directoryMatch(w, r, id)
	if err != nil {
		return err
	}
	done, err := a.Records.UpdateDirectory(r.Context(), r.who, ehr.WriteDirectory{EHRID: id, Preceding: preceding, Content: c.content, Audit: c.audit, Tags: c.tags})
	if err != nil {
		a.pointToLatest(w, r, err, id, "directory")
		return plainInvalid(err)
	}
	return a.sendWritten(w, c.prefer, a.folderOutcome(w, r, c, done, false, id))
}

// folderOutcome is the answer to a commit of the directory.
func (a *api) folderOutcome(w *answer, r *request, c commit, done ehr.Committed, created bool, id uuid.UUID) written {
	out := a.outcome(r, c, done, created, "ehr", id.String(), "directory", done.UID.String())
	if out.body == nil {
		return out
	}
	if s := a.resolving(w, r, out.media, id); s != nil {
		body, err := s.folder(out.body)
		if err != nil { // it is committed whatever happens to its representation
			a.logFault(r.Request, err)
			body = nil
		}
		out.body = body
	}
	return out
}

// deleteDirectory serves DELETE /ehr/{ehr_id}/directory.
func (a *api) deleteDirectory(w *answer, r *request) error {
	id, err := r.ehrID()
	if err != nil {
		return err
	}
	if err := header.RefuseTags(r.Header); err != nil {
		return err
	}
	audit, err := header.Audit(r.Header, a.SystemID)
	if err != nil {
		return err
	}
	preceding, err := a.directoryMatch(w, r, id)
	if err != nil {
		return err
	}
	done, err := a.Records.DeleteDirectory(r.Context(), r.who, ehr.WriteDirectory{EHRID: id, Preceding: preceding, Audit: audit})
	if err != nil {
		a.pointToLatest(w, r, err, id, "directory")
		return plainInvalid(err)
	}
	header.SetEntity(w.Header(), done.UID.String(), done.Meta.Audit.TimeCommitted)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// directoryMatch is the version that If-Match names; 412 if it names none.
func (a *api) directoryMatch(w *answer, r *request, id uuid.UUID) (ehr.VersionUID, error) {
	preceding, err := header.IfMatch(r.Header)
	if err != nil || !preceding.IsZero() {
		return preceding, err
	}
	latest, err := a.Records.Directory(r.Context(), r.who, id, noTime)
	if err != nil {
		return preceding, err
	}
	err = staleMatch(latest.UID)
	a.pointToLatest(w, r, err, id, "directory")
	return preceding, err
}

// directory serves GET /ehr/{ehr_id}/directory[?version_at_time=…&path=…] and
// GET /ehr/{ehr_id}/directory/{version_uid}[?path=…].
func (a *api) directory(w *answer, r *request) error {
	f, err := a.single(r, ehr.KindFolder)
	if err != nil {
		return err
	}
	// path selects a part of it.
	if path := r.URL.Query()["path"]; len(path) > 1 {
		return invalid("directory", "path may be given only once")
	} else if len(path) == 1 && !f.Deleted {
		if f.Raw, err = subFolder(f.Raw, path[0]); err != nil {
			return err
		}
	}
	if !f.Deleted {
		if s := a.resolving(w, r, f.media, f.owner); s != nil {
			if f.Raw, err = s.folder(f.Raw); err != nil {
				return err
			}
		}
	}
	return a.sendVersion(w, r, f.VersionRecord, f.media, below(f.owner, "directory", f.UID.String())...)
}

// subFolder finds a FOLDER by the names of the FOLDERs that lead to it from the
// root, whose own name is not part of the path. A slash within a name is
// percent-encoded in the path.
func subFolder(raw []byte, path string) ([]byte, error) {
	const op = "rest.subFolder"
	path = strings.Trim(path, "/")
	if path == "" {
		return raw, nil
	}
	root, err := rm.DecodeStored(raw, rm.ClassFolder)
	if err != nil {
		return nil, err
	}
	at := []*rm.Node{root}
	for name := range strings.SplitSeq(path, "/") {
		plain, err := url.PathUnescape(name)
		if err != nil {
			plain = name // a percent sign that encodes nothing
		}
		var next []*rm.Node
		for _, f := range at {
			for _, sub := range f.List("folders") {
				if n := sub.NameValue(); n == name || n == plain {
					next = append(next, sub)
				}
			}
		}
		at = next
	}
	switch len(at) {
	case 0:
		return nil, errs.New(errs.NotFound, op, "the directory has no FOLDER at this path")
	case 1:
		return rm.AppendJSON(nil, at[0]), nil
	}
	return nil, errs.New(errs.Invalid, op, "the directory has several FOLDERs at this path")
}
