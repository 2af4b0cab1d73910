package fhir

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/fhir/virtual"
)

// isNDJSON reports the names that the form has.
func isNDJSON(media string) bool {
	return strings.EqualFold(media, r4.MediaTypeNDJSON) || strings.EqualFold(media, "application/ndjson")
}

// maxExportPatients is the most patients that one export names.
const maxExportPatients = 10_000

// exportWork is how long the files of an export are counted before that is left
// to the next one who asks.
const exportWork = 10 * time.Minute

// A client has exportStall for each exportPace resources of a file.
const (
	exportPace  = 256
	exportStall = 2 * time.Minute
)

// Exporter is what bulk export needs of the store. An export is a snapshot:
// what is committed later does not change its files, so that one that broke off
// can be fetched again.
type Exporter interface {
	// NewExport registers an export and sets its id and snapshot. It fails with
	// errs.Forbidden if the actor may not query the types.
	NewExport(ctx context.Context, actor ehr.Actor, x *Export) error
	// Export finds one that the actor asked for; errs.NotFound if there is none
	// or it has expired. Its Files are nil until they are counted.
	Export(ctx context.Context, actor ehr.Actor, id uuid.UUID) (Export, error)
	// CountExport counts the files of an export, unless that is done or being
	// done; errs.Conflict in the latter case.
	CountExport(ctx context.Context, x Export) error
	// DropExport forgets an export; errs.NotFound as Export.
	DropExport(ctx context.Context, actor ehr.Actor, id uuid.UUID) error
	// ExportFile calls yield with the records of a file in a fixed order. The
	// record is valid until yield returns. Records of a file of deletions have no
	// JSON.
	ExportFile(ctx context.Context, actor ehr.Actor, x Export, f ExportFile, yield func(Record) error) error
}

// Export is a bulk export.
type Export struct {
	ID uuid.UUID
	// Request is the URL that asked for it, with parameters of the body behind a #.
	Request string
	// Snapshot is the time as of which resources are exported.
	Snapshot time.Time
	// Waiting is since when something waited to be projected when it was asked for;
	// zero if nothing did. Only NewExport sets it.
	Waiting time.Time
	Types   []string
	// Since leaves out what has not changed after it; zero leaves out nothing.
	Since time.Time
	// Patients are those exported; nil is every record the actor may query.
	Patients []string
	// Queryable leaves out patients whose EHR is not queryable although they are
	// named: those of a group were not named for this export.
	Queryable bool
	// Elements are those to be given of each type, "" being all; without any
	// resources are whole. Only are queries on types, without patients: of such a type
	// those resources are exported that meet one of its queries. Both are read from
	// Request and not set by the store.
	Elements map[string][]string
	Only     []Query
	Expires  time.Time
	Files    []ExportFile
}

// ExportFile is a file of an export: the resources of a type in one part of the
// records, or those of them that were deleted since.
type ExportFile struct {
	Type    string `json:"type"`
	Part    int64  `json:"part"`
	Deleted bool   `json:"deleted,omitempty"`
	Count   int64  `json:"count"`
}

func (f ExportFile) name() string {
	name := f.Type + "-" + strconv.FormatInt(f.Part, 10)
	if f.Deleted {
		name += "-deleted"
	}
	return name + ".ndjson"
}

