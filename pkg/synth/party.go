package synth

import (
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Party is one of the demographic repository, with the UUID to give it.
type Party struct {
	ID   string
	JSON []byte
}

// Registered reports whether the patient is one of those that are registered as a
// PERSON, to which RegisteredStatus refers. The others are only known to a
// demographic service elsewhere.
func (p *Patient) Registered() bool { return p.Number%4 == 3 }

// RegisteredStatus is EHRStatus with a reference into the demographic repository
// beside the record, by the same id.
func (p *Patient) RegisteredStatus() []byte {
	return rm.AppendJSON(nil, p.status(rm.Object("PARTY_REF",
		rm.Child("id", rm.ID("HIER_OBJECT_ID", p.SubjectID)),
		rm.Str("namespace", "local"), rm.Str("type", "PERSON"))))
}

// Person is the patient as a PERSON with the id SubjectID.
func (p *Patient) Person() Party {
	code, gender := "at0311", "Female"
	if p.Sex == Male {
		code, gender = "at0310", "Male"
	}
	r := newRandom(p.g.seed, forPerson, uint64(p.Number))
	return party(p.SubjectID, "PERSON", "openEHR-DEMOGRAPHIC-PERSON.person.v0", "Person",
		rm.Child("details", root("ITEM_TREE", "openEHR-DEMOGRAPHIC-ITEM_TREE.person_details.v0", "Person details", "", rm.Child("items",
			locatable("CLUSTER", "at0001", "Birth data", rm.Child("items",
				element("at0010", "Birth date", rm.Object("DV_DATE", rm.Str("value", p.BirthDate))))),
			element("at0031", "Gender", local(code, gender))))),
		personName(p.Given, p.Family),
		contact(
			address("at0464", "Residential", pick(r, streets)+" "+string(rune('1'+r.below(9))), "30159", "Hannover"),
			electronic("at0022", "Mobile", "+49 511 5550"+string(rune('1'+r.below(9)))+string(rune('0'+r.below(10))))))
}

// streets are fictional.
var streets = []string{"Lindenstraße", "Am Park", "Mühlenweg", "Gartenstraße", "Am Bahnhof"}

// hospital is the organisation of all professionals.
const hospital = "St. Agnes Hospital"

// professional is somebody who gives care, with the name that compositions have.
type professional struct{ name, given, family, field, role string }

var professionals = []professional{
	{"Dr. Miriam Falk", "Miriam", "Falk", "Internal medicine", "Consultant"},
	{"Nurse Jonas Ebert", "Jonas", "Ebert", "Nursing", "Nurse"},
	{"Dr. Jan Osterholt", "Jan", "Osterholt", "Surgery", "Consultant"},
	{"Nurse Petra Lang", "Petra", "Lang", "Nursing", "Nurse"},
	{"Dr. Aisha Rahman", "Aisha", "Rahman", "General practice", "General practitioner"},
	{"Nurse Tom Berger", "Tom", "Berger", "Nursing", "Nurse"},
	{"Dr. Elena Moretti", "Elena", "Moretti", "Cardiology", "Consultant"},
	{"Nurse Ines Duarte", "Ines", "Duarte", "Nursing", "Nurse"},
	{"Dr. Pavel Havel", "Pavel", "Havel", "General practice", "General practitioner"},
}

// Registry is who gives care in the sandbox: organisations, and persons with
// their roles in a hospital. They refer to those before them.
func Registry(g *Generator) []Party {
	list, _ := registry(g.seed)
	return list
}

// registry also tells the ids of organisations and persons by the names that
// compositions have.
func registry(seed uint64) (list []Party, ids map[string]string) {
	r := newRandom(seed, forRegistry)
	ids = map[string]string{}
	organisation := func(id, name, street, telephone string) Party {
		return party(id, "ORGANISATION", "openEHR-DEMOGRAPHIC-ORGANISATION.organisation.v0", "Organisation",
			rm.Child("identities", root("PARTY_IDENTITY", "openEHR-DEMOGRAPHIC-PARTY_IDENTITY.organisation_name.v0", "Organisation name", "",
				rm.Child("details", locatable("ITEM_TREE", "at0001", "Items", rm.Child("items", element("at0010", "Name", rm.Text(name))))))),
			contact(address("at0461", "Business", street, "30161", "Hannover"), electronic("at0020", "Telephone", telephone)))
	}
	for i, name := range facilities {
		id := r.uuid()
		ids[name] = id
		list = append(list, organisation(id, name, "Am Park "+string(rune('1'+i)), "+49 511 555010"+string(rune('0'+i))))
	}
	for _, x := range professionals {
		who := [...]string{x.given, x.family, x.field, x.role}
		person, role := r.uuid(), r.uuid()
		ids[x.name] = person
		list = append(list,
			party(person, "PERSON", "openEHR-DEMOGRAPHIC-PERSON.person.v0", "Person", personName(who[0], who[1])),
			party(role, "ROLE", "openEHR-DEMOGRAPHIC-ROLE.individual_provider.v0", "Practitioner role",
				personName(who[0], who[1]),
				rm.Child("capabilities", root("CAPABILITY", "openEHR-DEMOGRAPHIC-CAPABILITY.individual_credentials.v0", "Professional credentials", "",
					rm.Child("credentials", locatable("ITEM_TREE", "at0001", "Details", rm.Child("items", element("at0010", "Field of practice", rm.Text(who[2]))))))),
				rm.Child("performer", partyRef("PERSON", person)),
				rm.Child("relationships", locatable("PARTY_RELATIONSHIP", "at0005", "Employment",
					rm.Child("details", locatable("ITEM_TREE", "at0050", "Details", rm.Child("items", element("at0052", "Employment role", rm.Text(who[3]))))),
					rm.Child("source", partyRef("ROLE", role)),
					rm.Child("target", partyRef("ORGANISATION", ids[hospital]))))))
	}
	return list, ids
}

func party(id, class, archetype, template string, fields ...rm.Field) Party {
	name := map[string]string{"PERSON": "Person", "ORGANISATION": "Organisation", "ROLE": "Individual healthcare provider"}[class]
	fields = append(fields, rm.Child("uid", rm.ID("HIER_OBJECT_ID", id)))
	return Party{id, rm.AppendJSON(nil, root(class, archetype, name, "Cairn - "+template+".v1", fields...))}
}

func partyRef(typ, id string) *rm.Node {
	return rm.Object("PARTY_REF", rm.Child("id", rm.ID("HIER_OBJECT_ID", id)), rm.Str("namespace", "local"), rm.Str("type", typ))
}

// coded is an archetype root whose name is a code.
func coded(class, archetype, code, name string, fields ...rm.Field) *rm.Node {
	return root(class, archetype, name, "", fields...).With("name", local(code, name))
}

func personName(given, family string) rm.Field {
	return rm.Child("identities", coded("PARTY_IDENTITY", "openEHR-DEMOGRAPHIC-PARTY_IDENTITY.person_name.v0", "at0027", "Legal name",
		rm.Child("details", locatable("ITEM_TREE", "at0001", "Name", rm.Child("items",
			element("at0002", "Given name", rm.Text(given)), element("at0003", "Family name", rm.Text(family)))))))
}

func contact(addresses ...*rm.Node) rm.Field {
	return rm.Child("contacts", locatable("CONTACT", "at0003", "Contact", rm.Child("addresses", addresses...)))
}

func address(code, name, line, postal, city string) *rm.Node {
	return coded("ADDRESS", "openEHR-DEMOGRAPHIC-ADDRESS.address.v0", code, name,
		rm.Child("details", locatable("ITEM_TREE", "at0001", "Address components", rm.Child("items",
			locatable("CLUSTER", "at0002", "Address lines", rm.Child("items", element("at0031", "Address line visualization", rm.Text(line)))),
			element("at0006", "Postal code", rm.Text(postal)),
			element("at0007", "Suburb/town/locality", rm.Text(city)),
			element("at0009", "Country identifier", rm.CodedText("Germany", "ISO_3166-1", "DE"))))))
}

func electronic(code, name, value string) *rm.Node {
	return coded("ADDRESS", "openEHR-DEMOGRAPHIC-ADDRESS.electronic_communication.v0", code, name,
		rm.Child("details", locatable("ITEM_TREE", "at0001", "Components", rm.Child("items", element("at0007", "Details", rm.Text(value))))))
}
