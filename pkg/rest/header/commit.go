package header

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// code takes a code of the openEHR terminology, as a CODE_PHRASE, a
// TERMINOLOGY_CODE or a DV_CODED_TEXT, and drops the rubric beside it.
func (m attributes) code(name, attr string) (int, error) {
	fault := func(msg string) (int, error) {
		return 0, errs.New(errs.Invalid, "header.commitHeader", "header "+name+": "+msg)
	}
	text, ok := m.take(attr+".code_string", attr+".defining_code.code_string", attr)
	_, rubric := m.take(attr + ".value")
	terminology, named := m.take(attr+".terminology_id.value", attr+".terminology_id",
		attr+".defining_code.terminology_id.value", attr+".defining_code.terminology_id")
	if named && !strings.EqualFold(terminology, "openehr") {
		return fault(attr + " must be a code of the openehr terminology")
	}
	if !ok {
		if rubric || named {
			return fault(attr + ".code_string is missing")
		}
		return 0, nil
	}
	code, err := strconv.Atoi(text)
	if err != nil || code < 1 || code > 9999 {
		return fault(attr + ".code_string must be a code of the openehr terminology, such as 249")
	}
	return code, nil
}

// Audit is what the commit headers of a write to the system say (ITS-REST
// overview, openehr-version and openehr-audit-details). An attribute that Cairn
// does not know is refused rather than dropped, but for time_committed, which is
// always the server's, and the _type markers.
func Audit(h http.Header, systemID string) (ehr.AuditInput, error) {
	const op, version, details = "header.commitHeader", "openehr-version", "openehr-audit-details"
	var in ehr.AuditInput
	v, err := commitAttributes(h, version)
	if err != nil {
		return in, err
	}
	if in.LifecycleState, err = v.code(version, "lifecycle_state"); err != nil {
		return in, err
	}
	if err := v.rest(version); err != nil {
		return in, err
	}
	d, err := commitAttributes(h, details)
	if err != nil {
		return in, err
	}
	if in.ChangeType, err = d.code(details, "change_type"); err != nil {
		return in, err
	}
	in.Description, _ = d.take("description.value", "description")
	if in.Committer, err = d.committer(details); err != nil {
		return in, err
	}
	d.take("time_committed.value", "time_committed")
	if system, ok := d.take("system_id"); ok && systemID != "" && !strings.EqualFold(system, systemID) {
		return in, errs.New(errs.Invalid, op, "header "+details+": system_id names another system than this one")
	}
	return in, d.rest(details)
}

// committer is the PARTY_PROXY that the header describes; nil if it says
// nothing of one.
func (m attributes) committer(name string) (*rm.Node, error) {
	fault := func(msg string) (*rm.Node, error) {
		return nil, errs.New(errs.Invalid, "header.commitHeader", "header "+name+": "+msg)
	}
	class, typed := m.take("committer._type")
	who, named := m.take("committer.name")
	id, hasID := m.take("committer.external_ref.id.value", "committer.external_ref.id")
	scheme, _ := m.take("committer.external_ref.id.scheme")
	namespace, hasNamespace := m.take("committer.external_ref.namespace")
	kind, hasKind := m.take("committer.external_ref.type")
	if !typed && !named && !hasID && !hasNamespace && !hasKind {
		return nil, nil
	}
	var fields []rm.Field
	switch strings.ToUpper(class) {
	case "", "PARTY_IDENTIFIED":
		class = "PARTY_IDENTIFIED"
		if who == "" && id == "" {
			return fault("committer needs a name or an external_ref")
		}
	case "PARTY_SELF":
		class = "PARTY_SELF"
		if named {
			return fault("a committer of type PARTY_SELF has no name")
		}
	default:
		return fault("committer._type must be PARTY_IDENTIFIED or PARTY_SELF")
	}
	if hasID || hasNamespace || hasKind {
		if id == "" || namespace == "" {
			return fault("committer.external_ref needs id and namespace")
		}
		if kind == "" {
			kind = "PARTY"
		}
		oid := rm.Object("GENERIC_ID", rm.Str("value", id), rm.Str("scheme", cmp.Or(scheme, namespace)))
		if _, err := uuid.Parse(id); err == nil && len(id) == 36 {
			oid = rm.ID("HIER_OBJECT_ID", id)
		}
		fields = append(fields, rm.Child("external_ref", rm.Object("PARTY_REF",
			rm.Str("namespace", namespace), rm.Str("type", kind), rm.Child("id", oid))))
	}
	if who != "" {
		fields = append(fields, rm.Str("name", who))
	}
	return rm.Object(class, fields...), nil
}
