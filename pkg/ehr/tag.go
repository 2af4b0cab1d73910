package ehr

import (
	"context"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Limits of item tags: the tags of one target, and bytes of their attributes.
const (
	maxTags     = 100
	maxTagKey   = 256
	maxTagPath  = 1024
	maxTagValue = 4096
)

// ItemTag marks an object or a version, or a place in it, with a key and
// perhaps a value (RM common, ITEM_TAG). Of one target, no two have the same
// key and path.
type ItemTag struct {
	Key string
	// Value is "" for none, TargetPath for the target as a whole.
	Value, TargetPath string
}

// TagTarget is what is tagged: a versioned object, or one of its versions.
type TagTarget struct {
	Kind   Kind
	Object uuid.UUID
	// Version is zero for the versioned object.
	Version VersionUID
}

// TaggedItem is a tag with its target.
type TaggedItem struct {
	Target TagTarget
	Tag    ItemTag
}

// TagFilter selects tags; "" selects all.
type TagFilter struct {
	Key, Value, TargetPath string
	// Object selects the tags of one versioned object and its versions. That
	// there is no such object is no error.
	Object uuid.UUID
}

// TagInput is what a commit says about tags. A nil list leaves the tags of the
// target as they are, an empty one removes them.
type TagInput struct {
	// Object are the tags of the versioned object, Version those of the new
	// version.
	Object, Version []ItemTag
}

// Tags lists the tags of a target by key and path.
func (s *Service) Tags(ctx context.Context, who Actor, ehrID uuid.UUID, on TagTarget) ([]ItemTag, error) {
	if err := s.decide(ctx, who, ActionRead, target(ehrID, "ITEM_TAG")); err != nil {
		return nil, err
	}
	return s.cfg.Store.Tags(ctx, ehrID, on)
}

// EHRTags lists the tags in an EHR, or in the demographic repository, by target,
// key and path.
func (s *Service) EHRTags(ctx context.Context, who Actor, ehrID uuid.UUID, f TagFilter) ([]TaggedItem, error) {
	if err := s.decide(ctx, who, ActionRead, target(ehrID, "ITEM_TAG")); err != nil {
		return nil, err
	}
	return s.cfg.Store.EHRTags(ctx, ehrID, f)
}

// PutTags replaces all tags of a target.
func (s *Service) PutTags(ctx context.Context, who Actor, ehrID uuid.UUID, on TagTarget, tags []ItemTag) error {
	if err := s.decide(ctx, who, ActionUpdate, target(ehrID, "ITEM_TAG")); err != nil {
		return err
	}
	if err := checkTags(tags, s.cfg.Limits.Tags); err != nil {
		return err
	}
	return s.cfg.Store.PutTags(ctx, ehrID, on, tags, who.ID)
}

// DeleteTags removes the tags of a target that have the key, whatever their
// path; NotFound if there is none.
func (s *Service) DeleteTags(ctx context.Context, who Actor, ehrID uuid.UUID, on TagTarget, key string) error {
	if err := s.decide(ctx, who, ActionDelete, target(ehrID, "ITEM_TAG")); err != nil {
		return err
	}
	if !plainText(key) {
		return errs.New(errs.NotFound, "ehr.DeleteTags", "the target has no tag with this key")
	}
	return s.cfg.Store.DeleteTags(ctx, ehrID, on, key)
}

// checkTags checks the tags of one target against the invariants of ITEM_TAG.
func checkTags(tags []ItemTag, most int) error {
	const op = "ehr.checkTags"
	if len(tags) > most {
		return errs.New(errs.TooLarge, op, "a target may have at most "+strconv.Itoa(most)+" tags")
	}
	type identity struct{ key, path string }
	seen := map[identity]bool{}
	for i, t := range tags {
		fault := func(msg string) error {
			return errs.New(errs.Invalid, op, "tag "+strconv.Itoa(i+1)+": "+msg)
		}
		switch {
		case t.Key == "" || strings.TrimSpace(t.Key) != t.Key:
			return fault("the key must not be empty and not begin or end with a blank")
		case len(t.Key) > maxTagKey || len(t.Value) > maxTagValue || len(t.TargetPath) > maxTagPath:
			return fault("a key may have " + strconv.Itoa(maxTagKey) + " bytes, a value " + strconv.Itoa(maxTagValue) + ", a target_path " + strconv.Itoa(maxTagPath))
		case !plainText(t.Key) || !plainText(t.Value) || !plainText(t.TargetPath):
			return fault("the attributes must be text without control characters")
		case seen[identity{t.Key, t.TargetPath}]:
			return fault("another tag has the same key and target_path")
		}
		if t.TargetPath != "" {
			if _, err := rm.ParsePath(t.TargetPath); err != nil || t.TargetPath[0] != '/' {
				return fault("the target_path must be a path that begins with a slash")
			}
		}
		seen[identity{t.Key, t.TargetPath}] = true
	}
	return nil
}

func plainText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// tagged adds the tags of a commit to its contribution, whose only version has
// them.
func (c *Contribution) tagged(in TagInput, most int) error {
	if err := checkTags(in.Object, most); err != nil {
		return err
	}
	if err := checkTags(in.Version, most); err != nil {
		return err
	}
	v := &c.Versions[0]
	on := TagTarget{Kind: v.Kind, Object: v.UID.Object}
	if in.Object != nil {
		c.Tags = append(c.Tags, TagUpdate{on, in.Object})
	}
	if in.Version != nil {
		on.Version = v.UID
		c.Tags = append(c.Tags, TagUpdate{on, in.Version})
	}
	return nil
}
