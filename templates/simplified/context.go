package simplified

import (
	"slices"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/templates"
)

// context is what ctx says.
type context struct {
	language, territory   string
	namespace, scheme     string
	time, endTime         string
	setting, location     string
	origin, actionTime    string
	timing, narrative     string
	state                 string
	category              string
	composer, provider    *object
	self                  bool // the composer is a PARTY_SELF
	facility, workflow    *object
	participations, links []*object
}

// readContext reads the ctx keys.
func (r *reader) readContext(top *item) {
	it := top.one("ctx", "_ctx")
	if it == nil {
		it = &item{}
	}
	it.plainIDs()
	c := &r.ctx
	bare := func(ids ...string) string {
		x := it.one(ids...)
		return x.text("", "code", "value")
	}
	c.namespace, c.scheme = bare("id_namespace"), bare("id_scheme", "id_schema")
	c.language, c.territory = bare("language"), bare("territory")
	c.time, c.endTime = bare("time"), bare("end_time")
	if c.time == "" && !r.now.IsZero() {
		c.time = r.now.Format("2006-01-02T15:04:05.000Z07:00")
	}
	c.setting, c.location, c.category = bare("setting"), bare("location"), bare("category")
	c.origin, c.actionTime = bare("history_origin"), bare("action_time")
	c.timing, c.narrative = bare("activity_timing"), bare("instruction_narrative")
	c.state = bare("action_ism_transition_current_state")

	named := func(prefix string) *object {
		name, id := bare(prefix+"_name"), bare(prefix+"_id")
		if name == "" && id == "" {
			return nil
		}
		p := &item{}
		p.setText("name", name)
		p.setText("id", id)
		return r.party(rm.ClassPartyProxy, p)
	}
	c.composer = named("composer")
	switch self := bare("composer_self"); {
	case self == "true":
		if bare("composer_name") != "" {
			r.problems.Add(rm.Problem{
				Code: CodeValue, Severity: rm.Warning, Path: "/composer",
				Message: "ctx/composer_name is not kept: a composer that is the subject (ctx/composer_self) has no name",
			})
		}
		c.self = true
		c.composer = newObject("PARTY_SELF")
		if id := bare("composer_id"); id != "" {
			c.composer.add("external_ref", r.reference("PARTY_REF", nil, id, "PARTY"))
		}
	case self != "" && self != "false":
		r.report("ctx/composer_self", ": neither true nor false: "+clip(self))
	}
	c.provider = named("provider")
	if x := it.one("health_care_facility", "healthcare_facility"); x != nil {
		c.facility = r.party(rm.Lookup("PARTY_IDENTIFIED"), x)
	}
	if x := it.one("work_flow_id"); x != nil {
		c.workflow = r.reference("OBJECT_REF", x, x.text("id", ""), "ANY")
	}
	for _, x := range it.all("link") {
		c.links = append(c.links, r.link(x))
	}
	r.contextParticipations(it)
}

// contextParticipations reads participation_name:i and what goes with it. The
// index of the first may be left out.
func (r *reader) contextParticipations(it *item) {
	count := 0
	for _, id := range []string{"participation_name", "participation_function", "participation_id"} {
		if c := it.find(id); c != nil {
			count = max(count, len(c.items))
		}
	}
	at := func(id string, i int) *item {
		c := it.find(id)
		if c == nil || i >= len(c.items) || c.items[i] == nil {
			return nil
		}
		c.items[i].used = true
		return c.items[i]
	}
	for i := range count {
		p := &item{}
		for _, s := range []string{"name", "id", "function", "mode"} {
			p.setText(s, at("participation_"+s, i).text("", "value"))
		}
		if x := at("participation_identifiers", i); x != nil {
			for j := range x.parts {
				x.parts[j].used = true
				if x.parts[j].suffix == "" {
					p.set("identifiers", x.parts[j].value)
				} else {
					p.set("identifiers_"+x.parts[j].suffix, x.parts[j].value)
				}
			}
		}
		if p.empty() {
			continue
		}
		r.ctx.participations = append(r.ctx.participations, r.participation(p))
	}
}

// addCode adds a code unless there is one.
func (o *object) addCode(name, vocabulary, code string) {
	if code != "" && !o.has(name) {
		o.add(name, codePhrase(vocabulary, code))
	}
}

func (o *object) addTime(name, text string) {
	if text != "" && !o.has(name) {
		o.add(name, value("DV_DATE_TIME", text))
	}
}

// defaults fills in what an object of its class needs and the document does not
// say.
func (r *reader) defaults(o *object) {
	c := &r.ctx
	r.skeleton(o)
	switch {
	case o.class == rm.ClassComposition:
		r.composition(o)
	case o.class.Name == "EVENT_CONTEXT":
		o.addTime("start_time", c.time)
		o.addTime("end_time", c.endTime)
		if !o.has("setting") {
			s := c.setting
			if s == "" {
				s = "238"
			}
			if code, text, ok := openEHR("setting", s); ok {
				o.add("setting", codedText(text, terminology.ID, code))
			} else {
				r.report("ctx/setting", ": no setting of the openEHR terminology: "+clip(s))
			}
		}
		if !o.has("location") {
			o.putText("location", c.location)
		}
		if c.facility != nil && !o.has("health_care_facility") {
			o.add("health_care_facility", c.facility)
		}
		if !o.has("participations") {
			for _, p := range c.participations {
				o.add("participations", p)
			}
		}
	case o.class.IsA(rm.ClassEntry):
		r.entry(o)
	case o.class.Name == "ACTIVITY":
		if !o.has("action_archetype_id") {
			o.putText("action_archetype_id", "/.*/")
		}
		if c.timing != "" && !o.has("timing") {
			o.add("timing", value("DV_PARSABLE", c.timing))
		}
		if t := o.get("timing"); t != nil && !t.has("formalism") {
			t.putText("formalism", "timing")
		}
	case o.class.Name == "ISM_TRANSITION":
		if c.state != "" && !o.has("current_state") {
			if code, text, ok := openEHR("instruction states", c.state); ok {
				o.add("current_state", codedText(text, terminology.ID, code))
			} else {
				r.report("ctx/action_ism_transition_current_state", ": no state of an instruction: "+clip(c.state))
			}
		}
	}
}

