// Package webtemplate builds web templates: the flat, form-oriented view of a
// compiled template that clients build user interfaces from, and that the
// simplified formats FLAT and STRUCTURED name their values by.
//
//	*templates.Template ──► Build (levels removed, ids, inputs) ──► *Template ──► JSON 2.3
//
// No specification defines the structure; it is that of Better's web template
// 2.3, which existing clients expect. docs/conformance/webtemplate.md lists what
// was compared and where Cairn differs.
package webtemplate
