package rest

import (
	"net/http"
	"strconv"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rest/header"
	"github.com/cairn-ehr/cairn/pkg/rest/jsonplace"
	"github.com/cairn-ehr/cairn/pkg/rest/mediatype"
)

// tagBody is an UPDATE_ITEM_TAG, tagObject an ITEM_TAG, whose target is an
// OBJECT_REF as ITS-REST has it. What a client has read it may send again: the
// target and the owner must then be those of the URL.
type tagBody struct {
	Key        string  `json:"key"`
	Value      *string `json:"value"`
	TargetPath string  `json:"target_path"`
	Type       string  `json:"_type"`
	Target     *tagRef `json:"target"`
	Owner      *tagRef `json:"owner_id"`
}

type tagRef struct {
	Type string `json:"_type"`
	ID   struct {
		Type  string `json:"_type"`
		Value string `json:"value"`
	} `json:"id"`
	Namespace string `json:"namespace"`
	Class     string `json:"type"`
}

// refersTo reports whether the reference, if there is one, is to what another is.
func (t *tagRef) refersTo(other objectRef) bool {
	return t == nil || strings.EqualFold(t.ID.Value, other.ID.Value) && (t.Class == "" || t.Class == other.RMType)
}

type tagObject struct {
	Key        string    `json:"key"`
	Value      string    `json:"value,omitempty"`
	Target     objectRef `json:"target"`
	TargetPath string    `json:"target_path,omitempty"`
	Owner      objectRef `json:"owner_id"`
}

func (a *api) tagObject(owner uuid.UUID, on ehr.TagTarget, t ehr.ItemTag) tagObject {
	id := idValue{"HIER_OBJECT_ID", on.Object.String()}
	if !on.Version.IsZero() {
		id = idValue{"OBJECT_VERSION_ID", on.Version.String()}
	}
	return tagObject{
		Key: t.Key, Value: t.Value, TargetPath: t.TargetPath,
		Target: objectRef{"OBJECT_REF", id, "local", on.Kind.String()},
		Owner:  a.ownerObject(owner),
	}
}

// taggable is a kind of object that has tags.
type taggable struct{ kind ehr.Kind }

var (
	taggedComposition = taggable{ehr.KindComposition}
	taggedEHRStatus   = taggable{ehr.KindEHRStatus}
	taggedDirectory   = taggable{ehr.KindFolder}

	taggedAgent        = taggable{ehr.KindAgent}
	taggedGroup        = taggable{ehr.KindGroup}
	taggedOrganisation = taggable{ehr.KindOrganisation}
	taggedPerson       = taggable{ehr.KindPerson}
	taggedRole         = taggable{ehr.KindRole}
)

// target is what the URL names: a version, or the versioned object.
func (k taggable) target(r *request) (id uuid.UUID, on ehr.TagTarget, err error) {
	on.Kind = k.kind
	if id, err = r.ownerOf(k.kind); err != nil {
		return
	}
	s := r.param("uid_based_id")
	if strings.Contains(s, "::") {
		if on.Version, err = ehr.ParseVersionUID(s); err != nil {
			err = noSuchVersion(err)
		}
		on.Object = on.Version.Object
		return
	}
	var ok bool
	if on.Object, ok = parseUUID(s); !ok {
		err = errs.New(errs.NotFound, "rest.tags", "there is no "+k.kind.String()+" with this uid, which is neither a UUID nor a version_uid")
	}
	return
}

// list serves GET …/tags of a target.
func (k taggable) list(a *api, w *answer, r *request) error {
	if _, err := mediatype.Negotiate(r.Header, mediatype.JSON); err != nil {
		return err
	}
	id, on, err := k.target(r)
	if err != nil {
		return err
	}
	return a.sendTags(w, r, id, on)
}

func (a *api) sendTags(w *answer, r *request, id uuid.UUID, on ehr.TagTarget) error {
	tags, err := a.Records.Tags(r.Context(), r.who, id, on)
	if err != nil {
		return err
	}
	list := make([]tagObject, len(tags))
	for i, t := range tags {
		list[i] = a.tagObject(id, on, t)
	}
	return send(w, http.StatusOK, mediatype.JSON, marshal(list))
}

