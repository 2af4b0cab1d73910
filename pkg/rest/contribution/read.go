// Package contribution reads the CONTRIBUTION that a client commits, in JSON or XML
// and in the forms that clients send: with versions and audits of the RM, or with
// the UPDATE_ classes of the API, whose identifiers, codes and texts are looser. It
// makes of it the use case's command; the content of the versions is left to that.
package contribution

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest/jsonplace"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// changeSet is a CONTRIBUTION as clients send it: what the server sets itself may
// be missing, and codes have one of three forms. Members that are not here are
// refused.
type changeSet struct {
	Type     string         `json:"_type"`
	UID      jsontext.Value `json:"uid"`
	Versions []versionBody  `json:"versions"`
	Audit    *auditBody     `json:"audit"`
}

// versionBody is an UPDATE_VERSION, an ORIGINAL_VERSION or an IMPORTED_VERSION.
type versionBody struct {
	Type         string           `json:"_type"`
	UID          jsontext.Value   `json:"uid"`
	Preceding    jsontext.Value   `json:"preceding_version_uid"`
	Contribution jsontext.Value   `json:"contribution"` // the server's
	OtherInputs  []jsontext.Value `json:"other_input_version_uids"`
	Lifecycle    jsontext.Value   `json:"lifecycle_state"`
	Attestations []auditBody      `json:"attestations"`
	Signature    string           `json:"signature"`
	Audit        *auditBody       `json:"commit_audit"`
	Data         jsontext.Value   `json:"data"`
	Item         jsontext.Value   `json:"item"`
}

// auditBody is an UPDATE_AUDIT or AUDIT_DETAILS, or an UPDATE_ATTESTATION or
// ATTESTATION.
type auditBody struct {
	Type          string         `json:"_type"`
	SystemID      jsontext.Value `json:"system_id"`
	TimeCommitted jsontext.Value `json:"time_committed"` // the server's
	ChangeType    jsontext.Value `json:"change_type"`
	Description   jsontext.Value `json:"description"`
	Committer     jsontext.Value `json:"committer"`

	AttestedView jsontext.Value   `json:"attested_view"`
	Proof        string           `json:"proof"`
	Items        []jsontext.Value `json:"items"`
	Reason       jsontext.Value   `json:"reason"`
	IsPending    *bool            `json:"is_pending"`
}

// isAttestation tells by the type or, without one, by what only attestations have.
func (b *auditBody) isAttestation() bool {
	return b.Type == "ATTESTATION" || b.Type == "UPDATE_ATTESTATION" ||
		b.Type == "" && (b.IsPending != nil || !absent(b.Reason) || b.Proof != "" || len(b.Items) > 0 || !absent(b.AttestedView))
}

// Read reads a contribution in JSON that is committed to the system, whose id may be
// empty. What the commit headers say counts where the body says nothing. Where cut
// is true, the data of its versions may be no JSON at all, which shows when it is
// decoded: WholeFault then has the error.
func Read(raw []byte, headers ehr.AuditInput, systemID string) (in ehr.CommitContribution, cut bool, err error) {
	const op = "contribution.read"
	if len(raw) == 0 {
		return in, false, errs.New(errs.Invalid, op, "the request has no body")
	}
	body, cut, err := readCut(raw)
	if err != nil {
		return in, false, err
	}
	if in, err = commitOf(&body, headers, systemID); err != nil && cut {
		err = WholeFault(raw, err)
	}
	return in, cut, err
}

func commitOf(body *changeSet, headers ehr.AuditInput, systemID string) (ehr.CommitContribution, error) {
	const op = "contribution.read"
	var in ehr.CommitContribution
	switch body.Type {
	case "", "CONTRIBUTION", "UPDATE_CONTRIBUTION":
	default:
		return in, errs.New(errs.Invalid, op, "_type must be CONTRIBUTION or UPDATE_CONTRIBUTION")
	}
	if uid, err := idText(body.UID, "uid"); err != nil {
		return in, err
	} else if uid != "" {
		in.ID, err = uuid.Parse(uid)
		if err != nil || len(uid) != 36 || in.ID == (uuid.UUID{}) {
			return in, errs.New(errs.Invalid, op, "uid must be a UUID")
		}
	}
	var err error
	if in.Audit, err = auditInput(body.Audit, "audit", systemID); err != nil {
		return in, err
	}
	if in.Audit.Attestation != nil {
		return in, errs.New(errs.Invalid, op, "audit: the audit of a contribution cannot be an ATTESTATION; attestations belong to its versions")
	}
	if in.Audit.ChangeType == 0 {
		in.Audit.ChangeType = headers.ChangeType
	}
	if in.Audit.Committer == nil {
		in.Audit.Committer = headers.Committer
	}
	if in.Audit.DescriptionText == nil {
		in.Audit.Description = headers.Description
	}
	in.Audit.LifecycleState = headers.LifecycleState
	in.Changes = make([]ehr.Change, len(body.Versions))
	for i := range body.Versions {
		if in.Changes[i], err = change(&body.Versions[i], "versions["+strconv.Itoa(i)+"]", systemID); err != nil {
			return in, err
		}
	}
	return in, nil
}

