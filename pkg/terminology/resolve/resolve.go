// Package resolve answers questions on codes: from what is loaded first, then
// from a terminology server, as far as the policy of the terminology demands.
package resolve

import (
	"context"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/pkg/terminology/fhirts"
	"github.com/cairn-ehr/cairn/pkg/terminology/local"
)

// Policy says what is done about codes of a terminology.
type Policy uint8

// The policies, from the laxest to the strictest.
const (
	Off    Policy = iota // nobody is asked
	Warn                 // what cannot be decided is let pass with a warning
	Strict               // what cannot be decided is refused
)

// ParsePolicy reads off, warn or strict.
func ParsePolicy(s string) (Policy, bool) {
	for i, name := range [...]string{"off", "warn", "strict"} {
		if strings.EqualFold(s, name) {
			return Policy(i), true
		}
	}
	return Warn, false
}

// Policies are those of terminologies by the URI of their system, or by their
// id where that has none, and the one of all others.
type Policies struct {
	Default Policy
	Of      map[string]Policy
}

// ParsePolicies reads a list of TERMINOLOGY=POLICY, as SNOMED-CT=strict; the
// terminology * or default is all others, whose policy is warn if not given.
func ParsePolicies(list []string) (Policies, error) {
	out := Policies{Default: Warn, Of: map[string]Policy{}}
	for _, item := range list {
		i := strings.LastIndexByte(item, '=')
		if i <= 0 {
			return out, errs.New(errs.Invalid, "resolve.ParsePolicies", "a terminology policy has the form TERMINOLOGY=strict|warn|off, not "+item)
		}
		name := strings.TrimSpace(item[:i])
		p, ok := ParsePolicy(strings.TrimSpace(item[i+1:]))
		if !ok {
			return out, errs.New(errs.Invalid, "resolve.ParsePolicies", "a terminology policy is strict, warn or off, not "+item[i+1:])
		}
		if name == "*" || strings.EqualFold(name, "default") {
			out.Default = p
			continue
		}
		out.Of[systemOf(name)] = p
	}
	return out, nil
}

// systemOf is the key of a terminology.
func systemOf(id string) string {
	if uri := terminology.SystemURI(id); uri != "" {
		return uri
	}
	return strings.ToLower(id)
}

func (p Policies) of(id string) Policy {
	if policy, ok := p.Of[systemOf(id)]; ok {
		return policy
	}
	return p.Default
}

// question gives the policy of a question: the stricter one of the code's
// terminology and of the one that the reference is about, so that a code of
// another terminology cannot slip past.
func (p Policies) question(q terminology.Question) Policy {
	policy := p.of(q.Terminology)
	if about := subject(q.Reference); about != "" {
		policy = max(policy, p.of(about))
	}
	return policy
}

// subject is the terminology that a reference is about; "" if it does not say.
func subject(reference string) string {
	ref, err := terminology.ParseReference(reference)
	switch {
	case err != nil:
		return ""
	case ref.System != "":
		return ref.System
	case ref.Group != "":
		return terminology.ID
	case strings.HasPrefix(ref.URL, terminology.SNOMED):
		return terminology.SNOMED
	case strings.HasPrefix(ref.URL, terminology.LOINC):
		return terminology.LOINC
	}
	if rest, ok := strings.CutPrefix(ref.URL, "terminology:"); ok {
		rest = strings.TrimPrefix(rest, "//")
		if i := strings.IndexAny(rest, "?/"); i >= 0 {
			rest = rest[:i]
		}
		return rest
	}
	return ""
}

// Remote is a terminology server.
type Remote interface {
	terminology.Service
	ValidateCodes(ctx context.Context, asks []fhirts.Ask) []fhirts.Verdict
}

// Config is what a Resolver is made of.
type Config struct {
	// Local gives what is loaded now.
	Local func() *local.Set
	// Remote is the terminology server; nil for none.
	Remote Remote
	// Policies say what is done when there is no verdict.
	Policies Policies
	// Budget bounds the time that the questions of one composition may take
	// (default 2 s).
	Budget time.Duration
	// Observer is told how questions were answered; nil for nobody.
	Observer Observer
}

// Observer is told how a question of a composition was answered: by local,
// server or nobody. It is called from many goroutines.
type Observer interface {
	Answered(by string, status terminology.AnswerStatus)
}