// export accepts a bulk export (Bulk Data Access, kick-off request).
func (a *api) export(w http.ResponseWriter, c *call) error {
	const op = "fhir.export"
	if a.Exporter == nil {
		return errs.New(errs.Unsupported, op, "this server offers no export")
	}
	respondAsync := false
	for _, v := range strings.Split(strings.Join(c.Header.Values("Prefer"), ","), ",") {
		respondAsync = respondAsync || strings.EqualFold(strings.TrimSpace(v), "respond-async")
	}
	if !respondAsync {
		return errs.New(errs.Invalid, op, "an export is asynchronous: send Prefer: respond-async")
	}
	params, sent, patients, err := a.exportInput(c)
	if err != nil {
		return err
	}
	group := chi.URLParam(c.Request, "id") != ""
	if group {
		g, err := a.groups().own(c)
		if err != nil {
			return err
		}
		for _, p := range patients {
			if !slices.Contains(g.Members, p) {
				return badParam("patient", "is not a member of the group")
			}
		}
		if patients == nil {
			patients = append([]string{}, g.Members...) // never nil, which is everybody
		}
	}
	x := Export{
		Queryable: group, Request: exportRequest(strings.TrimSuffix(a.base(c.Request), a.BasePath)+c.URL.RequestURI(), sent), Types: []string{}, Patients: patients,
	}
	for _, p := range append(params, sent...) {
		switch p.name {
		case "_format", "_pretty", "_elements", "_typeFilter": // the last two are read by refine
		case "_outputFormat":
			if f := strings.ReplaceAll(p.value, " ", "+"); !isNDJSON(f) && f != "ndjson" {
				return badParam(p.name, "only "+r4.MediaTypeNDJSON+" is offered")
			}
		case "_since":
			low, _, ok := dateRange(p.value)
			if !ok || !strings.Contains(p.value, "T") {
				return badParam(p.name, "is not an instant of the form YYYY-MM-DDThh:mm:ss+zz:zz")
			}
			x.Since = low
		case "_type":
			for _, t := range strings.Split(p.value, ",") {
				if !slices.Contains(a.Coverage.Types(), t) {
					return badParam(p.name, "no mapping produces the resource type "+strconv.Quote(t))
				}
				if !slices.Contains(x.Types, t) {
					x.Types = append(x.Types, t)
				}
			}
		default:
			return unsupportedParam(p.name)
		}
	}
	if err := a.refine(c, &x); err != nil {
		return err
	}
	if err := a.Exporter.NewExport(c.Context(), c.who, &x); err != nil {
		return err
	}
	a.count(c, x)
	late(w, x.Waiting)
	w.Header().Set("Content-Location", a.base(c.Request)+"/$export-status/"+x.ID.String())
	return a.write(w, c, http.StatusAccepted, outcome(issue{severity: "information", code: "informational", text: "the export was accepted; ask for its status at Content-Location"}).Append(nil))
}

// exportInput is the parameters of a kick-off, those that a POST has sent, and the
// patients that it names.
func (a *api) exportInput(c *call) (params, sent []pair, patients []string, err error) {
	const op = "fhir.export"
	if params, err = parsePairs(c.URL.RawQuery); err != nil || c.Method != http.MethodPost || c.ContentLength == 0 {
		return params, nil, nil, err
	}
	n, err := resourceBody(c, op, maxBatch)
	if err != nil {
		return nil, nil, nil, err
	}
	if n.Str("resourceType") != "Parameters" {
		return nil, nil, nil, errs.New(errs.Invalid, op, "the body is not a Parameters resource")
	}
	for _, p := range n.List("parameter") {
		name := p.Str("name")
		if name == "patient" {
			id, ok := strings.CutPrefix(strings.TrimPrefix(p.Str("valueReference", "reference"), a.base(c.Request)+"/"), "Patient/")
			if !ok || !r4.ValidPrimitive("id", id) {
				return nil, nil, nil, badParam(name, "is a reference of the form Patient/id")
			}
			if patients = append(patients, id); len(patients) > maxExportPatients {
				return nil, nil, nil, badParam(name, fmt.Sprintf("is given more than %d times", maxExportPatients))
			}
			continue
		}
		value := cmp.Or(p.Str("valueString"), p.Str("valueInstant"))
		if value == "" || !plainText(value) || !plainText(name) {
			return nil, nil, nil, badParam(name, "must have a valueString or valueInstant")
		}
		sent = append(sent, pair{name, value})
	}
	return params, sent, patients, nil
}

// count has the files of an export counted in the background. If this process
// stops before that is done, the next request for the status takes over.
func (a *api) count(c *call, x Export) {
	ctx, request := context.WithoutCancel(c.Context()), a.requestID(c)
	go func() {
		ctx, cancel := context.WithTimeout(ctx, exportWork)
		defer cancel()
		if err := a.Exporter.CountExport(ctx, x); err != nil && !errs.Is(err, errs.Conflict) && !errs.Is(err, errs.NotFound) {
			a.Log.ErrorContext(ctx, "an export could not be counted", "error", err, "request_id", request)
		}
	}()
}

