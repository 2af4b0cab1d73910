// Package fhirmap turns openEHR compositions into FHIR R4 resources by mappings
// written in FHIR Connect 1.0 (model, extension and context files).
//
// The stages of a mapping, and where each stands:
//
//	fhirconnect            files with their positions; refuses every key that is wrong
//	  + conceptmap         ConceptMaps beside them
//	      |
//	compile*.go, plan.go   paths (opath.go, fpath.go), types and names are resolved
//	backplan.go            against the Reference Model (pkg/rm) and the elements of
//	library.go, load.go    R4 (r4); the outcome is a Library of plans, print.go its text
//	      |
//	      +-- project.go, run.go     ahead: plans run over one version; gather.go joins
//	      |   source.go, build.go    what several say; convert.go and the files beside
//	      |                          it carry data types; reading, recipe.go and
//	      |                          pattern.go spare what was found out before
//	      +-- compose.go             back: the inverse of plans; inverse.go and restore.go
//	      |   backward.go, part.go   carry data types; compare holds what would come
//	      |                          back against what came
//	      +-- trace.go, leaf.go      over a template: what a plan reaches and fills
//	      |
//	coverage               how much of a template is mapped
//	casetest               test cases of mappings, as files
//
// What is above imports nothing of what is below (pkg/archtest). Plans are the inside of
// this package: both engines and the traces read every part of them (ADR 42).
//
// Most resources of a mapping differ in few texts only. What has been found out
// of one that was checked, a pattern, is taken over for the others if their free
// texts have their form (ADR 31). A converter marks a text as free (r4.Free) if no
// rule depends on more of it than its form.
//
// Compose goes the other way, by the inverse of a plan, and takes only resources
// that are proven to come back from the composition as they were.
//
// Nothing is ever guessed. A condition that cannot be decided, a mandatory
// element without a source, a status without a rule or an outcome that is not
// valid R4 means that the resource is not produced and a Loss says why.
package fhirmap