// Resolver is a terminology.Service over both sources. It is safe for
// concurrent use.
type Resolver struct{ cfg Config }

var (
	_ terminology.Service    = (*Resolver)(nil)
	_ terminology.Hierarchy  = (*Resolver)(nil)
	_ terminology.Translator = (*Resolver)(nil)
	_ terminology.Catalogue  = (*Resolver)(nil)
)

// New makes a Resolver.
func New(cfg Config) *Resolver {
	if cfg.Budget <= 0 {
		cfg.Budget = 2 * time.Second
	}
	if cfg.Local == nil {
		none := &local.Set{}
		cfg.Local = func() *local.Set { return none }
	}
	return &Resolver{cfg}
}

// Decide answers the questions of one composition, in their order, asking a
// terminology server at most once and no longer than the budget.
func (r *Resolver) Decide(ctx context.Context, questions []terminology.Question) []terminology.Answer {
	out := make([]terminology.Answer, len(questions))
	set := r.cfg.Local()
	var asks []fhirts.Ask
	var open []int
	for i, q := range questions {
		if r.cfg.Policies.question(q) == Off {
			out[i].Status = terminology.NotAsked
			continue
		}
		v, err := set.ValidateCode(ctx, q.Reference, terminology.Code{System: q.Terminology, Code: q.Code})
		if err == nil {
			out[i] = verdict(v)
			r.observe("local", out[i].Status)
			continue
		}
		system := set.SystemURI(q.Terminology)
		switch {
		case errs.Is(err, errs.Invalid):
			out[i] = r.undecided(q, errs.As(err).Msg, false)
		case r.cfg.Remote == nil:
			out[i] = r.undecided(q, errs.As(err).Msg+", and there is no terminology server", false)
		case system == "":
			out[i] = r.undecided(q, "the terminology "+q.Terminology+" has no URI by which a terminology server could be asked", false)
		default:
			asks = append(asks, fhirts.Ask{ValueSet: q.Reference, Code: terminology.Code{System: system, Code: q.Code}})
			open = append(open, i)
		}
	}
	if len(asks) == 0 {
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Budget)
	defer cancel()
	for k, v := range r.cfg.Remote.ValidateCodes(ctx, asks) {
		i := open[k]
		if v.Err == nil {
			out[i] = verdict(v.Result)
			r.observe("server", out[i].Status)
			continue
		}
		reason := "the terminology server gave no answer"
		if e := errs.As(v.Err); e != nil && e.Msg != "" {
			reason = e.Msg
		}
		out[i] = r.undecided(questions[i], reason, errs.Is(v.Err, errs.Unavailable) || errs.Is(v.Err, errs.Timeout) || errs.Is(v.Err, errs.Internal))
	}
	return out
}

func verdict(v terminology.Result) terminology.Answer {
	if v.Valid {
		return terminology.Answer{Status: terminology.Member, Display: v.Display}
	}
	return terminology.Answer{Status: terminology.NotMember}
}

// undecided is the answer when nobody could tell; down means because of a
// server that should.
func (r *Resolver) undecided(q terminology.Question, reason string, down bool) terminology.Answer {
	a := terminology.Answer{Status: terminology.Undecided, Reason: reason}
	if r.cfg.Policies.question(q) == Strict {
		a.Status = terminology.Refused
		if down {
			a.Status = terminology.Unavailable
		}
	}
	r.observe("nobody", a.Status)
	return a
}

func (r *Resolver) observe(by string, status terminology.AnswerStatus) {
	if r.cfg.Observer != nil {
		r.cfg.Observer.Answered(by, status)
	}
}

// next reports whether an error of the loaded set leaves the question to the
// server.
func (r *Resolver) next(err error) bool {
	return r.cfg.Remote != nil && (errs.Is(err, errs.NotFound) || errs.Is(err, errs.Unsupported))
}

// Definitions implements terminology.Catalogue: what is loaded, and nothing of a
// terminology server.
func (r *Resolver) Definitions(kind string) []*terminology.Definition {
	return r.cfg.Local().Definitions(kind)
}

// code gives a code the URI of its system, for the server.
func (r *Resolver) code(c terminology.Code) terminology.Code {
	if uri := r.cfg.Local().SystemURI(c.System); uri != "" {
		c.System = uri
	}
	return c
}