// change reads one version of a contribution; at says which.
func change(v *versionBody, at, systemID string) (ehr.Change, error) {
	const op = "contribution.read"
	var c ehr.Change
	var err error
	if c.Audit, err = auditInput(v.Audit, at+".commit_audit", systemID); err != nil {
		return c, err
	}
	c.Signature = v.Signature
	switch v.Type {
	case "", "ORIGINAL_VERSION", "UPDATE_VERSION":
		if !absent(v.Item) {
			return c, errs.New(errs.Invalid, op, at+".item: only an IMPORTED_VERSION has an item")
		}
	case "IMPORTED_VERSION":
		switch {
		case absent(v.Item):
			return c, errs.New(errs.Invalid, op, at+".item is missing")
		case !absent(v.Data) || !absent(v.UID) || !absent(v.Preceding) || !absent(v.Lifecycle) || v.OtherInputs != nil || v.Attestations != nil:
			return c, errs.New(errs.Invalid, op, at+": uid, preceding_version_uid, other_input_version_uids, lifecycle_state, attestations and data of an IMPORTED_VERSION are those of its item")
		}
		c.Import.JSON = v.Item
		return c, nil
	default:
		return c, errs.New(errs.Invalid, op, at+"._type must be ORIGINAL_VERSION, IMPORTED_VERSION or UPDATE_VERSION")
	}
	if c.Audit.LifecycleState, err = codeValue(v.Lifecycle, at+".lifecycle_state"); err != nil {
		return c, err
	}
	if c.Preceding, err = versionUIDValue(v.Preceding, at+".preceding_version_uid"); err != nil {
		return c, err
	}
	if c.UID, err = versionUIDValue(v.UID, at+".uid"); err != nil {
		return c, err
	}
	for i, uid := range v.OtherInputs {
		s, err := idText(uid, at+".other_input_version_uids["+strconv.Itoa(i)+"]")
		if err != nil {
			return c, err
		}
		c.OtherInputs = append(c.OtherInputs, s)
	}
	for i := range v.Attestations {
		place := at + ".attestations[" + strconv.Itoa(i) + "]"
		if !v.Attestations[i].isAttestation() {
			return c, errs.New(errs.Invalid, op, place+" is not an ATTESTATION: it needs reason and is_pending")
		}
		in, err := auditInput(&v.Attestations[i], place, systemID)
		if err != nil {
			return c, err
		}
		c.Attestations = append(c.Attestations, in)
	}
	if absent(v.Data) {
		if c.Audit.ChangeType != ehr.ChangeDeleted && c.Audit.ChangeType != ehr.ChangeAttestation {
			return c, errs.New(errs.Invalid, op, at+".data is missing")
		}
		return c, nil
	}
	c.Content.JSON = v.Data
	return c, nil
}

func absent(v jsontext.Value) bool { return len(v) == 0 || v.Kind() == 'n' }

// auditInput reads an audit; nil gives one that says nothing.
func auditInput(body *auditBody, at, systemID string) (ehr.AuditInput, error) {
	const op = "contribution.read"
	var in ehr.AuditInput
	if body == nil {
		return in, nil
	}
	var err error
	switch body.Type {
	case "", "UPDATE_AUDIT", "AUDIT_DETAILS", "ATTESTATION", "UPDATE_ATTESTATION":
		if !body.isAttestation() {
			break
		}
		if in.Attestation, err = attestationInput(body, at); err != nil {
			return in, err
		}
	default:
		return in, errs.New(errs.Invalid, op, at+"._type must be AUDIT_DETAILS, UPDATE_AUDIT, ATTESTATION or UPDATE_ATTESTATION")
	}
	system, err := idText(body.SystemID, at+".system_id")
	if err != nil {
		return in, err
	}
	if system != "" && systemID != "" && !strings.EqualFold(system, systemID) {
		return in, errs.New(errs.Invalid, op, at+".system_id names another system than this one")
	}
	if in.ChangeType, err = codeValue(body.ChangeType, at+".change_type"); err != nil {
		return in, err
	}
	if in.Committer, err = objectValue(body.Committer, "PARTY_PROXY", at+".committer"); err != nil {
		return in, err
	}
	in.DescriptionText, err = textValue(body.Description, at+".description")
	return in, err
}