// update serves PUT …/tags of a target: the list replaces all that are there.
func (k taggable) update(a *api, w *answer, r *request) error {
	const op = "rest.tags"
	prefer, err := a.prefer(r, mediatype.JSON)
	if err != nil {
		return err
	}
	if _, err := mediatype.OfBody(r.Header, mediatype.JSON); err != nil {
		return err
	}
	id, on, err := k.target(r)
	if err != nil {
		return err
	}
	raw, err := a.body(r)
	if err != nil {
		return err
	}
	var body []tagBody
	err = jsonv2.Unmarshal(raw, &body, jsonv2.RejectUnknownMembers(true))
	if err != nil || body == nil {
		return errs.Wrap(errs.Invalid, op, "the body must be a JSON array of tags with key and, optionally, value and target_path"+jsonplace.Of(err), err)
	}
	tags := make([]ehr.ItemTag, len(body))
	for i, t := range body {
		tags[i] = ehr.ItemTag{Key: t.Key, TargetPath: t.TargetPath}
		switch is := a.tagObject(id, on, tags[i]); {
		case t.Type != "" && t.Type != "ITEM_TAG" && t.Type != "UPDATE_ITEM_TAG":
			return errs.New(errs.Invalid, op, "tag "+strconv.Itoa(i+1)+": _type must be ITEM_TAG")
		case !t.Target.refersTo(is.Target), !t.Owner.refersTo(is.Owner):
			return errs.New(errs.Invalid, op, "tag "+strconv.Itoa(i+1)+": target or owner_id is not that of the request")
		}
		if t.Value != nil {
			if tags[i].Value = *t.Value; *t.Value == "" {
				return errs.New(errs.Invalid, op, "the value of a tag, if there is one, must not be empty")
			}
		}
	}
	if err := a.Records.PutTags(r.Context(), r.who, id, on, tags); err != nil {
		return err
	}
	if prefer.Asked {
		w.Header().Set("Preference-Applied", "return="+prefer.Returns.String())
	}
	if prefer.Returns == header.Minimal {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return a.sendTags(w, r, id, on)
}

// remove serves DELETE …/tags/{key}.
func (k taggable) remove(a *api, w *answer, r *request) error {
	id, on, err := k.target(r)
	if err != nil {
		return err
	}
	if err := a.Records.DeleteTags(r.Context(), r.who, id, on, r.param("key")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// ehrTags serves GET /ehr/{ehr_id}/tags.
func (a *api) ehrTags(w *answer, r *request) error {
	id, err := r.ehrID()
	if err != nil {
		return err
	}
	return a.sendOwnedTags(w, r, id)
}

// partyTags serves GET /demographic/tags.
func (a *api) partyTags(w *answer, r *request) error {
	return a.sendOwnedTags(w, r, ehr.Demographics)
}

func (a *api) sendOwnedTags(w *answer, r *request, id uuid.UUID) error {
	if _, err := mediatype.Negotiate(r.Header, mediatype.JSON); err != nil {
		return err
	}
	q := r.URL.Query()
	for _, name := range []string{"tag_key", "tag_value", "tag_target_path"} {
		if len(q[name]) > 1 {
			return invalid("tags", name+" may be given only once")
		}
	}
	items, err := a.Records.EHRTags(r.Context(), r.who, id, ehr.TagFilter{
		Key: q.Get("tag_key"), Value: q.Get("tag_value"), TargetPath: q.Get("tag_target_path"),
	})
	if err != nil {
		return err
	}
	list := make([]tagObject, len(items))
	for i, t := range items {
		list[i] = a.tagObject(id, t.Target, t.Tag)
	}
	return send(w, http.StatusOK, mediatype.JSON, marshal(list))
}

// showTags shows the tags of a version that is read, and of its object.
func (a *api) showTags(w *answer, r *request, rec ehr.VersionRecord) error {
	id, err := r.ownerOf(rec.Meta.Kind)
	if err != nil {
		return err
	}
	items, err := a.Records.EHRTags(r.Context(), r.who, id, ehr.TagFilter{Object: rec.UID.Object})
	if err != nil {
		return err
	}
	var in ehr.TagInput
	for _, i := range items {
		switch {
		case i.Target.Version.IsZero():
			in.Object = append(in.Object, i.Tag)
		case i.Target.Version == rec.UID:
			in.Version = append(in.Version, i.Tag)
		}
	}
	header.SetTags(w.Header(), in)
	return nil
}
