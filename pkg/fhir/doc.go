// Package fhir serves the FHIR R4 RESTful API. What it shows is the openEHR record:
// resources that mappings have projected when it was committed, those that package
// virtual makes of the record when they are asked for, and, beside the record, the
// subscriptions and groups of clients and the terminology that is loaded. It never maps
// at a read; a resource that is written becomes a composition by way of package intake.
//
// A request passes route.go (address, form, who asks) and outcome.go (every failure as
// an OperationOutcome), and between them the operation:
//
//	search.go → parameter.go, value.go, modifier.go, meta.go → Query
//	            include.go adds what results refer to, bundle.go writes the page
//	read.go, history.go, subset.go       one resource, its versions, parts of it
//	operation.go, summary.go, document.go, export.go
//	                                     operations over a whole record
//	write.go, transaction.go, batch.go   what is sent; refer.go and belong.go tell
//	                                     what references mean and which entries become
//	                                     one composition
//	subscribe.go, group.go (owned.go)    what clients make and nobody else sees
//	terminology.go, definition.go        codes and their systems
//	security.go, contentlabel.go, denial.go
//	                                     labels, and what a resource denies
//	metadata.go                          the CapabilityStatement
//
// What it needs of the record it says as interfaces ([Reader], [Exporter], [Grouper],
// [Subscriber]), which package fhirstore fulfils. Package catalogue documents the
// operations, stance decides what a code that is sent denies.
package fhir
