package rest

import (
	"strings"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rest/changecontrol"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// ownerRef is the owner of everything in an EHR, or in the demographic
// repository: the EHR, or this system.
func (a *api) ownerRef(owner uuid.UUID) *rm.Node {
	ref := a.ownerObject(owner)
	return changecontrol.LocalRef(ref.ID.Type, ref.ID.Value, ref.RMType)
}

// systemUUID is the system id as the UUID that the OpenAPI documents demand of
// every HIER_OBJECT_ID: itself if it is one, or else one that follows from it
// (version 5 in the name space of DNS).
func systemUUID(system string) string {
	id, ok := parseUUID(system)
	if !ok {
		id = uuid.NewSHA1(uuid.NameSpaceDNS, []byte(strings.ToLower(system)))
	}
	return id.String()
}

// ownerObject is ownerRef as ITEM_TAG has it.
func (a *api) ownerObject(owner uuid.UUID) objectRef {
	id, class := owner.String(), "EHR"
	if owner == ehr.Demographics {
		id, class = systemUUID(a.SystemID), "SYSTEM"
	}
	return objectRef{"OBJECT_REF", idValue{"HIER_OBJECT_ID", id}, "local", class}
}
