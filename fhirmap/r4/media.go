package r4

// The media types of resources (FHIR R4 http §3.1.0.1.10), and that of the files of
// an export, which have one resource per line.
const (
	MediaTypeJSON   = "application/fhir+json"
	MediaTypeXML    = "application/fhir+xml"
	MediaTypeNDJSON = "application/fhir+ndjson"
)
