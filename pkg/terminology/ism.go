package terminology

// transitionTargets are the states that each transition of the standard
// instruction state machine leads to (RM EHR information model, "The Standard
// Instruction State Machine"). The starting state is not part of an ACTION, so
// only the arrival can be checked. The specification names no single target of
// restore: what was postponed returns to planned or to scheduled.
var transitionTargets = map[string][]string{
	"535": {"526"},        // initiate → planned
	"536": {"526"},        // plan step
	"537": {"527"},        // postpone
	"538": {"526", "529"}, // restore
	"166": {"528"},        // cancel
	"542": {"527"},        // postponed step
	"539": {"529"},        // schedule
	"534": {"529"},        // scheduled step
	"540": {"245"},        // start
	"541": {"532"},        // do
	"543": {"245"},        // active step
	"544": {"530"},        // suspend
	"545": {"530"},        // suspended step
	"546": {"245"},        // resume
	"547": {"531"},        // abort
	"548": {"532"},        // finish
	"549": {"533"},        // time out
	"550": {"531"},        // notify aborted
	"551": {"532"},        // notify completed
	"552": {"528"},        // notify cancelled
}

// TransitionTargets lists the codes of the instruction states that a transition
// of the standard instruction state machine can arrive in; nil for a code that
// is no transition. The slice is shared and must not be changed.
func TransitionTargets(transition string) []string { return transitionTargets[transition] }

// TransitionAllowed reports whether a transition can arrive in a state, both by
// their openEHR codes.
func TransitionAllowed(transition, state string) bool {
	for _, s := range transitionTargets[transition] {
		if s == state {
			return true
		}
	}
	return false
}
