package rm

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// maxIdentifier bounds the length of an identifier, so that it fits an index.
const maxIdentifier = 512

// ObjectVersionID is the value of an OBJECT_VERSION_ID,
// object_id::creating_system_id::version_tree_id, in the case it was given.
type ObjectVersionID struct {
	ObjectID string
	SystemID string // the creating system
	Tree     VersionTree
}

// VersionTree is a VERSION_TREE_ID: a version of the trunk, or of a branch that
// leaves the trunk there. Branch and BranchVersion are 0 on the trunk.
type VersionTree struct {
	Trunk, Branch, BranchVersion int
}

// ParseObjectVersionID reads an OBJECT_VERSION_ID. Both the object id and the
// system id have to be UIDs (see ValidUID).
func ParseObjectVersionID(s string) (ObjectVersionID, error) {
	var id ObjectVersionID
	parts := strings.Split(s, "::")
	if len(parts) != 3 || len(s) > maxIdentifier {
		return id, fmt.Errorf("%q is not of the form object_id::creating_system_id::version_tree_id", clip(s))
	}
	if !ValidUID(parts[0]) {
		return id, fmt.Errorf("object id %q is not a UUID, OID or internet id", clip(parts[0]))
	}
	if !ValidUID(parts[1]) {
		return id, fmt.Errorf("system id %q is not a UUID, OID or internet id", clip(parts[1]))
	}
	tree, err := ParseVersionTree(parts[2])
	if err != nil {
		return id, err
	}
	return ObjectVersionID{parts[0], parts[1], tree}, nil
}

// ParseVersionTree reads a VERSION_TREE_ID: n or n.n.n, each from 1.
func ParseVersionTree(s string) (VersionTree, error) {
	parts := strings.Split(s, ".")
	if len(parts) != 1 && len(parts) != 3 {
		return VersionTree{}, fmt.Errorf("version %q is not of the form 1 or 1.1.1", clip(s))
	}
	var n [3]int
	for i, part := range parts {
		v, err := strconv.ParseUint(part, 10, 31)
		if err != nil || v < 1 || part[0] == '0' {
			return VersionTree{}, fmt.Errorf("version %q: its numbers count from 1", clip(s))
		}
		n[i] = int(v)
	}
	return VersionTree{n[0], n[1], n[2]}, nil
}

// String is the identifier in the form it was read.
func (id ObjectVersionID) String() string {
	return id.ObjectID + "::" + id.SystemID + "::" + id.Tree.String()
}

// IsBranch reports whether the version lies on a branch.
func (v VersionTree) IsBranch() bool { return v.Branch > 0 }

// IsFirst reports whether this is the first version of the trunk.
func (v VersionTree) IsFirst() bool { return v.Trunk == 1 && v.Branch == 0 }

// Next is the version after this one on the same trunk or branch.
func (v VersionTree) Next() VersionTree {
	if v.IsBranch() {
		v.BranchVersion++
	} else {
		v.Trunk++
	}
	return v
}

// String is n or n.n.n.
func (v VersionTree) String() string {
	if !v.IsBranch() {
		return strconv.Itoa(v.Trunk)
	}
	return strconv.Itoa(v.Trunk) + "." + strconv.Itoa(v.Branch) + "." + strconv.Itoa(v.BranchVersion)
}

// HierObjectID is the value of a HIER_OBJECT_ID, root[::extension].
type HierObjectID struct {
	Root, Extension string
}

// ParseHierObjectID reads a HIER_OBJECT_ID. The root has to be a UID, the
// extension may be any text.
func ParseHierObjectID(s string) (HierObjectID, error) {
	root, extension, has := strings.Cut(s, "::")
	if !ValidUID(root) || has && extension == "" || len(s) > maxIdentifier {
		return HierObjectID{}, fmt.Errorf("%q is not a UUID, OID or internet id with an optional ::extension", clip(s))
	}
	return HierObjectID{root, extension}, nil
}

// String is the identifier in the form it was read.
func (id HierObjectID) String() string {
	if id.Extension == "" {
		return id.Root
	}
	return id.Root + "::" + id.Extension
}

