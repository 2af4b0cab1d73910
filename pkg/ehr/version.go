package ehr

import (
	"math"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
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

// VersionUID is an OBJECT_VERSION_ID:
// object_id::creating_system_id::version_tree_id (BASE base_types, Identification).
type VersionUID struct {
	Object uuid.UUID
	System string
	// Trunk is the version's number on the trunk or, of a branch version, that
	// of the trunk version which its branch begins at.
	Trunk int
	// Branch and BranchVersion count from 1; both are 0 on the trunk.
	Branch, BranchVersion int
}

// String is the identifier's textual form.
func (v VersionUID) String() string {
	return v.Object.String() + "::" + v.System + "::" + v.Tree().String()
}

// Tree is the version_tree_id.
func (v VersionUID) Tree() rm.VersionTree {
	return rm.VersionTree{Trunk: v.Trunk, Branch: v.Branch, BranchVersion: v.BranchVersion}
}

// IsZero reports whether v is unset.
func (v VersionUID) IsZero() bool { return v.Trunk == 0 }

// IsFirst reports the first version of the trunk.
func (v VersionUID) IsFirst() bool { return v.Trunk == 1 && v.Branch == 0 }

// IsBranch reports a version that is not on the trunk.
func (v VersionUID) IsBranch() bool { return v.Branch > 0 }

// Next is the version after v on the same trunk or branch, created by the system.
func (v VersionUID) Next(system string) VersionUID {
	t := v.Tree().Next()
	return VersionUID{Object: v.Object, System: system, Trunk: t.Trunk, Branch: t.Branch, BranchVersion: t.BranchVersion}
}

// Equal compares two identifiers; systems compare without regard to case.
func (v VersionUID) Equal(o VersionUID) bool {
	return v.Object == o.Object && v.Tree() == o.Tree() && strings.EqualFold(v.System, o.System)
}

// maxTree bounds the numbers of a version tree id: there must be a next one.
const maxTree = math.MaxInt32 - 1

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
	if strings.ContainsFunc(parts[1], notInSystemID) {
		return VersionUID{}, errs.New(errs.Invalid, op, "the creating system of a version uid must have no spaces, quotes and characters outside ASCII")
	}
	t, err := rm.ParseVersionTree(parts[2])
	if err != nil || t.Trunk > maxTree || t.Branch > maxTree || t.BranchVersion > maxTree {
		return VersionUID{}, errs.New(errs.Invalid, op, "the version tree id of a version uid must be a positive whole number, or three of them with dots: 2 or 2.1.1")
	}
	return VersionUID{Object: id, System: parts[1], Trunk: t.Trunk, Branch: t.Branch, BranchVersion: t.BranchVersion}, nil
}
