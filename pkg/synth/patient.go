package synth

import (
	"fmt"
	"sync"
	"time"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Generator makes the patients of one seed. It is immutable.
type Generator struct {
	seed uint64
	size int
	// registered gives the ids of those registered by their names; nil: nobody is.
	registered func() map[string]string
}

// Option changes what a Generator makes.
type Option func(*Generator)

// WithMeanSize makes vital signs compositions of about this many bytes of
// canonical JSON on average, by adding rounds of measurements; with a single
// round they have about 12,000. Without the option they have one to seven
// rounds.
func WithMeanSize(bytes int) Option { return func(g *Generator) { g.size = bytes } }

// WithRegistry has compositions refer to the parties of Registry: composers and
// facilities, who observed and acted, and who assisted. Without it they are known
// to a system elsewhere.
func WithRegistry() Option {
	return func(g *Generator) {
		g.registered = sync.OnceValue(func() map[string]string {
			_, ids := registry(g.seed)
			return ids
		})
	}
}

// New is a generator for a seed.
func New(seed uint64, opts ...Option) *Generator {
	g := &Generator{seed: seed, registered: func() map[string]string { return nil }}
	for _, o := range opts {
		o(g)
	}
	return g
}

// Sex is administrative sex.
type Sex string

// The values of Sex, spelled as in FHIR.
const (
	Female Sex = "female"
	Male   Sex = "male"
)

// Patient is one fictional person. All of it follows from the seed and the
// number of the patient.
type Patient struct {
	Number int
	// EHRID is a UUID to give the patient's EHR.
	EHRID string
	// SubjectID identifies the patient in the demographic service named by
	// SubjectNamespace.
	SubjectID string
	Given     string
	Family    string
	Sex       Sex
	BirthDate string // YYYY-MM-DD

	g        *Generator
	birth    time.Time
	body     body
	problems []problem
	reaction reactionKind

	// What the documents follow from, found when first asked for.
	allergic func() map[string]bool
	plan     func() []document
}

// SubjectNamespace is the namespace of every patient's SubjectID.
const SubjectNamespace = "cairn-synthetic"

// body is a patient's habitual values.
type body struct {
	height                      float64 // cm
	weight                      float64 // kg
	systolic, diastolic         float64 // mm[Hg]
	pulse, respiration, oxygen  float64
	irregular, fever, breathing bool
}

// reactionKind is what a patient's adverse reaction list says.
type reactionKind uint8

const (
	reactionsKnown reactionKind = iota
	noneKnown
	nobodyAsked
)

// today is the day the synthetic world ends; nothing is dated after it.
var today = time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC)

// zone is the time zone of the synthetic world's clocks.
var zone = time.FixedZone("", 3600)

// The purposes that keep the random sequences apart.
const (
	forPatient uint64 = iota + 1
	forComposition
	forDocument
	forPerson
	forRegistry
	forCourse
)

// Patient is the patient with a number, which must not be negative.
func (g *Generator) Patient(number int) *Patient {
	r := newRandom(g.seed, forPatient, uint64(number))
	p := &Patient{Number: number, g: g, EHRID: r.uuid(), SubjectID: r.uuid(), Sex: Female}
	given := femaleNames
	if r.chance(49) {
		p.Sex, given = Male, maleNames
	}
	p.Given, p.Family = pick(r, given), pick(r, familyNames)
	age := r.between(0, 94)
	p.birth = today.AddDate(-age, 0, -r.between(1, 364))
	p.BirthDate = p.birth.Format(time.DateOnly)
	p.problems = chooseProblems(r, p, age)
	p.body = chooseBody(r, p, age)
	switch n := r.below(100); {
	case n < 25:
		p.reaction = noneKnown
	case n < 35:
		p.reaction = nobodyAsked
	}
	p.allergic = sync.OnceValue(p.allergies)
	p.plan = sync.OnceValue(p.documents)
	return p
}

func (p *Patient) has(snomed string) bool {
	for _, x := range p.problems {
		if x.snomed == snomed {
			return true
		}
	}
	return false
}

