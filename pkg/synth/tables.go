package synth

// concept is a term with its SNOMED CT code and, for diagnoses, ICD-10 code.
type concept struct{ snomed, icd, text string }

type diagnosis struct {
	concept
	chronic bool
	minAge  int
}

var diagnoses = []diagnosis{
	{concept{"38341003", "I10", "Hypertensive disorder"}, true, 35},
	{concept{"44054006", "E11.9", "Diabetes mellitus type 2"}, true, 35},
	{concept{"46635009", "E10.9", "Diabetes mellitus type 1"}, true, 5},
	{concept{"195967001", "J45.9", "Asthma"}, true, 3},
	{concept{"13645005", "J44.9", "Chronic obstructive lung disease"}, true, 45},
	{concept{"49436004", "I48.9", "Atrial fibrillation"}, true, 50},
	{concept{"84114007", "I50.9", "Heart failure"}, true, 50},
	{concept{"53741008", "I25.1", "Coronary arteriosclerosis"}, true, 45},
	{concept{"22298006", "I21.9", "Myocardial infarction"}, false, 45},
	{concept{"35489007", "F32.9", "Depressive disorder"}, true, 16},
	{concept{"197480006", "F41.9", "Anxiety disorder"}, true, 14},
	{concept{"396275006", "M19.9", "Osteoarthritis"}, true, 45},
	{concept{"69896004", "M06.9", "Rheumatoid arthritis"}, true, 30},
	{concept{"64859006", "M81.9", "Osteoporosis"}, true, 55},
	{concept{"40930008", "E03.9", "Hypothyroidism"}, true, 20},
	{concept{"34486009", "E05.9", "Hyperthyroidism"}, true, 20},
	{concept{"235595009", "K21.9", "Gastroesophageal reflux disease"}, true, 25},
	{concept{"13200003", "K27.9", "Peptic ulcer"}, false, 25},
	{concept{"37796009", "G43.9", "Migraine"}, true, 12},
	{concept{"84757009", "G40.9", "Epilepsy"}, true, 3},
	{concept{"230690007", "I64", "Cerebrovascular accident"}, false, 50},
	{concept{"233604007", "J18.9", "Pneumonia"}, false, 1},
	{concept{"709044004", "N18.9", "Chronic kidney disease"}, true, 50},
	{concept{"55822004", "E78.5", "Hyperlipidemia"}, true, 35},
	{concept{"414916001", "E66.9", "Obesity"}, true, 12},
	{concept{"271737000", "D64.9", "Anemia"}, false, 10},
	{concept{"9014002", "L40.9", "Psoriasis"}, true, 15},
	{concept{"90560007", "M10.9", "Gout"}, true, 40},
	{concept{"74400008", "K37", "Appendicitis"}, false, 6},
	{concept{"68566005", "N39.0", "Urinary tract infectious disease"}, false, 5},
	{concept{"254837009", "C50.9", "Malignant neoplasm of breast"}, false, 35},
	{concept{"363406005", "C18.9", "Malignant tumor of colon"}, false, 45},
	{concept{"23986001", "H40.9", "Glaucoma"}, true, 50},
	{concept{"193570009", "H26.9", "Cataract"}, true, 55},
	{concept{"279039007", "M54.5", "Low back pain"}, true, 20},
	{concept{"49049000", "G20", "Parkinson's disease"}, true, 60},
	{concept{"26929004", "G30.9", "Alzheimer's disease"}, true, 65},
}

var freeTextProblems = []string{
	"Lives alone, needs help with shopping",
	"Recurrent falls at home",
	"Poor sleep since retirement",
	"Worried about memory",
	"Knee gives way when climbing stairs",
	"Smoker, wants to stop",
}

// substance is something a person may react to; category is the code of the
// archetype's value set.
type substance struct {
	concept
	category string
}

const (
	food       = "at0121"
	medication = "at0122"
	otherKind  = "at0123"
)

var substances = []substance{
	{concept{snomed: "764146007", text: "Penicillin"}, medication},
	{concept{snomed: "372687004", text: "Amoxicillin"}, medication},
	{concept{snomed: "387458008", text: "Aspirin"}, medication},
	{concept{snomed: "387207008", text: "Ibuprofen"}, medication},
	{concept{snomed: "387494007", text: "Codeine"}, medication},
	{concept{snomed: "373529000", text: "Morphine"}, medication},
	{concept{snomed: "363528007", text: "Sulfamethoxazole"}, medication},
	{concept{snomed: "762952008", text: "Peanut"}, food},
	{concept{snomed: "3718001", text: "Cow's milk"}, food},
	{concept{snomed: "412071004", text: "Wheat"}, food},
	{concept{snomed: "735971005", text: "Fish"}, food},
	{concept{snomed: "111088007", text: "Latex"}, otherKind},
	{concept{snomed: "288328004", text: "Bee venom"}, otherKind},
	{concept{snomed: "256277009", text: "Grass pollen"}, otherKind},
	{concept{snomed: "260147004", text: "House dust mite"}, otherKind},
}

var freeTextSubstances = []string{"Unknown antibiotic in childhood", "Hair dye", "Washing powder", "A blue blood pressure tablet"}

// manifestations, mild ones first.
var manifestations = []concept{
	{snomed: "418363000", text: "Itching of skin"},
	{snomed: "271807003", text: "Eruption of skin"},
	{snomed: "422587007", text: "Nausea"},
	{snomed: "62315008", text: "Diarrhea"},
	{snomed: "126485001", text: "Urticaria"},
	{snomed: "422400008", text: "Vomiting"},
	{snomed: "56018004", text: "Wheezing"},
	{snomed: "267036007", text: "Dyspnea"},
	{snomed: "41291007", text: "Angioedema"},
	{snomed: "39579001", text: "Anaphylaxis"},
}

var (
	familyNames = []string{
		"Albrecht", "Baumann", "Castell", "Dornfeld", "Eriksen", "Falkner", "Grünwald", "Hartwig", "Ilves",
		"Jansson", "Kessler", "Lindqvist", "Marchetti", "Nowak", "Oberlin", "Petrov", "Quandt", "Rossi", "Sørensen", "Tanaka",
		"Urban", "Vasquez", "Wexford", "Ximenes", "Yilmaz", "Zeller",
	}
	femaleNames = []string{
		"Ada", "Birgit", "Clara", "Dilara", "Eva", "Freya", "Greta", "Hanna", "Ingrid", "Johanna", "Katrin",
		"Lena", "Maria", "Nora", "Olga", "Paula", "Renate", "Sofia", "Teresa", "Ursula",
	}
	maleNames = []string{
		"Anton", "Bruno", "Carl", "David", "Emil", "Felix", "Georg", "Henrik", "Ivan", "Jonas", "Karl", "Lukas",
		"Mateo", "Niklas", "Oskar", "Paul", "Rafael", "Stefan", "Tomas", "Viktor",
	}
	clinicians = []string{
		"Dr. Miriam Falk", "Dr. Jan Osterholt", "Nurse Petra Lang", "Dr. Aisha Rahman", "Nurse Tom Berger",
		"Dr. Elena Moretti", "Nurse Ines Duarte", "Dr. Pavel Havel",
	}
	facilities = []string{"Northfield Health Centre", "St. Agnes Hospital", "Riverside Clinic", "Lakeside Nursing Home"}
	settings   = []setting{
		{"228", "primary medical care"},
		{"232", "secondary medical care"},
		{"229", "primary nursing care"},
		{"227", "emergency care"},
		{"225", "home"},
	}
)

type setting struct{ code, text string }
