package rm

import (
	"math"
	"strings"
	"time"
)

// invariants is every rule that CheckInvariants knows. Names are those of the
// specification in lower case, without the Inv_ prefix.
var invariants = []invariant{
	// base_types.identification
	{class: "UUID", name: "value_valid", text: "a UUID is 8-4-4-4-12 hexadecimal digits", check: matches("value", "UUID", ValidUUID)},
	{class: "UID", name: "value_valid", text: "a UID is a UUID, an OID or an internet id", check: matches("value", "UID", ValidUID)},
	{class: "HIER_OBJECT_ID", name: "value_valid", text: "a UID with an optional extension", check: parses("UID[::extension]", ParseHierObjectID)},
	{class: "OBJECT_VERSION_ID", name: "value_valid", text: "object id, creating system and version", check: parses("object_id::creating_system_id::version_tree_id", ParseObjectVersionID)},
	{class: "VERSION_TREE_ID", name: "value_valid", text: "a version tree id has one or three numbers", check: parses("n or n.n.n", ParseVersionTree)},
	{class: "ARCHETYPE_ID", name: "value_valid", text: "an archetype id names model, class, concept and version", check: parses("originator-model-CLASS.concept.vN", ParseArchetypeID)},
	{class: "TEMPLATE_ID", name: "value_valid", text: "a template id is not empty", check: notEmpty("value")},
	{class: "TERMINOLOGY_ID", name: "value_valid", text: "a terminology id is not empty", check: notEmpty("value")},
	{class: "GENERIC_ID", name: "value_valid", text: "a generic id is not empty", check: notEmpty("value")},
	{class: "OBJECT_REF", name: "namespace_valid", text: "a namespace is a letter followed by letters, digits and _.:/&?=+-", check: matches("namespace", "namespace", validNamespace)},
	{class: "PARTY_REF", name: "type_validity", text: "a PARTY_REF refers to a party", check: oneOf("type", "PERSON", "ORGANISATION", "GROUP", "AGENT", "ROLE", "PARTY", "ACTOR", "ANY")},
	{class: "ACCESS_GROUP_REF", name: "type_validity", text: "an ACCESS_GROUP_REF refers to an access group", check: oneOf("type", "ACCESS_GROUP")},

	// data_types
	{class: "DV_IDENTIFIER", name: "id_valid", text: "an identifier is not empty", check: notEmpty("id")},
	{class: "CODE_PHRASE", name: "code_string_valid", text: "a code is not empty", check: notEmpty("code_string")},
	{class: "TERM_MAPPING", name: "match_valid", text: "match is one of > = < ?", check: oneOf("match", ">", "=", "<", "?")},
	{class: "DV_TEXT", name: "formatting_valid", text: "formatting is not empty", check: notEmpty("formatting")},
	{class: "DV_ORDERED", name: "normal_range_and_status_consistency", text: "the normal status is N exactly when the value lies in the normal range", check: checkNormalStatus},
	{class: "REFERENCE_RANGE", name: "range_is_simple", text: "the limits of a reference range have no ranges of their own", check: checkRangeIsSimple},
	{class: "DV_QUANTIFIED", name: "magnitude_status_valid", text: "magnitude_status is one of = < > <= >= ~", check: oneOf("magnitude_status", "=", "<", ">", "<=", ">=", "~")},
	{class: "DV_AMOUNT", name: "accuracy_is_percent_validity", text: "an accuracy of 0 is not a percentage", check: checkAccuracyIsPercent},
	{class: "DV_AMOUNT", name: "accuracy_validity", text: "an accuracy in percent lies between 0 and 100", check: checkAccuracy},
	{class: "DV_QUANTITY", name: "precision_valid", text: "precision is a number of decimal places, or -1 for any", check: checkPrecision},
	{class: "DV_PROPORTION", name: "type_validity", text: "the type of a proportion is 0 to 4", check: oneOfProportionKinds},
	{class: "DV_PROPORTION", name: "valid_denominator", text: "the denominator is not 0", check: checkDenominator},
	{class: "DV_PROPORTION", name: "unitary_validity", text: "the denominator of a unitary proportion is 1", check: checkUnitary},
	{class: "DV_PROPORTION", name: "percent_validity", text: "the denominator of a percentage is 100", check: checkPercent},
	{class: "DV_PROPORTION", name: "is_integral_validity", text: "numerator and denominator are integers when precision is 0", check: checkIntegral},
	{class: "DV_PROPORTION", name: "fraction_validity", text: "numerator and denominator of a fraction are integers and its precision is 0", check: checkFraction},
	{class: "DV_DATE", name: "value_valid", text: "an ISO 8601 date", check: parses("YYYY[-MM[-DD]]", ParseDate)},
	{class: "DV_TIME", name: "value_valid", text: "an ISO 8601 time", check: parses("hh[:mm[:ss]]", ParseTime)},
	{class: "DV_DATE_TIME", name: "value_valid", text: "an ISO 8601 date/time", check: parses("YYYY-MM-DDThh:mm:ss", ParseDateTime)},
	{class: "DV_DURATION", name: "value_valid", text: "an ISO 8601 duration", check: parses("PnYnMnWnDTnHnMnS", ParseDuration)},
	{class: "DV_INTERVAL", name: "lower_included_valid", text: "an unbounded lower limit is not included", check: checkIncluded("lower")},
	{class: "DV_INTERVAL", name: "upper_included_valid", text: "an unbounded upper limit is not included", check: checkIncluded("upper")},
	{class: "DV_INTERVAL", name: "lower_unbounded_valid", text: "there is a lower limit exactly when it is not unbounded", check: checkBounded("lower")},
	{class: "DV_INTERVAL", name: "upper_unbounded_valid", text: "there is an upper limit exactly when it is not unbounded", check: checkBounded("upper")},
	{class: "DV_INTERVAL", name: "limits_comparable", text: "both limits are of one kind", check: checkLimitsComparable},
	{class: "DV_INTERVAL", name: "limits_consistent", text: "the lower limit is not greater than the upper", check: checkLimitsConsistent},
	{class: "DV_PERIODIC_TIME_SPECIFICATION", name: "value_valid", text: "the formalism is HL7:PIVL or HL7:EIVL", check: checkPeriodicFormalism},
	{class: "DV_PARSABLE", name: "formalism_valid", text: "the formalism is not empty", check: notEmpty("formalism")},
	{class: "DV_MULTIMEDIA", name: "not_empty", text: "there is inline data or a URI", check: checkMultimedia},
	{class: "DV_MULTIMEDIA", name: "size_valid", text: "the size is not negative", check: notNegative("size")},
	{class: "DV_MULTIMEDIA", name: "data_valid", text: "inline data is base64", check: matches("data", "base64", validBase64)},
	{class: "DV_MULTIMEDIA", name: "integrity_check_validity", text: "an integrity check names its algorithm", check: checkIntegrityCheck},
	{class: "DV_URI", name: "value_valid", text: "a URI has a scheme and no blanks", check: matches("value", "URI", validURI)},
	{class: "DV_EHR_URI", name: "scheme_valid", text: "the scheme is ehr", check: matches("value", "ehr:", hasEHRScheme)},

	// common
	{class: "LOCATABLE", name: "archetype_node_id_valid", text: "archetype_node_id is not empty", check: notEmpty("archetype_node_id")},
	{class: "LOCATABLE", name: "archetype_node_id_form", text: "archetype_node_id is a node code or an archetype id", check: checkNodeIDForm, warning: true},
	{class: "LOCATABLE", name: "archetyped_valid", text: "archetype_details is present exactly at archetype roots", check: checkArchetyped},
	{class: "LOCATABLE", name: "archetype_details_missing", text: "archetype_details is present at every archetype root", check: checkArchetypeDetails, warning: true},
	{class: "LOCATABLE", name: "archetype_id_consistent", text: "archetype_node_id of an archetype root is its archetype id", check: checkArchetypeID},
	{class: "LOCATABLE", name: "archetype_class", text: "an archetype applies to the class its id names", check: checkArchetypeClass},
	{class: "ARCHETYPED", name: "rm_version_valid", text: "rm_version is not empty", check: notEmpty("rm_version")},
	{class: "PARTY_IDENTIFIED", name: "basic_validity", text: "there is a name, an identifier or an external reference", check: checkPartyIdentified},
	{class: "PARTY_IDENTIFIED", name: "name_valid", text: "the name is not empty", check: notEmpty("name")},
	{class: "AUDIT_DETAILS", name: "system_id_valid", text: "the system id is not empty", check: notEmpty("system_id")},
	{class: "FEEDER_AUDIT_DETAILS", name: "system_id_valid", text: "the system id is not empty", check: notEmpty("system_id")},
	{class: "ORIGINAL_VERSION", name: "preceding_version_uid_validity", text: "every version but the first names the one before it", check: checkPreceding},
	{class: "VERSIONED_OBJECT", name: "uid_validity", text: "the uid has no extension", check: checkNoExtension},
	{class: "ITEM_TAG", name: "key_valid", text: "the key is not empty and has no blanks around it", check: matches("key", "key", validTagKey)},
	{class: "ITEM_TAG", name: "value_valid", text: "the value is not empty", check: notEmpty("value")},

	// data_structures
	{class: "ELEMENT", name: "null_flavour_indicated", text: "there is either a value or a null flavour", check: checkNullFlavour},
	{class: "ELEMENT", name: "null_reason_valid", text: "a null reason needs the value to be absent", check: checkNullReason},
	{class: "ITEM_TABLE", name: "valid_structure", text: "the cells of a table are ELEMENTs", check: checkTable},
	{class: "HISTORY", name: "events_valid", text: "there are events or a summary", check: checkHistory},
	{class: "HISTORY", name: "period_consistency", text: "events of a periodic history lie at multiples of its period", check: checkPeriod},
	{class: "HISTORY", name: "event_before_origin", text: "events do not precede the origin", check: checkOrigin, warning: true},
	{class: "INTERVAL_EVENT", name: "width_valid", text: "the width is not negative", check: checkWidth, warning: true},

	// composition
	{class: "EVENT_CONTEXT", name: "location_valid", text: "the location is not empty", check: notEmpty("location")},
	{class: "EVENT_CONTEXT", name: "end_before_start", text: "the context does not end before it starts", check: checkContextTimes, warning: true},
	{class: "ACTIVITY", name: "action_archetype_id_valid", text: "action_archetype_id is not empty", check: notEmpty("action_archetype_id")},
	{class: "INSTRUCTION_DETAILS", name: "activity_path_valid", text: "activity_id is not empty", check: notEmpty("activity_id")},

	// ehr
	{class: "EHR", name: "contributions_valid", text: "contributions are CONTRIBUTIONs", check: refersTo("contributions", "CONTRIBUTION")},
	{class: "EHR", name: "ehr_status_valid", text: "ehr_status is a VERSIONED_EHR_STATUS", check: refersTo("ehr_status", "VERSIONED_EHR_STATUS")},
	{class: "EHR", name: "ehr_access_valid", text: "ehr_access is a VERSIONED_EHR_ACCESS", check: refersTo("ehr_access", "VERSIONED_EHR_ACCESS")},
	{class: "EHR", name: "compositions_valid", text: "compositions are VERSIONED_COMPOSITIONs", check: refersTo("compositions", "VERSIONED_COMPOSITION")},
	{class: "EHR", name: "directory_valid", text: "directory is a VERSIONED_FOLDER", check: refersTo("directory", "VERSIONED_FOLDER")},
	{class: "EHR", name: "folders_valid", text: "folders are VERSIONED_FOLDERs", check: refersTo("folders", "VERSIONED_FOLDER")},
}

