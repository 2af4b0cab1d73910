// Package fhirmap turns openEHR compositions into FHIR R4 resources by mappings
// written in FHIR Connect 1.0 (model, extension and context files).
//
// The way of a mapping: Load reads the YAML files with their positions and
// refuses every key, path, type or code that is wrong or not supported;
// the files then compile to plans against the classes of the openEHR Reference
// Model (pkg/rm) and the element table of FHIR R4 (fhirmap/r4); Project runs
// the plans over one version and gives resources, their search values and a
// list of everything that did not arrive.
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
