package r4

// UnsupportedParam is a published search parameter that is not supported.
type UnsupportedParam struct{ Name, Reason string }

// Why parameters are not supported.
const (
	noPhonetics  = "names are not compared by sound"
	noCanonical  = "no mapping fills it; references to definitions are not resolved"
	notFilled    = "not filled"
	notSearched  = "made when it is asked for, and not searched by it"
	byIdentifier = "filled with identifiers and names, not with references"
	constant     = "the same in all"
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
		{"agent", byIdentifier},
		{"agent-role", notFilled},
		{"entity-role", notSearched},
		{"entity-type", notSearched},
		{"policy", notFilled},
		{"site", notFilled},
		{"source", byIdentifier},
	},
	"Provenance": {
		{"agent", byIdentifier},
		{"agent-role", notFilled},
		{"agent-type", notSearched},
		{"entity", byIdentifier},
		{"location", notFilled},
		{"signature-type", notFilled},
		{"when", notSearched},
	},
	"DocumentReference": {
		{"authenticator", notFilled},
		{"author", byIdentifier},
		{"contenttype", constant},
		{"custodian", notFilled},
		{"description", notFilled},
		{"encounter", notFilled},
		{"event", notFilled},
		{"facility", notFilled},
		{"format", notFilled},
		{"language", notSearched},
		{"location", notSearched},
		{"period", notSearched},
		{"related", notFilled},
		{"relatesto", notFilled},
		{"relation", notFilled},
		{"relationship", notFilled},
		{"security-label", notFilled},
		{"setting", notSearched},
	},
	"Composition": {
		{"attester", notFilled},
		{"author", byIdentifier},
		{"confidentiality", notFilled},
		{"context", notFilled},
		{"encounter", notFilled},
		{"entry", notSearched},
		{"period", notSearched},
		{"related-id", notFilled},
		{"related-ref", notFilled},
		{"section", notSearched},
		{"title", notSearched},
	},
}