func validNamespace(s string) bool {
	for i := 0; i < len(s); i++ {
		if isWord(s[i]) && (i > 0 || !isDigit(s[i]) && s[i] != '_') || i > 0 && strings.IndexByte(".:/&?=+-", s[i]) >= 0 {
			continue
		}
		return false
	}
	return s != ""
}

func validTagKey(s string) bool { return s != "" && strings.TrimSpace(s) == s }

// validURI asks for the scheme of RFC 3986 and for the absence of characters
// that no URI or IRI has.
func validURI(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || scheme == "" || rest == "" || lower(scheme[0]) < 'a' || lower(scheme[0]) > 'z' {
		return false
	}
	for i := 0; i < len(scheme); i++ {
		if c := scheme[i]; !isWord(c) && c != '+' && c != '-' && c != '.' || c == '_' {
			return false
		}
	}
	for i := 0; i < len(rest); i++ {
		if c := rest[i]; c <= ' ' || c == 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			return false
		}
	}
	return true
}

func hasEHRScheme(s string) bool { return len(s) >= 4 && strings.EqualFold(s[:4], "ehr:") }

// validBase64 accepts RFC 4648 base64 with padding; line breaks are ignored, as
// XML instances have them.
func validBase64(s string) bool {
	count, padding := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\n' || c == '\r' || c == ' ' || c == '\t':
		case c == '=':
			padding++
			count++
		case padding > 0 || !isWord(c) && c != '+' && c != '/' || c == '_':
			return false
		default:
			count++
		}
	}
	return count%4 == 0 && padding <= 2
}

