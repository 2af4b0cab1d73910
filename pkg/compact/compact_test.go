package compact

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// Stored bytes rest on these: another dictionary needs another form.
func TestDictionariesNeverChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"canonical-1": {canonical1, "8ac2b9ee79584da20b05a0d6624c003b14fc393214a0a444df56868f2c8b51c0"},
		"fhir-1":      {fhir1, "7032e7f815b7a5e623b5732af54a8c39f5eafb12e5441d9621e8dd289b90d815"},
	} {
		if sum := sha256.Sum256(c.data); hex.EncodeToString(sum[:]) != c.want {
			t.Errorf("%s has the digest %x, stored bytes were made with %s", name, sum, c.want)
		}
	}
	// What was stored once can be read, whatever becomes of the library that made it.
	const text = `{"_type":"DV_QUANTITY","magnitude":120.0,"units":"mm[Hg]"},{"_type":"DV_QUANTITY","magnitude":80.0,"units":"mm[Hg]"}`
	for _, stored := range []string{
		"0143ef50567415000266c9000432302ecb001ea855002c8a3b0000384e3a00007d",
		"0243ef505674947b225f74797065223a2244565f5155414e54495459222c226d61676e6974756465223a313230515100732a9c3f002c8a3b0000384e3a00007d",
	} {
		b, err := hex.DecodeString(stored)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Expand(b, nil); err != nil || string(got) != text {
			t.Errorf("%s expands to %q, %v", stored, got, err)
		}
	}
}

func texts() [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, s2.MaxDictSize+1)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	example := []byte(`{"_type":"COMPOSITION","name":{"_type":"DV_TEXT","value":"Vital signs"},"archetype_node_id":"openEHR-EHR-COMPOSITION.encounter.v1"}`)
	return [][]byte{
		{},
		[]byte("x"), []byte("{}"), example, bytes.Repeat(example, 20), bytes.Repeat(example, 2000),
		canonical1, fhir1, noise[:100], noise[:s2.MaxDictSize-1], noise[:s2.MaxDictSize], noise,
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, f := range []Form{Canonical, FHIR} {
		for _, text := range texts() {
			stored := f.Make(text)
			if want := f; len(text) > s2.MaxDictSize {
				want = frame
				if Form(stored[0]) != want {
					t.Errorf("%d bytes are of form %#x, want %#x", len(text), stored[0], want)
				}
			}
			for _, before := range [][]byte{nil, []byte("before"), append(make([]byte, 0, 1<<20), "before"...)} {
				got, err := Expand(stored, before)
				if err != nil || !bytes.Equal(got, append(bytes.Clone(before), text...)) {
					t.Errorf("%d bytes of form %#x: %v, or not the same", len(text), f, err)
				}
			}
		}
	}
}

// A text that was stored before there were other forms is a zstd frame.
func TestFrame(t *testing.T) {
	t.Parallel()
	e, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts()[1:] {
		got, err := Expand(e.EncodeAll(text, nil), nil)
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("a frame of %d bytes: %v, or not the same", len(text), err)
		}
	}
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	text := bytes.Repeat([]byte(`{"_type":"DV_TEXT","value":"a"}`), 30)
	stored := Canonical.Make(text)
	for i := range stored {
		for bit := range 8 {
			damaged := bytes.Clone(stored)
			damaged[i] ^= 1 << bit
			// Two blocks may mean the same.
			if got, err := Expand(damaged, nil); err == nil && !bytes.Equal(got, text) {
				t.Fatalf("bit %d of byte %d differs, and another text is given", bit, i)
			}
		}
		if _, err := Expand(stored[:i], nil); err == nil {
			t.Fatalf("the first %d bytes of %d were taken", i, len(stored))
		}
	}
	if _, err := Expand([]byte{7, 0, 0, 0, 0, 0}, nil); err == nil || !strings.Contains(err.Error(), "0x7") {
		t.Errorf("an unknown form: %v", err)
	}
	// A block may not say that it has more than a form can.
	if _, err := Expand([]byte{byte(Canonical), 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f}, nil); err == nil || !strings.Contains(err.Error(), "length") {
		t.Errorf("a block of 4 GiB: %v", err)
	}
}

func FuzzExpand(f *testing.F) {
	for _, text := range texts()[:5] {
		f.Add(Canonical.Make(text))
		f.Add(FHIR.Make(text))
	}
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd})
	f.Fuzz(func(t *testing.T, stored []byte) {
		text, err := Expand(stored, nil)
		if err != nil {
			return
		}
		if again, err := Expand(Canonical.Make(text), nil); err != nil || !bytes.Equal(again, text) {
			t.Errorf("%d bytes come back as others: %v", len(text), err)
		}
	})
}
