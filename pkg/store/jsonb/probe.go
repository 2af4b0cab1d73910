package jsonb

import (
	"strconv"
	"strings"
	"sync"
)

// Probe is a text with all that a value can have, and the bytes that a database
// keeps for it if it uses the form that is written here: if it gives others, it
// must not be sent any. Neither is to be changed.
func Probe() (text string, kept []byte) {
	probeOnce.Do(func() {
		probeText = probe()
		var w Writer
		var err error
		if probeKept, err = w.Append(nil, []byte(probeText)); err != nil {
			panic("the probe cannot be written: " + err.Error())
		}
	})
	return probeText, probeKept
}

var (
	probeOnce sync.Once
	probeText string
	probeKept []byte
)

func probe() string {
	var b strings.Builder
	b.WriteString(`{"numbers":[0,-0,0.00,1,-1,9999,10000,10001,120.5,0.0001,0.00001,-0.50,1234567890.0987654321,40000000,` +
		strings.Repeat("9", maxInteger) + `,0.` + strings.Repeat("0", maxFraction-1) + `7,1` + strings.Repeat("0", 64) + `],` +
		`"strings":["","a","ab","abc","abcd","\u00e4\ud83d\ude00\"\\\/\b\f\n\r\t","漢字"],` +
		`"others":[true,false,null,{},[],[[]],{"a":{}}],"b":1,"aa":"x","ab":[1,"y",2,{"z":3}],"b":"the last is kept","` + strings.Repeat("k", 300) + `":1`)
	for i := range 70 {
		n := strconv.Itoa(i)
		b.WriteString(`,"m` + n + `":` + []string{n, `"` + n + `"`, "null", `{"n":` + n + `}`}[i%4])
	}
	b.WriteString(`,"list":[0`)
	for i := range 70 {
		b.WriteString(`,"` + strings.Repeat("v", i%5) + `"`)
	}
	return b.String() + `]}`
}