func (r *reader) composition(o *object) {
	c := &r.ctx
	o.addCode("language", "ISO_639-1", c.language)
	o.addCode("territory", "ISO_3166-1", c.territory)
	if !o.has("category") {
		code := c.category
		if code == "" {
			code = "433"
			for _, n := range r.wt.Tree.Children {
				if n.ID == "category" && len(n.Inputs) > 0 && len(n.Inputs[0].List) == 1 {
					code = n.Inputs[0].List[0].Value
				}
			}
		}
		if code, text, ok := openEHR("composition category", code); ok {
			o.add("category", codedText(text, terminology.ID, code))
		} else {
			r.report("ctx/category", ": no category of the openEHR terminology: "+clip(c.category))
		}
	}
	if !o.has("composer") {
		o.add("composer", c.composer)
	}
	if !o.has("links") {
		for _, l := range c.links {
			o.add("links", l)
		}
	}
	persistent := slices.Contains([]string{"431", "451"}, o.get("category", "defining_code").text("code_string"))
	if !o.has("context") && !persistent {
		constraint := only(r.template.Root, "context")
		o.add("context", &object{class: rm.Lookup("EVENT_CONTEXT"), constraint: constraint})
	}
	c.language = o.get("language").text("code_string")
}

func (r *reader) entry(o *object) {
	c := &r.ctx
	o.addCode("language", "ISO_639-1", c.language)
	o.addCode("encoding", "IANA_character-sets", "UTF-8")
	if !o.has("subject") {
		o.add("subject", newObject("PARTY_SELF"))
	}
	if c.provider != nil && !o.has("provider") {
		o.add("provider", c.provider)
	}
	if c.workflow != nil && !o.has("workflow_id") {
		o.add("workflow_id", c.workflow)
	}
	if !o.has("other_participations") {
		for _, p := range c.participations {
			o.add("other_participations", p)
		}
	}
	switch o.class.Name {
	case "ACTION":
		t := c.actionTime
		if t == "" {
			t = c.time
		}
		o.addTime("time", t)
	case "INSTRUCTION":
		if !o.has("narrative") && c.narrative != "" {
			o.add("narrative", value("DV_TEXT", c.narrative))
		}
	}
}

// times fills in the times of a HISTORY and its events.
func (r *reader) times(o *object) {
	if o.class != rm.ClassHistory {
		return
	}
	t := r.ctx.origin
	if t == "" {
		t = r.ctx.time
	}
	var given []string
	for _, e := range o.members("events") {
		if e.raw != nil {
			if n, _ := rm.DecodeJSON(e.raw, nil, rm.JSONOptions{Incomplete: true}); n != nil {
				given = append(given, n.String("time", "value"))
			}
			continue
		}
		// The template may say how long after the origin an event is.
		after, ok := offset(e.constraint)
		if ok {
			e.addTime("time", shift(t, after, 1))
		} else {
			e.addTime("time", t)
		}
		at := e.get("time").text("value")
		if ok {
			at = shift(at, after, -1)
		}
		given = append(given, at)
	}
	if first := earliest(given); r.ctx.origin == "" && first != "" {
		t = first
	}
	o.addTime("origin", strings.TrimSpace(t))
}

// offset is the least time after the origin that the template demands of an
// event (EVENT.offset); false if it says nothing or zero.
func offset(c *templates.Object) (rm.Duration, bool) {
	if c == nil {
		return rm.Duration{}, false
	}
	if c.Target != nil {
		c = c.Target
	}
	a := c.Attribute("offset")
	for a != nil && len(a.Children) == 1 {
		child := a.Children[0]
		if d, ok := child.Constraint.(*templates.CDuration); ok {
			if d.Range == nil || d.Range.LowerUnbounded {
				break
			}
			after, err := rm.ParseDuration(d.Range.Lower)
			return after, err == nil && after.Magnitude() != 0
		}
		a = child.Attribute("value")
	}
	return rm.Duration{}, false
}

// shift is a time later (sign 1) or earlier (-1) by a duration, in the form that
// it is written in. A time without minutes or a duration of years or months
// leaves it as it is: there is no exact time then.
func shift(text string, by rm.Duration, sign int64) string {
	t, err := rm.ParseDateTime(text)
	if err != nil || t.Precision < rm.ToMinute || by.Years != 0 || by.Months != 0 {
		return text
	}
	layout := "2006-01-02T15:04:05"
	if strings.ContainsAny(text, ".,") {
		layout += ".999999999"
	}
	if t.HasOffset {
		layout += "Z07:00"
	}
	seconds, nanos := by.Parts()
	span := time.Duration(seconds)*time.Second + time.Duration(nanos)
	return t.Earliest().Add(time.Duration(sign) * span).Format(layout)
}
