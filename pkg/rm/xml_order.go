package rm

import (
	"fmt"
	"strings"
)

// NamespaceV1 and NamespaceV2 are the XML namespaces of openEHR instances
// (ITS-XML). Both are read, as is no namespace; the first is written.
const (
	NamespaceV1 = "http://schemas.openehr.org/v1"
	NamespaceV2 = "http://schemas.openehr.org/v2"
)

const namespaceXSI = "http://www.w3.org/2001/XMLSchema-instance"

// xmlSequences lists, for the types of the v1 XML Schema, the elements that
// each adds to those of its base type, in the order of its xs:sequence. From EHR
// on they are types that release 1.0.2 of the schema lacks, as later releases of
// ITS-XML order them (Common, Ehr and Demographic).
const xmlSequences = `
LOCATABLE: name uid links archetype_details feeder_audit
ARCHETYPED: archetype_id template_id rm_version
LINK: meaning type target
FEEDER_AUDIT: originating_system_item_ids feeder_system_item_ids original_content originating_system_audit feeder_system_audit
FEEDER_AUDIT_DETAILS: system_id location provider subject time version_id
PARTY_PROXY: external_ref
PARTY_IDENTIFIED: name identifiers
PARTY_RELATED: relationship
PARTICIPATION: function performer time mode
AUDIT_DETAILS: system_id committer time_committed change_type description
ATTESTATION: attested_view proof items reason is_pending
REVISION_HISTORY_ITEM: version_id audits
OBJECT_ID: value
GENERIC_ID: scheme
OBJECT_REF: id namespace type
LOCATABLE_REF: path
DV_IDENTIFIER: issuer assigner id type
DV_STATE: value is_terminal
DV_ORDERED: normal_range other_reference_ranges normal_status
DV_INTERVAL: lower upper lower_included upper_included lower_unbounded upper_unbounded
REFERENCE_RANGE: meaning range
DV_QUANTIFIED: magnitude_status
DV_AMOUNT: accuracy accuracy_is_percent
DV_TEMPORAL: accuracy
DV_QUANTITY: magnitude units precision
DV_COUNT: magnitude
DV_ORDINAL: value symbol
DV_PROPORTION: numerator denominator type precision
DV_TEXT: value hyperlink formatting mappings language encoding
DV_CODED_TEXT: defining_code
CODE_PHRASE: terminology_id code_string
TERM_MAPPING: match purpose target
DV_ENCAPSULATED: charset language
DV_MULTIMEDIA: alternate_text uri data media_type compression_algorithm integrity_check integrity_check_algorithm size thumbnail
DV_PARSABLE: value formalism
FOLDER: folders items
HISTORY: origin period duration events summary
EVENT: time data state
INTERVAL_EVENT: width sample_count math_function
ELEMENT: value null_flavour
COMPOSITION: language territory category composer context content
EVENT_CONTEXT: start_time end_time location setting other_context health_care_facility participations
ENTRY: language encoding subject provider other_participations workflow_id
CARE_ENTRY: protocol guideline_id
INSTRUCTION: narrative expiry_time wf_definition activities
ACTION: time description ism_transition instruction_details
ACTIVITY: description timing action_archetype_id
INSTRUCTION_DETAILS: instruction_id activity_id wf_details
ISM_TRANSITION: current_state transition careflow_step
VERSION: contribution commit_audit signature
ORIGINAL_VERSION: uid data preceding_version_uid other_input_version_uids attestations lifecycle_state
EHR: system_id ehr_id time_created contributions ehr_access ehr_status directory compositions
EHR_STATUS: subject is_queryable is_modifiable other_details
VERSIONED_OBJECT: uid owner_id time_created
CONTRIBUTION: uid versions audit
PARTY: identities contacts relationships reverse_relationships details
CONTACT: time_validity addresses
ACTOR: roles languages
ROLE: capabilities time_validity performer
CAPABILITY: credentials time_validity
PARTY_RELATIONSHIP: details time_validity source target
`

// xmlForm is how XML writes the instances of a class.
type xmlForm struct {
	// order has the attributes written as elements: those of the schema in its
	// order, then the ones that later releases of the RM added, in RM order.
	order []*Attribute
	// nodeID is archetype_node_id, which LOCATABLE has as an XML attribute.
	nodeID *Attribute
}

// xmlForms has the form of every class. It is written once.
var xmlForms = mustXMLForms()

func mustXMLForms() map[*Class]*xmlForm {
	sequences := map[*Class][]string{}
	for _, line := range strings.Split(strings.TrimSpace(xmlSequences), "\n") {
		class, names, _ := strings.Cut(line, ":")
		sequences[mustLookup(class)] = strings.Fields(names)
	}
	forms := make(map[*Class]*xmlForm, len(classes))
	for _, c := range classes {
		form := &xmlForm{}
		placed := map[*Attribute]bool{}
		// The table lists ancestors before descendants.
		for _, ancestor := range classes {
			if !c.IsA(ancestor) {
				continue
			}
			for _, name := range sequences[ancestor] {
				a := c.byName[name]
				if a == nil {
					panic(fmt.Sprintf("rm: XML sequence of %s: no attribute %s", ancestor.Name, name))
				}
				form.order = append(form.order, a)
				placed[a] = true
			}
		}
		for _, a := range c.attrs {
			switch {
			case a.Name == "archetype_node_id" && c.IsA(ClassLocatable):
				form.nodeID = a
			case !placed[a]:
				form.order = append(form.order, a)
			}
		}
		forms[c] = form
	}
	return forms
}

// xmlName is the element name of an attribute. The v1 schema has one name that
// differs from the RM's.
func xmlName(a *Attribute) string {
	if a.Name == "workflow_id" {
		return "work_flow_id"
	}
	return a.Name
}

// xmlRoot is the element name of a document with an instance of the class.
func xmlRoot(c *Class) string {
	if c.Name == "ORIGINAL_VERSION" || c.Name == "IMPORTED_VERSION" {
		return "version"
	}
	return strings.ToLower(c.Name)
}