func (a *api) findExport(c *call) (Export, error) {
	id, err := uuid.Parse(chi.URLParam(c.Request, "export"))
	if a.Exporter == nil || err != nil || id.String() != chi.URLParam(c.Request, "export") {
		return Export{}, errs.New(errs.NotFound, "fhir.export", "there is no such export")
	}
	x, err := a.Exporter.Export(c.Context(), c.who, id)
	if err != nil {
		return x, err
	}
	return x, a.refine(c, &x)
}

// exportStatus answers with the manifest of an export once it is complete.
func (a *api) exportStatus(w http.ResponseWriter, c *call) error {
	x, err := a.findExport(c)
	if err != nil {
		return err
	}
	if x.Files == nil {
		a.count(c, x)
		w.Header().Set("X-Progress", "counting")
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusAccepted)
		return nil
	}
	base := a.base(c.Request) + "/$export-file/" + x.ID.String() + "/"
	lists := map[bool][]*r4.Node{false: {}, true: {}}
	for _, f := range x.Files {
		typ := f.Type
		if f.Deleted {
			typ = "Bundle"
		}
		lists[f.Deleted] = append(lists[f.Deleted], r4.NewObject(str("type", typ), str("url", base+f.name()),
			r4.Field{Name: "count", Value: r4.NewNumber(strconv.FormatInt(f.Count, 10))}))
	}
	list := func(name string, items []*r4.Node) r4.Field {
		return r4.Field{Name: name, Value: &r4.Node{Kind: r4.Array, Items: items}}
	}
	manifest := r4.NewObject(
		str("transactionTime", virtual.Instant(x.Snapshot)), str("request", exportAddress(x.Request)),
		r4.Field{Name: "requiresAccessToken", Value: r4.NewBool(c.Header.Get("Authorization") != "")},
		list("output", lists[false]), list("deleted", lists[true]), list("error", nil)).Append(nil)
	w.Header().Set("Expires", x.Expires.UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(manifest)
	return a.sent(c, err)
}

// sent notes that a client has gone away.
func (a *api) sent(c *call, err error) error {
	if err != nil && c.Context().Err() == nil {
		a.Log.Debug("an answer could not be sent", "error", err, "request_id", a.requestID(c))
	}
	return nil
}

// dropExport forgets an export.
func (a *api) dropExport(w http.ResponseWriter, c *call) error {
	x, err := a.findExport(c)
	if err != nil {
		return err
	}
	if err := a.Exporter.DropExport(c.Context(), c.who, x.ID); err != nil {
		return err
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}

// exportFile streams one file.
func (a *api) exportFile(w http.ResponseWriter, c *call) error {
	x, err := a.findExport(c)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(x.Files, func(f ExportFile) bool { return f.name() == chi.URLParam(c.Request, "file") })
	if i < 0 {
		return errs.New(errs.NotFound, "fhir.export", "there is no such file in the export")
	}
	w.Header().Set("Content-Type", r4.MediaTypeNDJSON)
	out := bufio.NewWriterSize(w, 64<<10)
	var line []byte
	lines := 0
	part := x.part(x.Files[i].Type)
	control := http.NewResponseController(w)
	err = a.Exporter.ExportFile(c.Context(), c.who, x, x.Files[i], func(rec Record) error {
		// A file may take longer than other answers, as long as the client reads.
		if lines++; lines%exportPace == 1 {
			if err := control.SetWriteDeadline(a.Now().Add(exportStall)); err != nil && !errors.Is(err, http.ErrNotSupported) {
				return err
			}
		}
		line = line[:0]
		var err error
		if rec.JSON == nil {
			line = append(line, `{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":`...)
			line = append(appendString(line, rec.Type+"/"+rec.ID), "}}]}"...)
		} else if line, err = appendResource(line, rec); err == nil {
			line, err = part.cut(line)
		}
		if err != nil {
			return err
		}
		_, err = out.Write(append(line, '\n'))
		return err
	})
	if err == nil {
		err = out.Flush()
	}
	return err
}
