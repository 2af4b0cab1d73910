package synth

// medicine treats a diagnosis. Medicines are named in words: a code that was
// not checked against its terminology would be worse than none.
type medicine struct {
	diagnosis string // SNOMED CT code of what it is given for
	name      string
	dose      string
	route     string
	minAge    int
	// conflicts are the SNOMED CT codes of substances whose reaction forbids it.
	conflicts []string
	// instead is given where it is forbidden; "" for nothing.
	instead string
	// harmful medicines are not given in pregnancy.
	harmful bool
}

const (
	aspirin     = "387458008"
	ibuprofen   = "387207008"
	penicillin  = "764146007"
	amoxicillin = "372687004"
)

var medicines = []medicine{
	{diagnosis: "38341003", name: "Ramipril 5 mg tablet", dose: "one tablet in the morning", route: "Oral", minAge: 18, harmful: true},
	{diagnosis: "44054006", name: "Metformin 1000 mg tablet", dose: "one tablet with breakfast and dinner", route: "Oral", minAge: 18},
	{diagnosis: "46635009", name: "Insulin glargine 100 units/ml", dose: "14 units in the evening", route: "Subcutaneous", minAge: 5},
	{diagnosis: "195967001", name: "Salbutamol 100 micrograms inhaler", dose: "one or two puffs when short of breath", route: "Inhalation", minAge: 3},
	{diagnosis: "13645005", name: "Tiotropium 18 micrograms inhalation powder", dose: "one capsule inhaled in the morning", route: "Inhalation", minAge: 18},
	{diagnosis: "49436004", name: "Apixaban 5 mg tablet", dose: "one tablet morning and evening", route: "Oral", minAge: 18, harmful: true},
	{diagnosis: "84114007", name: "Furosemide 40 mg tablet", dose: "one tablet in the morning", route: "Oral", minAge: 18},
	{
		diagnosis: "53741008", name: "Aspirin 100 mg tablet", dose: "one tablet in the morning", route: "Oral", minAge: 18,
		conflicts: []string{aspirin, ibuprofen}, instead: "Clopidogrel 75 mg tablet", harmful: true,
	},
	{diagnosis: "35489007", name: "Sertraline 50 mg tablet", dose: "one tablet in the morning", route: "Oral", minAge: 18},
	{
		diagnosis: "396275006", name: "Ibuprofen 400 mg tablet", dose: "one tablet up to three times a day with food", route: "Oral", minAge: 18,
		conflicts: []string{aspirin, ibuprofen}, instead: "Paracetamol 500 mg tablet", harmful: true,
	},
	{diagnosis: "69896004", name: "Methotrexate 10 mg tablet", dose: "one tablet once a week, on Monday", route: "Oral", minAge: 18, harmful: true},
	{diagnosis: "40930008", name: "Levothyroxine 75 micrograms tablet", dose: "one tablet half an hour before breakfast", route: "Oral", minAge: 18},
	{diagnosis: "235595009", name: "Omeprazole 20 mg capsule", dose: "one capsule before breakfast", route: "Oral", minAge: 18},
	{diagnosis: "84757009", name: "Levetiracetam 500 mg tablet", dose: "one tablet morning and evening", route: "Oral", minAge: 12},
	{diagnosis: "55822004", name: "Atorvastatin 20 mg tablet", dose: "one tablet in the evening", route: "Oral", minAge: 18, harmful: true},
	{diagnosis: "90560007", name: "Allopurinol 100 mg tablet", dose: "one tablet after breakfast", route: "Oral", minAge: 18},
	{diagnosis: "23986001", name: "Latanoprost 50 micrograms/ml eye drops", dose: "one drop in each eye in the evening", route: "Ophthalmic", minAge: 18},
	{diagnosis: "49049000", name: "Levodopa 100 mg and benserazide 25 mg tablet", dose: "one tablet three times a day", route: "Oral", minAge: 18},
	{
		diagnosis: "233604007", name: "Amoxicillin 750 mg tablet", dose: "one tablet three times a day for seven days", route: "Oral", minAge: 12,
		conflicts: []string{penicillin, amoxicillin}, instead: "Doxycycline 100 mg tablet", harmful: false,
	},
}

// analyte is a quantity that laboratories measure. The LOINC codes and names
// are those of the value set "Top 2000 lab observations, SI" of the Swiss FHIR
// guide for laboratory orders.
type analyte struct {
	loinc, name, short string
	units              string
	mean, deviation    float64
	low, high          float64 // reference range
	digits             int
}

var analytes = []analyte{
	{loinc: "718-7", name: "Hemoglobin [Mass/volume] in Blood", short: "Haemoglobin", units: "g/dl", mean: 14, deviation: 1.1, low: 12, high: 17.5, digits: 1},
	{loinc: "2951-2", name: "Sodium [Moles/volume] in Serum or Plasma", short: "Sodium", units: "mmol/l", mean: 140, deviation: 2.4, low: 135, high: 145},
	{loinc: "2823-3", name: "Potassium [Moles/volume] in Serum or Plasma", short: "Potassium", units: "mmol/l", mean: 4.2, deviation: 0.35, low: 3.5, high: 5.1, digits: 1},
	{loinc: "14682-9", name: "Creatinine [Moles/volume] in Serum or Plasma", short: "Creatinine", units: "umol/l", mean: 78, deviation: 12, low: 45, high: 104},
	{loinc: "14749-6", name: "Glucose [Moles/volume] in Serum or Plasma", short: "Glucose", units: "mmol/l", mean: 5.2, deviation: 0.5, low: 3.9, high: 6.1, digits: 1},
}

// vaccine has the least age in years and how often it is given.
type vaccine struct {
	name, against string
	minAge, doses int
}

var vaccines = []vaccine{
	{"Measles, mumps and rubella vaccine", "Measles, mumps, rubella", 1, 2},
	{"Tetanus and diphtheria vaccine", "Tetanus, diphtheria", 5, 1},
	{"Influenza vaccine", "Influenza", 60, 1},
	{"Pneumococcal vaccine", "Pneumococcal disease", 60, 1},
}

// operations that a diagnosis leads to, by SNOMED CT code of the diagnosis.
var operations = map[string]struct{ name, site, outcome string }{
	"74400008":  {"Laparoscopic appendectomy", "Appendix", "Removed without complications"},
	"22298006":  {"Percutaneous coronary intervention", "Left anterior descending artery", "One stent placed, good flow"},
	"193570009": {"Cataract extraction with lens implant", "Right eye", "Sight improved"},
	"396275006": {"Total knee replacement", "Left knee", "Mobile with crutches"},
	"363406005": {"Right hemicolectomy", "Colon", "Margins free of tumour"},
	"254837009": {"Breast-conserving surgery", "Left breast", "Margins free of tumour"},
}
