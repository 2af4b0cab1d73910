// Package compact keeps the JSON of stored documents and resources in few bytes.
//
// A form begins with a byte that names it. What comes after is that form's own:
//
//	0x28        a zstd frame, whose magic number begins with this byte
//	0x01, 0x02  the CRC-32C of the text in 4 bytes, the lowest first, and an S2
//	            block with the dictionary canonical-1 or fhir-1
//
// Texts of up to 64 KiB become S2 blocks: with a dictionary these are smaller
// than zstd's and take about a third of the time to make and to expand. A dictionary
// reaches no further than that, so that longer texts become zstd frames, which
// is also what all texts were before.
//
// canonical-1 is the end of complete examples, in canonical JSON, of Cairn's
// templates for medications, adverse reactions, problems, laboratory reports and
// vital signs; fhir-1 that of the resources that Cairn's mappings make of such
// examples of all its templates. Neither may ever change, since stored bytes rest on
// it: a better one is another file with another byte.
package compact

import (
	_ "embed" // the dictionaries
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"sync"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// Max is the size of a text in bytes beyond which [Expand] refuses it.
const Max = 1 << 30

// Form is how a kind of text is made compact.
type Form byte

// The forms in use.
const (
	Canonical Form = 0x01 // canonical JSON of openEHR
	FHIR      Form = 0x02 // resources of FHIR in JSON, one after another

	frame Form = 0x28
)

// header is the length of what stands before a block: its form and the checksum.
const header = 1 + 4

var (
	//go:embed canonical-1.dict
	canonical1 []byte
	//go:embed fhir-1.dict
	fhir1 []byte

	dictionaries = map[Form]*s2.Dict{
		Canonical: s2.MakeDict(canonical1, []byte(`{"_type":"COMPOSITION","name":{"_type":"DV_TEXT","value":"`)),
		FHIR:      s2.MakeDict(fhir1, []byte(`{"resourceType":"Observation","`)),
	}
	castagnoli = crc32.MakeTable(crc32.Castagnoli)

	scratch = sync.Pool{New: func() any { return new([]byte) }}
	encoder = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithLowerEncoderMem(true))
		if err != nil {
			panic(err) // its options are constants
		}
		return e
	})
	decoder = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(Max), zstd.WithDecoderLowmem(true))
		if err != nil {
			panic(err)
		}
		return d
	})
)

// Make gives the compact form of a text, in memory of its own.
func (f Form) Make(text []byte) []byte {
	if len(text) > s2.MaxDictSize {
		return encoder().EncodeAll(text, make([]byte, 0, len(text)/8+64))
	}
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	if n := header + s2.MaxEncodedLen(s2.MaxDictSize); cap(*buf) < n {
		*buf = make([]byte, n)
	}
	b := append((*buf)[:0], byte(f))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(text, castagnoli))
	block := dictionaries[f].Encode(b[header:cap(b)], text)
	return slices.Clone(b[:header+len(block)])
}

// Expand appends the text of a compact form. It errs if the form is unknown,
// damaged, or of more than [Max] bytes.
func Expand(stored, dst []byte) ([]byte, error) {
	if len(stored) == 0 {
		return nil, errors.New("stored bytes are missing")
	}
	f := Form(stored[0])
	if f == frame {
		return decoder().DecodeAll(stored, dst)
	}
	dictionary := dictionaries[f]
	if dictionary == nil || len(stored) < header {
		return nil, fmt.Errorf("stored bytes of form %#x are not known", byte(f))
	}
	n, err := s2.DecodedLen(stored[header:])
	if err != nil {
		return nil, fmt.Errorf("stored bytes: %w", err)
	}
	if n > s2.MaxDictSize {
		return nil, fmt.Errorf("stored bytes have a length of %d, at most %d are possible", n, s2.MaxDictSize)
	}
	dst = slices.Grow(dst, n)
	text, err := dictionary.Decode(dst[len(dst):], stored[header:])
	if err != nil {
		return nil, fmt.Errorf("stored bytes: %w", err)
	}
	if crc32.Checksum(text, castagnoli) != binary.LittleEndian.Uint32(stored[1:]) {
		return nil, errors.New("stored bytes do not match their checksum")
	}
	return dst[:len(dst)+n], nil
}