func notNegative(attribute string) func(*checker, *Node) {
	return func(c *checker, n *Node) {
		if v, ok := n.Get(attribute).Int(); ok && v < 0 {
			c.fail(n, attribute, "0 or more", n.String(attribute))
		}
	}
}

func checkNormalStatus(c *checker, n *Node) {
	status, normal := n.Get("normal_status"), n.Get("normal_range")
	if status == nil || normal == nil {
		return
	}
	inside, known := within(n, normal)
	if code := status.String("code_string"); known && inside != (code == "N") {
		expected := "a status other than N"
		if inside {
			expected = "N"
		}
		c.fail(n, "normal_status", expected, code)
	}
}

func checkRangeIsSimple(c *checker, n *Node) {
	for _, limit := range []string{"lower", "upper"} {
		v := n.Get("range", limit)
		if v.Attr("normal_range") != nil || v.Attr("other_reference_ranges") != nil {
			c.fail(n, "range", "a simple limit", limit+" limit with ranges")
		}
	}
}

func checkAccuracyIsPercent(c *checker, n *Node) {
	percent, _ := n.Get("accuracy_is_percent").Bool()
	if accuracy, ok := n.Get("accuracy").Float(); percent && ok && accuracy == 0 {
		c.fail(n, "accuracy_is_percent", "false", "true")
	}
}

