// Package library embeds the templates that Cairn ships: each as its source
// (.oet) and as the operational template compiled from it (.opt). The compiled
// files are generated; a test recompiles the sources and compares.
package library

import "embed"

//go:generate go run github.com/cairn-ehr/cairn/templates/oet/build

// Files holds the sources and the compiled templates, named after the
// template id.
//
//go:embed *.oet *.opt
var Files embed.FS
