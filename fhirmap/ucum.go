package fhirmap

import "strings"

// ucumAtoms are unit symbols of UCUM in clinical use, case sensitive; those
// that take a metric prefix are marked true.
var ucumAtoms = map[string]bool{
	// base and derived metric units
	"m": true, "s": true, "g": true, "rad": true, "K": true, "C": true, "cd": true, "mol": true, "sr": true,
	"Hz": true, "N": true, "Pa": true, "J": true, "W": true, "A": true, "V": true, "F": true, "Ohm": true,
	"S": true, "Wb": true, "Cel": true, "T": true, "H": true, "lm": true, "lx": true, "Bq": true, "Gy": true,
	"Sv": true, "l": true, "L": true, "ar": true, "t": true, "bar": true, "u": true, "eV": true, "kat": true,
	"U": true, "eq": true, "osm": true, "cal": true, "m[H2O]": true, "m[Hg]": true, "Np": true, "B": true,
	"dyn": true, "erg": true, "P": true, "St": true, "Ci": true, "R": true, "RAD": true, "REM": true,
	"g%": true, "[iU]": true, "[IU]": true, "bit": false, "By": true, "Bd": true, "kgf": false, "gf": true, "G": true,
	// not metric
	"min": false, "h": false, "d": false, "wk": false, "mo": false, "a": false, "mo_j": false, "a_j": false,
	"deg": false, "'": false, "''": false, "gon": false, "%": false, "[pH]": false, "[ppth]": false,
	"[ppm]": false, "[ppb]": false, "[pptr]": false, "[pi]": false, "10*": false, "10^": false,
	"[degF]": false, "[degRe]": false, "[in_i]": false, "[ft_i]": false, "[yd_i]": false, "[mi_i]": false,
	"[lb_av]": false, "[oz_av]": false, "[stone_av]": false, "[gr]": false, "[foz_us]": false, "[cup_us]": false,
	"[tbs_us]": false, "[tsp_us]": false, "[pt_us]": false, "[gal_us]": false, "[in_us]": false, "[Cal]": false,
	"[drp]": false, "[diop]": false, "[hnsf'U]": false, "[arb'U]": false, "[USP'U]": false, "[CFU]": false,
	"[FFU]": false, "[PFU]": false, "[Lf]": false, "[GPL'U]": false, "[MPL'U]": false, "[APL'U]": false,
	"[beth'U]": false, "[anti'Xa'U]": false, "[todd'U]": false, "[dye'U]": false, "[smgy'U]": false,
	"[bdsk'U]": false, "[ka'U]": false, "[knk'U]": false, "[mclg'U]": false, "[tb'U]": false, "[MET]": false,
	"[PRU]": false, "[Ch]": false, "[car_Au]": false, "[HPF]": false, "[LPF]": false, "[ELU]": false, "[EID_50'U]": false,
	"atm": false, "att": false, "[psi]": false, "[hp_X]": false, "[hp_C]": false, "[g]": true, "[p'diop]": false,
	"circ": false, "sph": false, "[S]": false, "[kn_i]": false, "[AU]": false, "[BAU]": false, "[Amb'a'1'U]": false,
	"[D'ag'U]": false, "[TCID_50]": false, "[CCID_50]": false, "[m/s2/Hz^0.5]": false, "B[SPL]": true, "B[V]": true,
	"[mesh_i]": false, "[D'ag'u]": false, "[sft_i]": false, "[sin_i]": false, "[cin_i]": false, "[cft_i]": false,
}

// ucumPrefixes are the metric prefixes.
var ucumPrefixes = []string{"da", "Ki", "Mi", "Gi", "Ti", "Y", "Z", "E", "P", "T", "G", "M", "k", "h", "d", "c", "m", "u", "n", "p", "f", "a", "z", "y"}

// IsUCUM reports whether a unit is a well-formed UCUM term of atoms in clinical
// use. A unit that UCUM has and this list lacks counts as not UCUM: it is then
// shown as text, which loses no meaning.
func IsUCUM(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	p := ucumParser{s}
	return p.term(0) && p.rest == ""
}

type ucumParser struct{ rest string }

// term is components joined by . and /, the first of which may follow a slash.
func (p *ucumParser) term(depth int) bool {
	if depth > 8 {
		return false
	}
	p.take('/')
	for {
		if !p.component(depth) {
			return false
		}
		if !p.take('.') && !p.take('/') {
			return true
		}
	}
}

func (p *ucumParser) take(c byte) bool {
	if p.rest != "" && p.rest[0] == c {
		p.rest = p.rest[1:]
		return true
	}
	return false
}

func (p *ucumParser) component(depth int) bool {
	if p.take('(') {
		return p.term(depth+1) && p.take(')')
	}
	if p.annotation() {
		return true
	}
	n := digitCount(p.rest)
	if n > 0 && !strings.HasPrefix(p.rest, "10*") && !strings.HasPrefix(p.rest, "10^") {
		p.rest = p.rest[n:] // an integer factor
		p.annotation()
		return true
	}
	end := p.symbolEnd()
	// The exponent's digits are not part of the symbol, unless the symbol itself ends in digits.
	for k := end; k > 0; k-- {
		if known(p.rest[:k]) {
			p.rest = p.rest[k:]
			p.exponent()
			p.annotation()
			return p.rest == "" || strings.IndexByte("./)", p.rest[0]) >= 0
		}
	}
	return false
}

// symbolEnd is where the component must end: an operator, parenthesis or
// annotation outside square brackets.
func (p *ucumParser) symbolEnd() int {
	inside := false
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '[':
			inside = true
		case c == ']':
			inside = false
		case !inside && strings.IndexByte("./(){", c) >= 0:
			return i
		}
	}
	return len(p.rest)
}

func known(symbol string) bool {
	if _, ok := ucumAtoms[symbol]; ok {
		return true
	}
	for _, pre := range ucumPrefixes {
		if atom, ok := strings.CutPrefix(symbol, pre); ok && ucumAtoms[atom] {
			return true
		}
	}
	return false
}

func (p *ucumParser) exponent() {
	n := 0
	if p.rest != "" && (p.rest[0] == '+' || p.rest[0] == '-') {
		n = 1
	}
	if d := digitCount(p.rest[n:]); d > 0 {
		p.rest = p.rest[n+d:]
	}
}

// annotation is text in braces, which has no meaning of its own.
func (p *ucumParser) annotation() bool {
	if p.rest == "" || p.rest[0] != '{' {
		return false
	}
	end := strings.IndexByte(p.rest, '}')
	if end < 0 || strings.IndexFunc(p.rest[:end], func(r rune) bool { return r < '!' || r > '~' }) >= 0 ||
		strings.IndexByte(p.rest[1:end], '{') >= 0 {
		return false
	}
	p.rest = p.rest[end+1:]
	return true
}

func digitCount(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