func checkAccuracy(c *checker, n *Node) {
	percent, _ := n.Get("accuracy_is_percent").Bool()
	if accuracy, ok := n.Get("accuracy").Float(); percent && ok && (accuracy < 0 || accuracy > 100) {
		c.fail(n, "accuracy", "0..100", n.String("accuracy"))
	}
}

func checkPrecision(c *checker, n *Node) {
	if v, ok := n.Get("precision").Int(); ok && v < -1 {
		c.fail(n, "precision", "-1 or more", n.String("precision"))
	}
}

// The kinds of proportion (PROPORTION_KIND).
const (
	kindRatio           = 0
	kindUnitary         = 1
	kindPercent         = 2
	kindFraction        = 3
	kindIntegerFraction = 4
)

func oneOfProportionKinds(c *checker, n *Node) {
	if kind, ok := n.Get("type").Int(); ok && (kind < kindRatio || kind > kindIntegerFraction) {
		c.fail(n, "type", "0..4", n.String("type"))
	}
}

func checkDenominator(c *checker, n *Node) {
	if v, ok := n.Get("denominator").Float(); ok && v == 0 {
		c.fail(n, "denominator", "not 0", n.String("denominator"))
	}
}

func checkUnitary(c *checker, n *Node) { checkFixedDenominator(c, n, kindUnitary, 1, "1") }

func checkPercent(c *checker, n *Node) { checkFixedDenominator(c, n, kindPercent, 100, "100") }