// attestationInput reads what an ATTESTATION has beyond its audit.
func attestationInput(body *auditBody, at string) (*ehr.AttestationInput, error) {
	const op = "contribution.read"
	in := &ehr.AttestationInput{Proof: body.Proof}
	if body.IsPending == nil {
		return nil, errs.New(errs.Invalid, op, at+".is_pending is missing")
	}
	in.IsPending = *body.IsPending
	var err error
	if in.Reason, err = textValue(body.Reason, at+".reason"); err != nil {
		return nil, err
	}
	if in.Reason == nil {
		return nil, errs.New(errs.Invalid, op, at+".reason is missing")
	}
	if in.AttestedView, err = objectValue(body.AttestedView, "DV_MULTIMEDIA", at+".attested_view"); err != nil {
		return nil, err
	}
	for i, item := range body.Items {
		n, err := objectValue(item, "DV_EHR_URI", at+".items["+strconv.Itoa(i)+"]")
		if err != nil {
			return nil, err
		}
		if n == nil {
			return nil, errs.New(errs.Invalid, op, at+".items["+strconv.Itoa(i)+"] is null")
		}
		in.Items = append(in.Items, n)
	}
	return in, nil
}

// textValue is a DV_TEXT, or a bare string in its place.
func textValue(v jsontext.Value, at string) (*rm.Node, error) {
	if absent(v) || v.Kind() != '"' {
		return objectValue(v, "DV_TEXT", at)
	}
	s, err := idText(v, at)
	if err != nil || s == "" {
		return nil, err
	}
	return rm.Text(s), nil
}

// objectValue decodes an RM object within the body.
func objectValue(v jsontext.Value, class, at string) (*rm.Node, error) {
	if absent(v) {
		return nil, nil
	}
	path := "/" + strings.ReplaceAll(at, ".", "/")
	n, problems := rm.DecodeJSON(v, rm.Lookup(class), rm.JSONOptions{PathPrefix: path})
	if n == nil || rm.HasErrors(problems) {
		return nil, &errs.Error{
			Op: "contribution.read", Kind: errs.Invalid, Code: "validation",
			Msg: at + " is not a valid " + class, Detail: problems,
		}
	}
	return n, nil
}

// idText is an identifier: an object with a value, or the bare string.
func idText(v jsontext.Value, at string) (string, error) {
	var s string
	var object struct {
		Type  string `json:"_type"`
		Value string `json:"value"`
	}
	var err error
	switch {
	case absent(v):
		return "", nil
	case v.Kind() == '"':
		err = jsonv2.Unmarshal(v, &s)
	default:
		err = jsonv2.Unmarshal(v, &object, jsonv2.RejectUnknownMembers(true))
		s = object.Value
	}
	if err != nil {
		return "", errs.Wrap(errs.Invalid, "contribution.read", at+" must be an object with a value", err)
	}
	return s, nil
}

func versionUIDValue(v jsontext.Value, at string) (ehr.VersionUID, error) {
	s, err := idText(v, at)
	if err != nil || s == "" {
		return ehr.VersionUID{}, err
	}
	uid, err := ehr.ParseVersionUID(s)
	if err != nil {
		e := *errs.As(err)
		e.Msg = at + ": " + e.Msg
		return uid, &e
	}
	return uid, nil
}

// codeValue is a code of the openEHR terminology as a DV_CODED_TEXT, a
// CODE_PHRASE, a TERMINOLOGY_CODE, or what the published example mixes of them;
// 0 if absent. The rubric beside it means nothing.
func codeValue(v jsontext.Value, at string) (int, error) {
	fault := func(msg string, err error) (int, error) {
		return 0, errs.Wrap(errs.Invalid, "contribution.read", at+msg, err)
	}
	if absent(v) {
		return 0, nil
	}
	type phrase struct {
		Terminology jsontext.Value `json:"terminology_id"`
		Code        string         `json:"code_string"`
	}
	var body struct {
		phrase
		Defining *phrase `json:"defining_code"`
	}
	if err := jsonv2.Unmarshal(v, &body); err != nil {
		return fault(" must be a coded text or a code"+jsonplace.Of(err), err)
	}
	p := body.phrase
	if body.Defining != nil {
		p = *body.Defining
	}
	terminology, err := idText(p.Terminology, at+".terminology_id")
	if err != nil {
		return 0, err
	}
	if terminology != "" && !strings.EqualFold(terminology, "openehr") {
		return fault(" must be a code of the openehr terminology", nil)
	}
	code, err := strconv.Atoi(p.Code)
	if err != nil || code < 1 || code > 9999 {
		return fault(".code_string must be a code of the openehr terminology, such as 249", err)
	}
	return code, nil
}