// EqualID compares two identifiers without regard to the case of ASCII letters.
func EqualID(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// ValidUUID reports whether s is a UUID: hexadecimal digits in groups of 8, 4,
// 4, 4 and 12.
func ValidUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := lower(s[i])
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// ValidUID reports whether s is one of the three forms of a UID: a UUID, an
// ISO OID or an internet id. Internet ids are taken widely, as labels of ASCII
// letters, digits, hyphens and underscores between dots.
func ValidUID(s string) bool {
	if s == "" || len(s) > maxIdentifier {
		return false
	}
	for _, label := range strings.Split(s, ".") {
		if label == "" {
			return false
		}
		for i := 0; i < len(label); i++ {
			if c := label[i]; !isWord(c) && c != '-' {
				return false
			}
		}
		if label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// isWord accepts ASCII letters, digits and the underscore.
func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || lower(c) >= 'a' && lower(c) <= 'z'
}

// ArchetypeID is the value of an ARCHETYPE_ID such as
// openEHR-EHR-OBSERVATION.blood_pressure-adult.v2.
type ArchetypeID struct {
	Namespace  string // "" without a prefix namespace::
	Originator string // openEHR
	Model      string // EHR
	Class      string // OBSERVATION
	Concept    string // blood_pressure-adult, specialisations included
	Version    string // 2, what stands after ".v"
}

// ParseArchetypeID reads an ARCHETYPE_ID. Besides the plain major version of
// ADL 1.4 it takes a full one with a lifecycle suffix (v1.0.2-rc.1) and the
// historical v1draft, all of which occur in archetypes in use.
func ParseArchetypeID(s string) (ArchetypeID, error) {
	id, ok := parseArchetypeID(s)
	if !ok {
		return ArchetypeID{}, fmt.Errorf("%q is not of the form originator-model-CLASS.concept.vN", clip(s))
	}
	return id, nil
}

func parseArchetypeID(s string) (id ArchetypeID, ok bool) {
	if len(s) > maxIdentifier {
		return id, false
	}
	rest := s
	if i := strings.Index(rest, "::"); i >= 0 {
		id.Namespace, rest = rest[:i], rest[i+2:]
		if !ValidUID(id.Namespace) {
			return id, false
		}
	}
	entity, rest, ok1 := strings.Cut(rest, ".")
	concept, version, ok2 := strings.Cut(rest, ".v")
	if !ok1 || !ok2 {
		return id, false
	}
	id.Originator, entity, ok1 = strings.Cut(entity, "-")
	id.Model, id.Class, ok2 = strings.Cut(entity, "-")
	id.Concept, id.Version = concept, version
	return id, ok1 && ok2 && words(id.Originator, 0) && words(id.Model, 0) && words(id.Class, 0) &&
		words(id.Concept, '-') && validVersion(id.Version)
}

// words accepts text of word characters, and of the separator between them.
func words(s string, separator byte) bool {
	for i := 0; i < len(s); i++ {
		if isWord(s[i]) {
			continue
		}
		if separator == 0 || s[i] != separator || i == 0 || i == len(s)-1 || s[i-1] == separator {
			return false
		}
	}
	return s != ""
}

// validVersion accepts a number, up to two more after dots, and a suffix.
func validVersion(s string) bool {
	i, numbers := 0, 0
	for {
		start := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		if i == start {
			return false
		}
		numbers++
		if numbers == 3 || i+1 >= len(s) || s[i] != '.' {
			break
		}
		i++
	}
	for ; i < len(s); i++ {
		if c := s[i]; !isWord(c) && c != '-' && c != '+' && c != '.' {
			return false
		}
	}
	return true
}

// String is the identifier in the form it was read.
func (id ArchetypeID) String() string {
	s := id.Originator + "-" + id.Model + "-" + id.Class + "." + id.Concept + ".v" + id.Version
	if id.Namespace != "" {
		return id.Namespace + "::" + s
	}
	return s
}

// SplitTerminologyID takes a TERMINOLOGY_ID apart: SNOMED-CT(2020) is SNOMED-CT
// in the version 2020. The version is "" when none is given.
func SplitTerminologyID(s string) (name, version string) {
	if i := strings.IndexByte(s, '('); i > 0 && s[len(s)-1] == ')' {
		return s[:i], s[i+1 : len(s)-1]
	}
	return s, ""
}

// RefKey tells an OBJECT_REF from others: the same for the same namespace, type
// and id, of one length, and without any of them in it. "" for nil or a reference
// without an id.
func RefKey(ref *Node) string {
	id := ref.String("id", "value")
	if id == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(ref.String("namespace") + "\x1f" + ref.String("type") + "\x1f" + id))
	return hex.EncodeToString(sum[:])
}
