package simplified

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/webtemplate"
)

// instructionDetails reads INSTRUCTION_DETAILS: by the path of the instruction
// and of the activity in it, or by the ids of the web template (|wt_path). Of
// repeated instructions or activities an index names the one that is called like
// the first with " #2", " #3" and so on behind it, for that is how Better, which
// has the indexes, names them; |instruction_uid names one by its uid.
func (r *reader) instructionDetails(it *item) *object {
	d := newObject("INSTRUCTION_DETAILS")
	path, activity := it.text("path"), it.text("activity_id")
	instruction, ok1 := r.index(it, "instruction_index")
	step, ok2 := r.index(it, "activity_index")
	if !ok1 || !ok2 {
		return nil
	}
	var place instructionPlace
	if wt := it.text("wt_path"); wt != "" {
		var ok bool
		if place, ok = r.instructionPlace(wt); !ok {
			return nil
		}
		if path == "" {
			path = place.path
		}
		if instruction == 0 {
			instruction = place.index
		}
		if activity == "" {
			activity = place.activity
		}
		if step == 0 {
			step = place.activityIndex
		}
	}
	uid := it.text("instruction_uid")
	if uid != "" && instruction > 0 {
		r.report("_instruction_details", ": |instruction_uid and an index of the instruction exclude each other")
		return nil
	}
	var ok bool
	if path, ok = r.repeated(path, place.name, instruction, "instruction_index"); !ok {
		return nil
	}
	if activity, ok = r.repeated(activity, place.activityName, step, "activity_index"); !ok {
		return nil
	}
	if uid != "" {
		last, at := lastStep(path)
		if last.NodeID == "" {
			r.report("_instruction_details|instruction_uid", " needs |wt_path, or a |path that ends with an archetype id")
			return nil
		}
		path = path[:at] + last.Attribute + "[" + last.NodeID + " and uid/value=" + quoteName(uid) + "]"
	}
	ref := newObject("LOCATABLE_REF")
	ref.putText("path", path)
	composition := it.text("composition_uid")
	id := value("HIER_OBJECT_ID", composition)
	if strings.Count(composition, "::") == 2 {
		id = value("OBJECT_VERSION_ID", composition)
	}
	ref.add("id", id)
	ref.putText("namespace", "local")
	ref.putText("type", "COMPOSITION")
	d.add("instruction_id", ref)
	d.putText("activity_id", activity)
	return d
}

// index reads an index; 0 if it is absent.
func (r *reader) index(it *item, suffix string) (int, bool) {
	v, ok := it.part(suffix)
	if !ok {
		return 0, true
	}
	n, err := strconv.Atoi(v.text)
	if err != nil || n < 0 || n > maxIndex {
		r.report("_instruction_details|"+suffix, " must be a number from 0 to "+strconv.Itoa(maxIndex))
		return 0, false
	}
	return n, true
}

// repeated is a path to one of several objects with the same node id, by its
// position from 0; name is that of the first unless the path has it.
func (r *reader) repeated(path, name string, index int, key string) (string, bool) {
	if index == 0 {
		return path, true
	}
	last, at := lastStep(path)
	if last.HasName {
		name = numbered.ReplaceAllString(last.Name, "")
	}
	if last.NodeID == "" || name == "" {
		r.report("_instruction_details|"+key, " needs |wt_path, or a path that ends with a node id and a name")
		return "", false
	}
	name += " #" + strconv.Itoa(index+1)
	r.problems.Add(rm.Problem{
		Code: CodeValue, Severity: rm.Warning, Path: "/", Actual: strconv.Itoa(index),
		Message: "_instruction_details|" + key + " " + strconv.Itoa(index) + " names what is called " + strconv.Quote(clip(name)),
	})
	return path[:at] + last.Attribute + "[" + last.NodeID + "," + quoteName(name) + "]", true
}

var numbered = regexp.MustCompile(` #[0-9]+$`)

// lastStep is the last step of a path and where it begins; the zero step if the
// path is none.
func lastStep(path string) (rm.Step, int) {
	p, err := rm.ParsePath(path)
	if err != nil || len(p.Steps) == 0 {
		return rm.Step{}, 0
	}
	at, depth, quote := 0, 0, byte(0)
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case quote != 0:
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == '/' && depth == 0:
			at = i + 1
		}
	}
	return p.Steps[len(p.Steps)-1], at
}

func quoteName(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// instructionPlace is where an instruction is and, if it is known, an activity
// of it.
type instructionPlace struct {
	path, name    string
	index         int
	activity      string
	activityName  string
	activityIndex int
}

// instructionPlace follows the ids of the web template to an INSTRUCTION or an
// ACTIVITY.
func (r *reader) instructionPlace(wt string) (p instructionPlace, ok bool) {
	const key = "_instruction_details|wt_path"
	ids := strings.Split(wt, "/")
	n := r.wt.Tree
	if id, _, _ := strings.Cut(ids[0], ":"); id != n.ID {
		r.report(key, " must begin with "+n.ID+", the root of the template")
		return p, false
	}
	var instruction, activity *webtemplate.Node
	for _, step := range ids[1:] {
		id, text, indexed := strings.Cut(step, ":")
		index := 0
		if indexed {
			var err error
			if index, err = strconv.Atoi(text); err != nil || index < 0 || index > maxIndex {
				r.report(key, " has no index at "+clip(step))
				return p, false
			}
		}
		var next *webtemplate.Node
		for _, c := range n.Children {
			if c.ID == id {
				next = c
			}
		}
		switch {
		case next == nil:
			r.report(key, ": the template has nothing called "+clip(id)+" in "+n.ID)
			return p, false
		case next.RMType == "INSTRUCTION":
			instruction, p.index = next, index
		case next.RMType == "ACTIVITY":
			activity, p.activityIndex = next, index
		case index > 0:
			r.report(key, " may have an index at the instruction and the activity only")
			return p, false
		}
		n = next
	}
	if instruction == nil || n != instruction && n != activity {
		r.report(key, " must lead to an INSTRUCTION or an ACTIVITY")
		return p, false
	}
	p.path, p.name = instruction.AQLPath, instruction.Name
	if activity == nil { // the only one
		for _, c := range instruction.Children {
			if c.RMType == "ACTIVITY" {
				if activity != nil {
					return p, true
				}
				activity = c
			}
		}
	}
	if activity != nil {
		p.activity, p.activityName = strings.TrimPrefix(activity.AQLPath, instruction.AQLPath+"/"), activity.Name
	}
	return p, true
}