// Expand implements terminology.Service.
func (r *Resolver) Expand(ctx context.Context, valueSet string) ([]terminology.Code, error) {
	out, err := r.cfg.Local().Expand(ctx, valueSet)
	if r.next(err) {
		return r.cfg.Remote.Expand(ctx, valueSet)
	}
	return out, err
}

// ValidateCode implements terminology.Service.
func (r *Resolver) ValidateCode(ctx context.Context, valueSet string, code terminology.Code) (terminology.Result, error) {
	out, err := r.cfg.Local().ValidateCode(ctx, valueSet, code)
	if r.next(err) {
		return r.cfg.Remote.ValidateCode(ctx, valueSet, r.code(code))
	}
	return out, err
}

// Lookup implements terminology.Service.
func (r *Resolver) Lookup(ctx context.Context, code terminology.Code) (terminology.Concept, error) {
	out, err := r.cfg.Local().Lookup(ctx, code)
	if r.next(err) {
		return r.cfg.Remote.Lookup(ctx, r.code(code))
	}
	return out, err
}

// Subsumes implements terminology.Service.
func (r *Resolver) Subsumes(ctx context.Context, a, b terminology.Code) (terminology.Outcome, error) {
	out, err := r.cfg.Local().Subsumes(ctx, a, b)
	if r.next(err) {
		return r.cfg.Remote.Subsumes(ctx, r.code(a), r.code(b))
	}
	return out, err
}

// Translate implements terminology.Service.
func (r *Resolver) Translate(ctx context.Context, conceptMap string, code terminology.Code) ([]terminology.Code, error) {
	out, err := r.cfg.Local().Translate(ctx, conceptMap, code)
	if r.next(err) {
		return r.cfg.Remote.Translate(ctx, conceptMap, r.code(code))
	}
	return out, err
}

// Below implements terminology.Hierarchy. A server is asked for SNOMED CT alone,
// which has a value set of the concepts below each.
func (r *Resolver) Below(ctx context.Context, code terminology.Code) ([]terminology.Code, error) {
	out, err := r.cfg.Local().Below(ctx, code)
	if r.next(err) && r.code(code).System == terminology.SNOMED && isConceptID(code.Code) {
		return r.cfg.Remote.Expand(ctx, terminology.SNOMED+"?fhir_vs=isa/"+code.Code)
	}
	return out, err
}

// Above implements terminology.Hierarchy, as Below.
func (r *Resolver) Above(ctx context.Context, code terminology.Code) ([]terminology.Code, error) {
	out, err := r.cfg.Local().Above(ctx, code)
	if r.next(err) && r.code(code).System == terminology.SNOMED && isConceptID(code.Code) {
		return r.cfg.Remote.Expand(ctx, terminology.SNOMED+"?fhir_vs=ecl/>> "+code.Code)
	}
	return out, err
}

// isConceptID reports whether a text has the form of a SNOMED CT identifier.
func isConceptID(s string) bool {
	return len(s) >= 6 && len(s) <= 18 && strings.Trim(s, "0123456789") == ""
}

// Translations implements terminology.Translator. Of a server only those are
// known that are faithful.
func (r *Resolver) Translations(ctx context.Context, conceptMap string, code terminology.Code) ([]terminology.Translation, error) {
	out, err := r.cfg.Local().Translations(ctx, conceptMap, code)
	if !r.next(err) {
		return out, err
	}
	codes, err := r.cfg.Remote.Translate(ctx, conceptMap, r.code(code))
	if err != nil {
		return nil, err
	}
	for _, c := range codes {
		out = append(out, terminology.Translation{Code: c})
	}
	return out, nil
}

// Origins implements terminology.Translator, of concept maps that are loaded: what
// servers say of the relation seen from the target differs.
func (r *Resolver) Origins(ctx context.Context, conceptMap string, code terminology.Code) ([]terminology.Translation, error) {
	out, err := r.cfg.Local().Origins(ctx, conceptMap, code)
	if r.next(err) {
		return nil, errs.New(errs.Unsupported, "resolve.Origins", "the concept map is not loaded here, and a terminology server is asked one way only")
	}
	return out, err
}