// checkFixedDenominator leaves a denominator of 0 to valid_denominator.
func checkFixedDenominator(c *checker, n *Node, kind int64, want float64, expected string) {
	k, ok := n.Get("type").Int()
	v, ok2 := n.Get("denominator").Float()
	if ok && ok2 && k == kind && v != want && v != 0 {
		c.fail(n, "denominator", expected, n.String("denominator"))
	}
}

// fractional finds the first of numerator and denominator that is no integer.
func fractional(n *Node) string {
	for _, name := range []string{"numerator", "denominator"} {
		if v, ok := n.Get(name).Float(); ok && v != math.Trunc(v) {
			return name
		}
	}
	return ""
}

func checkIntegral(c *checker, n *Node) {
	if p, ok := n.Get("precision").Int(); ok && p == 0 {
		if name := fractional(n); name != "" {
			c.fail(n, name, "an integer", n.String(name))
		}
	}
}

func checkFraction(c *checker, n *Node) {
	kind, ok := n.Get("type").Int()
	if !ok || kind != kindFraction && kind != kindIntegerFraction {
		return
	}
	if name := fractional(n); name != "" {
		c.fail(n, name, "an integer", n.String(name))
	} else if p, ok := n.Get("precision").Int(); ok && p > 0 {
		c.fail(n, "precision", "0", n.String("precision"))
	}
}

func checkIncluded(limit string) func(*checker, *Node) {
	return func(c *checker, n *Node) {
		unbounded, _ := n.Get(limit + "_unbounded").Bool()
		if included, _ := n.Get(limit + "_included").Bool(); unbounded && included {
			c.fail(n, limit+"_included", "false", "true")
		}
	}
}

func checkBounded(limit string) func(*checker, *Node) {
	return func(c *checker, n *Node) {
		unbounded, ok := n.Get(limit + "_unbounded").Bool()
		switch present := n.Attr(limit) != nil; {
		case !ok:
		case unbounded && present:
			c.fail(n, limit, "no limit", "a limit")
		case !unbounded && !present && !c.incomplete:
			c.fail(n, limit, "a limit", "")
		}
	}
}

func checkLimitsComparable(c *checker, n *Node) {
	a, b := n.Get("lower"), n.Get("upper")
	if a != nil && b != nil && !StrictlyComparable(a, b) {
		c.fail(n, "upper", kindOf(a), kindOf(b))
	}
}

// kindOf names what makes values comparable.
func kindOf(n *Node) string {
	if units := n.String("units"); units != "" {
		return n.Class.Name + " in " + units
	}
	return n.Class.Name
}

func checkLimitsConsistent(c *checker, n *Node) {
	a, b := n.Get("lower"), n.Get("upper")
	if order, ok := Compare(a, b); ok && order > 0 {
		c.fail(n, "", "lower <= upper", orderedText(a)+" > "+orderedText(b))
	}
}

// orderedText is a value as its class orders it, for messages.
func orderedText(n *Node) string {
	switch {
	case n.Attr("magnitude") != nil:
		return n.String("magnitude")
	case n.Attr("numerator") != nil:
		return n.String("numerator") + "/" + n.String("denominator")
	}
	return n.String("value")
}

func checkPeriodicFormalism(c *checker, n *Node) {
	if f := n.Get("value", "formalism"); f != nil && f.Text != "HL7:PIVL" && f.Text != "HL7:EIVL" {
		c.fail(n, "value", "HL7:PIVL or HL7:EIVL", f.Text)
	}
}

func checkMultimedia(c *checker, n *Node) {
	if !c.incomplete && n.Attr("data") == nil && n.Attr("uri") == nil {
		c.fail(n, "", "data or uri", "")
	}
}

func checkIntegrityCheck(c *checker, n *Node) {
	if !c.incomplete && n.Attr("integrity_check") != nil && n.Attr("integrity_check_algorithm") == nil {
		c.fail(n, "integrity_check_algorithm", "an algorithm", "")
	}
}

func checkPartyIdentified(c *checker, n *Node) {
	if !c.incomplete && n.Attr("name") == nil && n.Attr("identifiers") == nil && n.Attr("external_ref") == nil {
		c.fail(n, "", "name, identifiers or external_ref", "")
	}
}

