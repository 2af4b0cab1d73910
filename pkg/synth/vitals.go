package synth

import (
	"math"
	"time"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Sizes in bytes of the canonical JSON of a vital signs composition on average:
// what it has beside its rounds, weight and height included, and what one round
// adds. A test holds WithMeanSize to its promise.
const (
	sizeFrame = 9300
	sizeRound = 3150
)

// position is a body position with its codes in the three archetypes that
// record it; "" where the archetype has none.
type position struct{ text, bp, pulse, respiration string }

var positions = []position{
	{"Sitting", "at1001", "at1001", "at0067"},
	{"Lying", "at1003", "at1000", "at0069"},
	{"Standing", "at1000", "", ""},
	{"Reclining", "at1002", "at1002", "at0068"},
}

// round is one round of measurements.
type round struct {
	at       time.Time
	position position
}

func (c *composer) rounds() []round {
	n := 1 + c.r.below(3)*c.r.below(4)
	if c.p.g.size > 0 {
		mean := float64(c.p.g.size-sizeFrame) / sizeRound
		n = max(1, int(math.Round(mean*(0.5+float64(c.r.below(1001))/1000))))
	}
	step := time.Duration(pick(c.r, []int{15, 30, 60, 120})) * time.Minute
	out := make([]round, n)
	at := c.at
	for i := range out {
		out[i] = round{at, positions[0]}
		if c.r.chance(45) {
			out[i].position = pick(c.r, positions)
		}
		at = at.Add(step + time.Duration(c.r.between(-4, 4))*time.Minute)
	}
	return out
}

func (c *composer) vitalSigns() *rm.Node {
	rounds := c.rounds()
	last := rounds[len(rounds)-1].at
	content := []*rm.Node{
		c.bloodPressure(rounds), c.temperature(rounds), c.pulse(rounds), c.respiration(rounds), c.oximetry(rounds),
	}
	if c.r.chance(50) {
		content = append(content, c.weight())
	}
	if c.r.chance(35) {
		content = append(content, c.height())
	}
	return c.composition("openEHR-EHR-COMPOSITION.encounter.v1", "Vital signs", VitalSigns, last.Sub(c.at)+5*time.Minute, content)
}

// observation makes an OBSERVATION of a series of events.
func (c *composer) observation(archetype, name, history, historyName string, protocol *rm.Node, events []*rm.Node) *rm.Node {
	return entry("OBSERVATION", archetype, name,
		rm.Child("data", locatable("HISTORY", history, historyName,
			rm.Child("origin", dateTime(c.at)), rm.Child("events", events...))),
		rm.Child("protocol", protocol))
}

func point(id string, at time.Time, data, state *rm.Node) *rm.Node {
	return locatable("POINT_EVENT", id, "Any event",
		rm.Child("time", dateTime(at)), rm.Child("data", data), rm.Child("state", state))
}

func (c *composer) bloodPressure(rounds []round) *rm.Node {
	b, r := c.p.body, c.r
	var events []*rm.Node
	sum, sumLow := 0.0, 0.0
	data := func(systolic, diastolic *rm.Node, extra ...*rm.Node) *rm.Node {
		return tree("at0003", "Blood pressure", append([]*rm.Node{systolic, diastolic}, extra...)...)
	}
	for _, x := range rounds {
		high := r.around(b.systolic, 7, 55, 235)
		low := min(r.around(b.diastolic, 5, 30, 140), high-15)
		sum, sumLow = sum+float64(high), sumLow+float64(low)
		systolic := element("at0004", "Systolic", quantity(fixed(float64(high), 0), "mm[Hg]", 0, ""))
		diastolic := element("at0005", "Diastolic", quantity(fixed(float64(low), 0), "mm[Hg]", 0, ""))
		var comment, interpretation *rm.Node
		switch n := r.below(100); {
		case n < 3:
			diastolic = missing("at0005", "Diastolic", "253", "unknown")
			comment = element("at0033", "Comment", rm.Text("Diastolic pressure could not be heard."))
		case n < 5:
			systolic = element("at0004", "Systolic", quantity("60", "mm[Hg]", 0, "<"))
			diastolic = missing("at0005", "Diastolic", "271", "no information")
		case n < 10 && high >= 140:
			interpretation = element("at1059", "Clinical interpretation", rm.Text("Above target"))
		}
		state := tree("at0007", "State structure", element("at0008", "Position", local(x.position.bp, x.position.text)),
			c.sometimes(4, "at1052", "Confounding factors", "Came by bicycle just before"))
		events = append(events, point("at0006", x.at, data(systolic, diastolic, interpretation, comment), state))
	}
	if len(rounds) > 3 && r.chance(40) {
		n := float64(len(rounds))
		mean := []*rm.Node{
			element("at0004", "Systolic", quantity(fixed(sum/n, 0), "mm[Hg]", 0, "")),
			element("at0005", "Diastolic", quantity(fixed(sumLow/n, 0), "mm[Hg]", 0, "")),
		}
		events = append(events, locatable("INTERVAL_EVENT", "at1042", "24 hour average",
			rm.Child("time", dateTime(rounds[len(rounds)-1].at.Add(24*time.Hour))),
			rm.Child("width", rm.Object("DV_DURATION", rm.Str("value", "PT24H"))),
			rm.Child("math_function", rm.CodedText("mean", "openehr", "146")),
			rm.Child("data", tree("at0003", "Blood pressure", mean...))))
	}
	sites := []concept{{"at0025", "", "Right arm"}, {"at0026", "", "Left arm"}}
	site, cuff := pick(r, sites), concept{"at0017", "", "Adult"}
	if today.Sub(c.p.birth) < 14*365*24*time.Hour {
		cuff = concept{"at1009", "", "Paediatric/Child"}
	}
	protocol := tree("at0011", "Tree",
		element("at0013", "Cuff size", local(cuff.snomed, cuff.text)),
		element("at0014", "Location of measurement", local(site.snomed, site.text)),
		element("at1035", "Method", local("at1039", "Machine")))
	return c.observation("openEHR-EHR-OBSERVATION.blood_pressure.v2", "Blood pressure", "at0001", "History", protocol, events)
}

// sometimes is an element with a text in a percentage of cases.
func (c *composer) sometimes(percent int, id, name, text string) *rm.Node {
	if !c.r.chance(percent) {
		return nil
	}
	return element(id, name, rm.Text(text))
}

func (c *composer) temperature(rounds []round) *rm.Node {
	r := c.r
	mean := 36.7
	if c.p.body.fever && r.chance(40) {
		mean = 38.4
	}
	var events []*rm.Node
	for i, x := range rounds {
		if i%2 == 1 { // taken every other round
			continue
		}
		t := min(max(r.normal(mean, 0.3), 34.2), 41.5)
		value := element("at0004", "Temperature", quantity(fixed(t, 1), "Cel", 1, ""))
		if r.chance(3) {
			value = missing("at0004", "Temperature", "271", "no information")
		}
		events = append(events, point("at0003", x.at, tree("at0001", "Tree", value,
			c.sometimes(3, "at0063", "Comment", "Had a hot drink shortly before.")), nil))
	}
	site := pick(r, []concept{{"at0023", "", "Ear canal"}, {"at0024", "", "Axilla"}, {"at0022", "", "Mouth"}})
	protocol := tree("at0020", "Protocol", element("at0021", "Location of measurement", local(site.snomed, site.text)))
	return c.observation("openEHR-EHR-OBSERVATION.body_temperature.v2", "Body temperature", "at0002", "History", protocol, events)
}

func (c *composer) pulse(rounds []round) *rm.Node {
	r, b := c.r, c.p.body
	var events []*rm.Node
	for _, x := range rounds {
		rate := r.around(b.pulse, 6, 38, 190)
		regular := local("at0006", "Regular")
		if b.irregular && r.chance(70) {
			regular = local("at1028", "Irregular")
		}
		var state *rm.Node
		if x.position.pulse != "" {
			state = tree("at0012", "List", element("at0013", "Position", local(x.position.pulse, x.position.text)))
		}
		events = append(events, point("at0003", x.at, tree("at0001", "Structure",
			element("at0004", "Rate", quantity(fixed(float64(rate), 0), "/min", 0, "")),
			element("at0005", "Regularity", regular)), state))
	}
	protocol := tree("at0010", "List", element("at1019", "Method", local("at1034", "Automatic, non-invasive")))
	return c.observation("openEHR-EHR-OBSERVATION.pulse.v2", "Pulse/Heart beat", "at0002", "History", protocol, events)
}

func (c *composer) respiration(rounds []round) *rm.Node {
	r, b := c.r, c.p.body
	var events []*rm.Node
	for i, x := range rounds {
		if i%3 == 2 {
			continue
		}
		rate := r.around(b.respiration, 2, 8, 60)
		status := ""
		if r.chance(5) {
			status = "~"
		}
		var depth, state *rm.Node
		if b.breathing && r.chance(30) {
			depth = element("at0016", "Depth", local("at0018", "Shallow"))
		}
		if x.position.respiration != "" && r.chance(50) {
			state = tree("at0022", "List", element("at0065", "Body position", local(x.position.respiration, x.position.text)))
		}
		events = append(events, point("at0002", x.at, tree("at0003", "List",
			element("at0004", "Rate", quantity(fixed(float64(rate), 0), "/min", 0, status)), depth), state))
	}
	return c.observation("openEHR-EHR-OBSERVATION.respiration.v2", "Respiration", "at0001", "History", nil, events)
}

func (c *composer) oximetry(rounds []round) *rm.Node {
	r := c.r
	var events []*rm.Node
	for _, x := range rounds {
		spo2 := r.around(c.p.body.oxygen, 1.2, 74, 100)
		status := ""
		if spo2 < 76 {
			spo2, status = 76, "<"
		}
		value := rm.Object("DV_PROPORTION",
			rm.Child("numerator", number(fixed(float64(spo2), 0))), rm.Child("denominator", number("100")),
			rm.Int("type", 2), rm.Int("precision", 0), rm.Str("magnitude_status", status))
		item := element("at0006", "SpO₂", value)
		if r.chance(3) {
			item = missing("at0006", "SpO₂", "271", "no information")
		}
		events = append(events, point("at0002", x.at, tree("at0003", "Tree", item), nil))
	}
	protocol := tree("at0007", "List", element("at0009", "Sensor site", rm.Text("Index finger")))
	return c.observation("openEHR-EHR-OBSERVATION.pulse_oximetry.v1", "Pulse oximetry", "at0001", "Event Series", protocol, events)
}

func (c *composer) weight() *rm.Node {
	r := c.r
	kg := max(r.normal(c.p.body.weight, 1.2), 2.4)
	value := quantity(fixed(kg, 1), "kg", 1, "")
	if kg < 8 {
		value = quantity(fixed(kg*1000, 0), "g", 0, "")
	}
	state := tree("at0008", "State structure", element("at0009", "State of dress", local("at0011", "Lightly clothed/underwear")))
	return c.observation("openEHR-EHR-OBSERVATION.body_weight.v2", "Body weight", "at0002", "History", nil, []*rm.Node{
		point("at0003", c.at, tree("at0001", "Simple", element("at0004", "Weight", value)), state),
	})
}

func (c *composer) height() *rm.Node {
	state := tree("at0013", "Tree", element("at0014", "Position", local("at0016", "Standing")))
	if today.Sub(c.p.birth) < 2*365*24*time.Hour {
		state = tree("at0013", "Tree", element("at0014", "Position", local("at0020", "Lying")))
	}
	return c.observation("openEHR-EHR-OBSERVATION.height.v2", "Height/Length", "at0001", "History", nil, []*rm.Node{
		point("at0002", c.at, tree("at0003", "Simple",
			element("at0004", "Height/Length", quantity(fixed(max(c.p.body.height, 45), 1), "cm", 1, ""))), state),
	})
}
