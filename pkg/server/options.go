// Package server wires Cairn together: it opens the database, runs the migrations, loads
// mappings, terminologies and archetypes, builds the two APIs and serves them until it is
// told to stop ([Server], of [Options]). It also owns what only a whole server has: health
// and status, the limits of a request, the documentation of all operations
// (reference.go), the sandbox of synthetic patients, and the work on a database that
// commands ask for ([Migrator], [Maintainer]). No rule about the record is here.
package server

import (
	"net"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/pkg/auth"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Options is the configuration of a server. The struct tags make it the flags
// and environment variables of `cairn serve`; their names are stable.
type Options struct {
	Listen      string `default:"127.0.0.1:8080" env:"CAIRN_LISTEN" help:"Address to listen on. Anything but loopback needs tokens."`
	DataDir     string `default:".cairn" env:"CAIRN_DATA_DIR" type:"path" help:"Directory of the embedded Postgres cluster."`
	DatabaseURL string `env:"CAIRN_DATABASE_URL" help:"Use this Postgres (15 or later) instead of the embedded one."`
	SystemID    string `default:"cairn.local" env:"CAIRN_SYSTEM_ID" help:"Identifier of this system in version uids and audits."`
	OpenEHRBase string `name:"openehr-base" default:"/openehr/v1" env:"CAIRN_OPENEHR_BASE" help:"Path of the openEHR REST API."`
	FHIRBase    string `name:"fhir-base" default:"/fhir/r4" env:"CAIRN_FHIR_BASE" help:"Path of the FHIR R4 API."`
	BaseURL     string `env:"CAIRN_BASE_URL" help:"External origin, such as https://cdr.example.org, for links in answers. Default: the request's own host."`

	FHIRWrite          bool     `name:"fhir-write" env:"CAIRN_FHIR_WRITE" help:"Take FHIR resources (POST) that become compositions without any loss; needs --fhir-write-territory."`
	FHIRWriteTerritory string   `name:"fhir-write-territory" env:"CAIRN_FHIR_WRITE_TERRITORY" placeholder:"CODE" help:"Territory (ISO 3166-1, such as NL) of the compositions that FHIR resources become."`
	FHIRWriteTemplate  []string `name:"fhir-write-template" env:"CAIRN_FHIR_WRITE_TEMPLATE" sep:"none" placeholder:"ID" help:"Template that FHIR resources may become; may repeat. Default: every stored template."`
	FHIRWriteTrust     []string `name:"fhir-write-trust" env:"CAIRN_FHIR_WRITE_TRUST" placeholder:"CODES" help:"Codes that are known to name something and to deny nothing, with the words that partners write beside them: SYSTEM, SYSTEM|CODE, SYSTEM|BEGIN* or SYSTEM|<<CODE; may repeat."`

	Max Limits `embed:"" prefix:"max-"`

	Token       []string `env:"CAIRN_TOKEN" help:"Static bearer token as name:token; may repeat."`
	TokenFile   string   `env:"CAIRN_TOKEN_FILE" type:"path" help:"File with one name:token a line."`
	AdminDelete string   `default:"off" enum:"off,ehr,all" env:"CAIRN_ADMIN_DELETE" help:"Physical deletion over the admin API: off, ehr (EHRs, compositions and parties that are named) or all (also templates, stored queries and every EHR at once)."`

	TemplateUpdates string `default:"refuse" enum:"refuse,compatible,any" env:"CAIRN_TEMPLATE_UPDATES" help:"Upload of a template whose id is taken: refuse it (409, as ITS-REST has it), store it as a new revision if it is compatible with stored data, or any."`

	Compat103        bool `name:"compat-103" env:"CAIRN_COMPAT_103" help:"Send Location where release 1.0.3 of the openEHR REST API has it: on GET, PUT, DELETE, 409 and 412 too."`
	PreferIdentifier bool `env:"CAIRN_PREFER_IDENTIFIER" help:"Make return=identifier the default of Prefer instead of return=minimal."`
	OnePersistent    bool `name:"one-persistent" env:"CAIRN_ONE_PERSISTENT" help:"Refuse (409) a second persistent composition of the same template in an EHR."`
	Status           bool `env:"CAIRN_STATUS" help:"Serve a document with the versions of everything at /status, to anyone."`

	FHIRProjection   string            `name:"fhir-projection" default:"commit" enum:"commit,queue" env:"CAIRN_FHIR_PROJECTION" help:"When FHIR resources of compositions are made: in the transaction of the commit, or after it from a queue; answers tell what is not made yet."`
	FHIRProjectionOf map[string]string `name:"fhir-projection-of" env:"CAIRN_FHIR_PROJECTION_OF" mapsep:";" help:"The same for one template, as TEMPLATE=commit or TEMPLATE=queue; may repeat."`

	AccessLog       string        `default:"on" enum:"off,on,required" env:"CAIRN_ACCESS_LOG" help:"Record who reads, searches and queries what, and who is refused (AuditEvent): on, off, or required, which refuses requests (503) while accesses cannot be recorded."`
	AccessRetention time.Duration `default:"0" env:"CAIRN_ACCESS_RETENTION" help:"How long the record of accesses is kept, in whole months that are over; 0 keeps it for ever."`

	Projecting `embed:""`

	Reproject string `default:"auto" enum:"auto,manual" env:"CAIRN_REPROJECT" help:"When the FHIR mappings have changed, project what is stored again: auto in the background, or manual by cairn fhirmap reproject."`

	IdempotencyTTL  time.Duration `name:"idempotency-ttl" default:"24h" env:"CAIRN_IDEMPOTENCY_TTL" help:"How long the answer to a request with an Idempotency-Key is kept for repetitions."`
	ReadTimeout     time.Duration `default:"30s" env:"CAIRN_READ_TIMEOUT" help:"Time to read a request."`
	WriteTimeout    time.Duration `default:"2m" env:"CAIRN_WRITE_TIMEOUT" help:"Time to answer a request."`
	ShutdownTimeout time.Duration `default:"15s" env:"CAIRN_SHUTDOWN_TIMEOUT" help:"Time given to running requests at shutdown."`
	QueryTimeout    time.Duration `default:"30s" env:"CAIRN_QUERY_TIMEOUT" help:"Time limit of one AQL query."`
	QueryMaxRows    int           `default:"100000" env:"CAIRN_QUERY_MAX_ROWS" help:"Most rows one AQL query may return."`
	QueryMaxBytes   int64         `default:"268435456" env:"CAIRN_QUERY_MAX_BYTES" help:"Most bytes of JSON one AQL query may return."`
	QueryMaxCost    float64       `default:"0" env:"CAIRN_QUERY_MAX_COST" help:"Refuse AQL queries that the database estimates to cost more, in its own units; 0 refuses none."`
	QueryWorkload   bool          `default:"true" negatable:"" env:"CAIRN_QUERY_WORKLOAD" help:"Keep the shapes of population queries, without any values, for cairn index advise."`
	QueryStrict     bool          `env:"CAIRN_QUERY_STRICT" help:"Refuse the extensions of AQL: GROUP BY, arithmetic, <> and others."`
	PoolSize        int           `default:"16" env:"CAIRN_POOL_SIZE" help:"Database connections for commits and reads."`
	GroupWindow     time.Duration `name:"group-commit-window" default:"5ms" env:"CAIRN_GROUP_COMMIT_WINDOW" help:"The longest that a commit waits for others under way, to share a transaction with those that wait, too. Nothing waits where nothing is under way; 0 gives each its own transaction."`
	ReadWindow      time.Duration `name:"group-read-window" default:"5ms" env:"CAIRN_GROUP_READ_WINDOW" help:"The longest that a read of one resource or version waits for others under way, to be fetched together with those that wait, too. Nothing waits where nothing is under way; 0 fetches each by itself."`
	QueryPoolSize   int           `default:"4" env:"CAIRN_QUERY_POOL_SIZE" help:"Database connections for AQL."`

	Subscription SubscriptionOptions `embed:"" prefix:"subscription-"`

	Terminology TerminologyOptions `embed:"" prefix:"terminology-"`
	Archetypes  string             `env:"CAIRN_ARCHETYPES" type:"path" placeholder:"DIR" help:"Folder of archetypes (.adl). The contents of slots are checked against those of them that fill the slots, and their invariants have to hold."`
	// ValidationPolicy is read by validate.ParsePolicy.
	ValidationPolicy []string `env:"CAIRN_VALIDATION_POLICY" help:"Level of findings that deployments judge differently, as Rubric=error|warning|off; docs/conformance/validation-rules.md lists them."`

	LogLevel  string `default:"info" enum:"debug,info,warn,error" env:"CAIRN_LOG_LEVEL" help:"debug, info, warn or error."`
	LogFormat string `default:"json" enum:"json,text" env:"CAIRN_LOG_FORMAT" help:"json or text."`

	CPUProfile string `name:"cpu-profile" env:"CAIRN_CPU_PROFILE" type:"path" placeholder:"FILE" help:"Record where the server's processor time goes, for go tool pprof; written when it stops. It names functions and holds no data."`
}

// Projecting are those options of which FHIR resources are made, and so part of the
// rules that stored resources have been made by.
type Projecting struct {
	FHIRMappings     []string `name:"fhir-mappings" type:"path" env:"CAIRN_FHIR_MAPPINGS" sep:"none" placeholder:"PATH" help:"A FHIR Connect mapping file, or a folder with mapping files in any folder below, beside the mappings that Cairn ships; may repeat. The server does not start if anything is wrong with one."`
	FHIRMappingsOnly bool     `name:"fhir-mappings-only" env:"CAIRN_FHIR_MAPPINGS_ONLY" help:"Use only the mappings of --fhir-mappings, none that Cairn ships."`

	FHIRSecurity   []string          `name:"fhir-security" env:"CAIRN_FHIR_SECURITY" placeholder:"CODE" help:"Security label of every FHIR resource: U, L, M, N, R or V (v3-Confidentiality), HTEST, or system|code; may repeat. It labels and keeps nothing from anyone."`
	FHIRSecurityOf map[string]string `name:"fhir-security-of" env:"CAIRN_FHIR_SECURITY_OF" mapsep:";" help:"The same for what is made of compositions of one template, as TEMPLATE=CODE or TEMPLATE=CODE,CODE; may repeat."`

	FHIRSecurityTag  []string `name:"fhir-security-tag" env:"CAIRN_FHIR_SECURITY_TAG" placeholder:"KEY" help:"The key of ITEM_TAGs whose values are such labels, of what is made of the composition or EHR_STATUS that they are about; a value that is none counts as V. May repeat. Of U to V the highest holds that anything gives."`
	FHIRSecurityCode []string `name:"fhir-security-code" env:"CAIRN_FHIR_SECURITY_CODE" sep:";" placeholder:"CODE=TERMINOLOGY|CODE[@PATH]" help:"Such a label of what is made of compositions with a code, anywhere or where a path of openEHR leads; what has no code there counts as if it had this one. May repeat."`
}

// SubscriptionOptions are those of FHIR subscriptions (docs/operate/subscriptions.md).
type SubscriptionOptions struct {
	Endpoint  []string      `env:"CAIRN_SUBSCRIPTION_ENDPOINT" placeholder:"URL" help:"Where notifications of FHIR subscriptions may be sent: scheme, host and beginning of the path; may repeat. Without any, there are no rest-hooks."`
	Attempts  int           `default:"15" env:"CAIRN_SUBSCRIPTION_ATTEMPTS" help:"How often a notification is sent without success before the subscription is in error."`
	Key       []string      `env:"CAIRN_SUBSCRIPTION_KEY" placeholder:"KEY" help:"Key of 32 bytes, in base64 or hexadecimal, by which headers for endpoints are encrypted in the database; the first encrypts, those that follow still decrypt. Without one, subscriptions with headers are refused."`
	KeyFile   string        `env:"CAIRN_SUBSCRIPTION_KEY_FILE" type:"path" help:"File with such keys, one a line."`
	Backoff   time.Duration `default:"2s" env:"CAIRN_SUBSCRIPTION_BACKOFF" help:"Time before the second attempt; it doubles with each, to 15 minutes."`
	Retention time.Duration `default:"168h" env:"CAIRN_SUBSCRIPTION_RETENTION" help:"How long the events of subscriptions are kept, delivered or not."`
	Slice     time.Duration `default:"30s" env:"CAIRN_SUBSCRIPTION_SLICE" help:"The longest turn of one subscription; deliveries of a process that was killed go on after twice that."`
}

// authenticator is the mode that the options ask for. Serving anything but
// loopback without a token is refused.
func (o Options) authenticator() (auth.Authenticator, bool, error) {
	const op = "server.Options"
	list := o.Token
	tokens, err := auth.ParseTokens(list)
	if err != nil {
		return nil, false, err
	}
	if o.TokenFile != "" {
		more, err := auth.ReadTokens(o.TokenFile)
		if err != nil {
			return nil, false, err
		}
		tokens = tokens.Merge(more)
	}
	if tokens.Len() > 0 {
		return tokens.Authenticate, false, nil
	}
	host, _, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return nil, false, errs.Wrap(errs.Invalid, op, "--listen must be host:port", err)
	}
	if !auth.IsLoopback(host) {
		return nil, false, errs.New(errs.Invalid, op,
			"refusing to listen on "+o.Listen+" without authentication: give --token name:secret (or --token-file), or listen on 127.0.0.1")
	}
	return auth.Open(), true, nil
}

// normalBase gives a base path one leading and no trailing slash.
func normalBase(p string) (string, error) {
	p = "/" + strings.Trim(p, "/")
	if p == "/" || strings.ContainsAny(p, "{}*?# ") {
		return "", errs.New(errs.Invalid, "server.Options", "a base path must be a plain, non-empty path such as /openehr/v1")
	}
	return p, nil
}
