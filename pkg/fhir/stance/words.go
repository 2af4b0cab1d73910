package stance

import (
	"slices"
	"strings"
	"unicode"
)

// same compares words for a code: case, blanks and the tag of SNOMED CT's fully
// specified names do not count.
func same(a, b string) bool { return fold(a) == fold(b) }

var tags = []string{
	"disorder", "finding", "situation", "substance", "product", "medicinal product", "clinical drug", "procedure",
	"regime/therapy", "organism", "physical object", "medicinal product form", "event",
}

func fold(s string) string {
	s = strings.Join(strings.Fields(strings.ToLower(s)), " ")
	if i := strings.LastIndex(s, " ("); i > 0 && strings.HasSuffix(s, ")") && slices.Contains(tags, s[i+2:len(s)-1]) {
		s = s[:i]
	}
	return s
}

// mayDeny reports whether words could say that something is not so. It is no
// proof of the contrary: it only stops what a trusted code should not stand
// beside. Words are compared whole, in the languages that the list knows; letters
// of other scripts are not understood and may deny.
func mayDeny(s string) bool {
	letters := 0
	for _, r := range s {
		switch {
		case unicode.IsLetter(r) && (r > 0x24f || !unicode.In(r, unicode.Latin)), unicode.In(r, unicode.M, unicode.C):
			return true // another script, a letter in disguise, or what joins or hides letters
		case unicode.IsLetter(r):
			letters++
		}
	}
	if letters < 3 {
		return true // "?", "-", "o.B."
	}
	for _, w := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) }) {
		if negations[w] {
			return true
		}
	}
	return false
}

var negations = func() map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(`
		no not none non nil never neither nor nothing without absent absence absence denies denied deny denying negative negated free
		nka nkda nkfa nad nos unknown unremarkable excluded exclude excludes ruled refuted unlikely unconfirmed cancelled canceled stopped
		discontinued refused declined undone resolved ceased removed invalid error erroneous mistake wrong na nn
		kein keine keinen keiner keines nicht nie niemals ohne unbekannt ausgeschlossen ausschluss verneint negativ unauffällig abgesetzt
		geen niet nooit zonder onbekend uitgesloten ontkent negatief gestopt
		aucun aucune pas non jamais sans inconnu inconnue inconnues exclu exclue nie négatif négative absence arrêté
		ningún ninguno ninguna nunca sin niega desconocido desconocida excluido negativo negativa ausencia ausente
		nenhum nenhuma não nao sem nega desconhecido ausência
		nessun nessuno nessuna mai senza nega sconosciuto assente negativo
		ingen inga inget inte ikke aldrig aldri uden uten utan ukendt ukjent okänd okända negativt
		ei eikä ilman tuntematon brak bez nie nieznane žádné žádná žádný není neznámé nincs nem ismeretlen
		yok değil bilinmiyor nema nije ni nu fără niciun nicio pole puudub nav nėra`) {
		out[w] = true
	}
	return out
}()
