package ehr

import (
	"math"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Kind says what a versioned object holds. The numbers are stored.
type Kind int16

// The kinds of versioned object in an EHR.
const (
	KindComposition Kind = 1
	KindEHRStatus   Kind = 2
	KindFolder      Kind = 3
	KindEHRAccess   Kind = 4
)

// The kinds of party, which the demographic repository holds.
const (
	KindAgent        Kind = 5
	KindGroup        Kind = 6
	KindOrganisation Kind = 7
	KindPerson       Kind = 8
	KindRole         Kind = 9
)

// IsParty reports whether objects of the kind belong to the demographic
// repository; all others belong to an EHR.
func (k Kind) IsParty() bool { return k >= KindAgent && k <= KindRole }

// String is the RM class of the content.
func (k Kind) String() string {
	switch k {
	case KindComposition:
		return "COMPOSITION"
	case KindEHRStatus:
		return "EHR_STATUS"
	case KindFolder:
		return "FOLDER"
	case KindEHRAccess:
		return "EHR_ACCESS"
	case KindAgent:
		return "AGENT"
	case KindGroup:
		return "GROUP"
	case KindOrganisation:
		return "ORGANISATION"
	case KindPerson:
		return "PERSON"
	case KindRole:
		return "ROLE"
	}
	return "kind " + strconv.Itoa(int(k))
}

// Codes of the openEHR terminology that the change control model uses.
const (
	ChangeCreation     = 249
	ChangeAmendment    = 250
	ChangeModification = 251
	ChangeSynthesis    = 252
	ChangeDeleted      = 523
	ChangeAttestation  = 666
	ChangeUnknown      = 253

	ChangeRestoration      = 816
	ChangeFormatConversion = 817

	LifecycleComplete   = 532
	LifecycleIncomplete = 553
	LifecycleDeleted    = 523
	LifecycleInactive   = 800
	LifecycleAbandoned  = 801
)

// VersionUID is an OBJECT_VERSION_ID on the trunk:
// object_id::creating_system_id::version_tree_id (BASE base_types, Identification).
type VersionUID struct {
	Object uuid.UUID
	System string
	Trunk  int
}

// String is the identifier's textual form.
func (v VersionUID) String() string {
	return v.Object.String() + "::" + v.System + "::" + strconv.Itoa(v.Trunk)
}

// IsZero reports whether v is unset.
func (v VersionUID) IsZero() bool { return v.Trunk == 0 }

// Equal compares two identifiers; systems compare without regard to case.
func (v VersionUID) Equal(o VersionUID) bool {
	return v.Object == o.Object && v.Trunk == o.Trunk && strings.EqualFold(v.System, o.System)
}

// ParseVersionUID reads the textual form; errs.Invalid if it is not one.
func ParseVersionUID(s string) (VersionUID, error) {
	const op = "ehr.ParseVersionUID"
	parts := strings.Split(s, "::")
	if len(parts) != 3 || parts[1] == "" {
		return VersionUID{}, errs.New(errs.Invalid, op, "a version uid has the form object_id::creating_system_id::version_tree_id")
	}
	id, err := uuid.Parse(parts[0])
	if err != nil || len(parts[0]) != 36 {
		return VersionUID{}, errs.New(errs.Invalid, op, "the object id of a version uid must be a UUID")
	}
	if strings.Contains(parts[2], ".") {
		return VersionUID{}, errs.New(errs.Unsupported, op, "branch versions (version_tree_id with dots) are not supported yet")
	}
	n, err := strconv.Atoi(parts[2])
	if err != nil || n < 1 || n >= math.MaxInt32 || parts[2][0] == '+' || parts[2][0] == '0' {
		return VersionUID{}, errs.New(errs.Invalid, op, "the version tree id of a version uid must be a positive whole number")
	}
	return VersionUID{Object: id, System: parts[1], Trunk: n}, nil
}