func checkPreceding(c *checker, n *Node) {
	uid, err := ParseObjectVersionID(n.String("uid", "value"))
	if err != nil {
		return
	}
	switch preceding := n.Attr("preceding_version_uid") != nil; {
	case uid.Tree.IsFirst() && preceding:
		c.fail(n, "preceding_version_uid", "none, for the first version", n.String("preceding_version_uid", "value"))
	case !uid.Tree.IsFirst() && !preceding:
		c.fail(n, "preceding_version_uid", "the version before "+uid.Tree.String(), "")
	}
}

func checkNoExtension(c *checker, n *Node) {
	if uid := n.String("uid", "value"); strings.Contains(uid, "::") {
		c.fail(n, "uid", "no extension", uid)
	}
}

func checkNullFlavour(c *checker, n *Node) {
	value, flavour := n.Attr("value") != nil, n.Attr("null_flavour") != nil
	switch {
	case value && flavour:
		c.fail(n, "null_flavour", "none beside a value", n.String("null_flavour", "value"))
	case !value && !flavour && !c.incomplete:
		c.fail(n, "", "value or null_flavour", "")
	}
}

func checkNullReason(c *checker, n *Node) {
	if n.Attr("null_reason") != nil && n.Attr("value") != nil {
		c.fail(n, "null_reason", "none beside a value", n.String("null_reason", "value"))
	}
}

func checkTable(c *checker, n *Node) {
	for i, row := range n.List("rows") {
		for _, cell := range row.List("items") {
			if cell.Class != ClassElement {
				c.failMember(n, "rows", i, "ELEMENT", cell.Class.Name)
				break
			}
		}
	}
}

func checkHistory(c *checker, n *Node) {
	if !c.incomplete && len(n.List("events")) == 0 && n.Attr("summary") == nil {
		c.fail(n, "", "events or summary", "")
	}
}

// checkPeriod compares only values that are exact: to the second, all with or
// all without an offset, and a period without years and months, whose length
// varies.
func checkPeriod(c *checker, n *Node) {
	if n.Attr("period") == nil {
		return
	}
	period, err := ParseDuration(n.String("period", "value"))
	if err != nil || period.Years != 0 || period.Months != 0 {
		return
	}
	seconds, nanos := period.Parts()
	origin, err := ParseDateTime(n.String("origin", "value"))
	if err != nil || origin.Partial() || seconds > 1<<32 || seconds < 0 || seconds == 0 && nanos <= 0 {
		return
	}
	step := time.Duration(seconds)*time.Second + time.Duration(nanos)
	for i, event := range n.List("events") {
		at, err := ParseDateTime(event.String("time", "value"))
		if err != nil || at.Partial() || at.HasOffset != origin.HasOffset {
			continue
		}
		offset := at.Earliest().Sub(origin.Earliest())
		if offset == math.MaxInt64 || offset == math.MinInt64 {
			continue
		}
		if offset%step != 0 {
			c.walk.Enter(n.Attr("events").Def, i, event)
			c.failWith(event, "time", "a multiple of "+period.Text+" after "+origin.Text, at.Text, c.current.text)
			c.walk.Leave()
		}
	}
}

func checkOrigin(c *checker, n *Node) {
	origin := n.Get("origin")
	text := origin.String("value")
	for i, event := range n.List("events") {
		at := event.Get("time")
		if at.String("value") == text {
			continue // as of almost all events
		}
		if order, ok := Compare(at, origin); ok && order < 0 {
			c.walk.Enter(n.Attr("events").Def, i, event)
			c.failWith(event, "time", "at or after "+text, at.String("value"), c.current.text)
			c.walk.Leave()
		}
	}
}

func checkWidth(c *checker, n *Node) {
	if d, err := ParseDuration(n.String("width", "value")); err == nil && d.Magnitude() < 0 {
		c.fail(n, "width", "0 or more", d.Text)
	}
}

func checkContextTimes(c *checker, n *Node) {
	if order, ok := Compare(n.Get("end_time"), n.Get("start_time")); ok && order < 0 {
		c.fail(n, "end_time", "at or after "+n.String("start_time", "value"), n.String("end_time", "value"))
	}
}