func chooseBody(r *random, p *Patient, age int) body {
	// The conversions keep compilers from fusing multiplication and addition,
	// which would round differently on some machines.
	years := func(slope float64) float64 { return float64(slope * float64(age)) }
	b := body{systolic: 104 + years(0.35), diastolic: 66 + years(0.12), pulse: 72, respiration: 15, oxygen: 97.5}
	b.height, b.weight = r.normal(165, 6.5), r.normal(68, 11)
	if p.Sex == Male {
		b.height, b.weight = r.normal(178, 7), r.normal(82, 13)
	}
	if age < 18 {
		grown := 0.3 + years(0.7)/18
		b.height *= grown
		b.weight *= grown * grown * grown
		b.weight += 2
		b.systolic, b.diastolic = 84+years(1.6), 50+years(0.9)
		b.pulse, b.respiration = 118-years(2.4), 30-years(0.8)
	}
	b.systolic += r.normal(0, 7)
	b.diastolic += r.normal(0, 5)
	b.pulse += r.normal(0, 6)
	if p.has("38341003") {
		b.systolic, b.diastolic = b.systolic+16, b.diastolic+8
	}
	if p.has("414916001") {
		b.weight *= 1.3
	}
	if p.has("13645005") || p.has("84114007") {
		b.oxygen, b.respiration, b.breathing = 93, 19, true
	}
	b.irregular = p.has("49436004")
	b.fever = p.has("233604007") || p.has("68566005")
	return b
}

// EHRStatus is the EHR_STATUS to create the patient's EHR with, in canonical
// JSON: it names the patient by SubjectID only, as demographic data are kept
// apart from the record.
func (p *Patient) EHRStatus() []byte {
	return rm.AppendJSON(nil, p.status(p.ref()))
}

func (p *Patient) status(subject *rm.Node) *rm.Node {
	return rm.Object("EHR_STATUS",
		rm.Child("name", rm.Text("EHR Status")),
		rm.Str("archetype_node_id", "openEHR-EHR-EHR_STATUS.generic.v1"),
		rm.Child("archetype_details", rm.Object("ARCHETYPED",
			rm.Child("archetype_id", rm.ID("ARCHETYPE_ID", "openEHR-EHR-EHR_STATUS.generic.v1")),
			rm.Str("rm_version", "1.1.0"))),
		rm.Child("subject", rm.Object("PARTY_SELF", rm.Child("external_ref", subject))),
		rm.Bool("is_queryable", true),
		rm.Bool("is_modifiable", true))
}

func (p *Patient) ref() *rm.Node {
	return rm.Object("PARTY_REF",
		rm.Child("id", rm.Object("GENERIC_ID", rm.Str("value", p.SubjectID), rm.Str("scheme", "uuid"))),
		rm.Str("namespace", SubjectNamespace),
		rm.Str("type", "PERSON"))
}

// Compositions is how many compositions a plausible record of the patient has:
// one problem list, one adverse reaction list and a number of vital signs.
// Composition takes any number, also greater ones.
func (p *Patient) Compositions() int {
	r := newRandom(p.g.seed, forComposition, uint64(p.Number))
	return 2 + r.between(1, 6) + min(len(p.problems), 6)
}

// The templates of the compositions.
const (
	ProblemList         = "Cairn - Problem list.v1"
	AdverseReactionList = "Cairn - Adverse reaction list.v1"
	VitalSigns          = "Cairn - Vital signs.v1"
)

// Composition is the patient's composition with a number, in canonical JSON,
// and the id of its template: 0 is the problem list, 1 the adverse reaction
// list, all others are vital signs, in the order they were taken.
func (p *Patient) Composition(number int) (templateID string, json []byte) {
	templateID, n := p.Tree(number)
	return templateID, rm.AppendJSON(make([]byte, 0, 24<<10), n)
}

// Tree is Composition as a tree.
func (p *Patient) Tree(number int) (templateID string, composition *rm.Node) {
	r := newRandom(p.g.seed, forComposition, uint64(p.Number), uint64(number)+1)
	c := &composer{r: r, p: p, at: p.when(r, number)}
	switch number {
	case 0:
		return ProblemList, c.problemList()
	case 1:
		return AdverseReactionList, c.adverseReactionList()
	}
	return VitalSigns, c.vitalSigns()
}

// when is the time of a contact. Contacts are in the last six years of the
// synthetic world, or since birth, and the lists belong to the last contact.
func (p *Patient) when(r *random, number int) time.Time {
	first := today.AddDate(-6, 0, 0)
	if p.birth.After(first) {
		first = p.birth
	}
	days := int(today.Sub(first)/(24*time.Hour)) - 1
	day := days
	if number >= 2 {
		// Spread evenly by number, so that later numbers are later.
		day = (days - 5) * ((number - 2) % 64) / 64
		day += r.below(max(days/64, 1))
	}
	minute := time.Duration(r.between(7*60, 19*60)) * time.Minute
	t := first.AddDate(0, 0, max(day, 0)).Truncate(24 * time.Hour).Add(minute)
	return t.In(zone)
}

// String names the patient for logs of the sandbox.
func (p *Patient) String() string {
	return fmt.Sprintf("%s %s, %s, born %s", p.Given, p.Family, p.Sex, p.BirthDate)
}
