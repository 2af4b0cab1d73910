package r4

// UnsupportedParam is a published search parameter that is not supported.
type UnsupportedParam struct{ Name, Reason string }

// Why parameters are not supported.
const (
	noPhonetics  = "names are not compared by sound"
	noCanonical  = "no mapping fills it; references to definitions are not resolved"
	notFilled    = "not filled"
	noCodes      = "filled with titles, not with codes"
	byIdentifier = "filled with a name, not with a reference"
)

// Unsupported lists the parameters published for a type that SearchParams does
// not have: both together are those of R4, but for parameters of all types.
func Unsupported(typ string) []UnsupportedParam { return unsupported[typ] }

var unsupported = map[string][]UnsupportedParam{
	"Patient":      {{"phonetic", noPhonetics}},
	"Practitioner": {{"phonetic", noPhonetics}},
	"Organization": {{"phonetic", noPhonetics}},
	"Procedure":    {{"instantiates-canonical", noCanonical}},
	"CarePlan":     {{"instantiates-canonical", noCanonical}},
	"AuditEvent": {
		{"address", notFilled},
		{"agent-role", notFilled},
		{"policy", notFilled},
		{"site", notFilled},
		{"source", byIdentifier},
	},
	"Provenance": {
		{"agent-role", notFilled},
		{"location", notFilled},
		{"signature-type", notFilled},
	},
	"DocumentReference": {
		{"authenticator", notFilled},
		{"custodian", notFilled},
		{"description", notFilled},
		{"encounter", notFilled},
		{"event", notFilled},
		{"facility", notFilled},
		{"format", notFilled},
		{"relatesto", notFilled},
		{"relation", notFilled},
		{"relationship", notFilled},
		{"security-label", notFilled},
	},
	"Composition": {
		{"attester", notFilled},
		{"confidentiality", notFilled},
		{"context", notFilled},
		{"encounter", notFilled},
		{"related-id", notFilled},
		{"related-ref", notFilled},
		{"section", noCodes},
	},
}
