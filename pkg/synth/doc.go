// Package synth makes synthetic patients and compositions for the sandbox,
// for tests and for benchmarks. Everything is fictional and follows from a
// seed: the same seed, patient number and composition number always give the
// same bytes, in any order and from any number of goroutines.
//
//	g := synth.New(1)
//	p := g.Patient(0)
//	status := p.EHRStatus()
//	for k := range p.Compositions() {
//		templateID, json := p.Composition(k)
//		…
//	}
//	for k := range p.Documents() {
//		templateID, json := p.Document(k)
//		…
//	}
//
// The compositions are valid against the templates of templates/library. They
// are plausible rather than representative: vital signs follow a patient's
// habitual values and diagnoses, lists have coded and free-text entries, some
// patients have an explicit statement that nothing is known or that nobody
// asked, and some readings are missing for a stated reason. Medication, orders,
// laboratory results, procedures, stays and goals follow from the problems, and
// no one is given what the adverse reaction list forbids.
//
// The LOINC codes of laboratory tests were checked against a published value
// set. The SNOMED CT and ICD-10 codes of problems and reactions were not: the
// data are fictional and not for clinical use. Everything else is named in
// words.
package synth
