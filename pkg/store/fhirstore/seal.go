package fhirstore

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cairn-ehr/cairn/pkg/errs"
)

// Keys encrypt the headers of subscriptions in the database: AES-256-GCM, each
// with a nonce of its own and bound to its subscription and place. The first key
// encrypts, all decrypt. A nil *Keys encrypts nothing and reads what is plain.
type Keys struct{ list []sealer }

type sealer struct {
	name string // of the key: the beginning of its digest
	aead cipher.AEAD
}

// keyBytes is the length of a key.
const keyBytes = 32

// sealedPrefix begins a header that is encrypted. No other does: there is no space
// in a header's name.
const sealedPrefix = "aes-256-gcm "

// ParseKeys reads keys of 32 bytes in base64 or hexadecimal; nil for none.
func ParseKeys(list []string) (*Keys, error) {
	const op = "fhirstore.ParseKeys"
	if len(list) == 0 {
		return nil, nil
	}
	k := &Keys{}
	for i, s := range list {
		s = strings.TrimSpace(s)
		key, err := hex.DecodeString(s)
		if err != nil {
			key, err = base64.StdEncoding.DecodeString(s)
		}
		if err != nil || len(key) != keyBytes {
			return nil, errs.New(errs.Invalid, op, fmt.Sprintf("key %d is not %d bytes in base64 or hexadecimal, such as `openssl rand -base64 %d` gives", i+1, keyBytes, keyBytes))
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, errs.Wrap(errs.Internal, op, "", err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, errs.Wrap(errs.Internal, op, "", err)
		}
		digest := sha256.Sum256(key)
		k.list = append(k.list, sealer{hex.EncodeToString(digest[:4]), aead})
	}
	return k, nil
}

// bound is what a header belongs to.
func bound(id uuid.UUID, place int) []byte { return fmt.Appendf(nil, "%s %d", id, place) }

// seal encrypts headers.
func (k *Keys) seal(id uuid.UUID, headers []string) ([]string, error) {
	if len(headers) == 0 {
		return nil, nil
	}
	if k == nil {
		return nil, errs.New(errs.Unprocessable, "fhirstore.seal", "headers are not kept: this server has no key to encrypt them with")
	}
	with := k.list[0]
	out := make([]string, len(headers))
	for i, h := range headers {
		nonce := make([]byte, with.aead.NonceSize())
		rand.Read(nonce) // never fails
		out[i] = sealedPrefix + with.name + " " + base64.StdEncoding.EncodeToString(with.aead.Seal(nonce, nonce, []byte(h), bound(id, i)))
	}
	return out, nil
}

// open decrypts headers; current is false if they are not all encrypted by the
// first key. Those of a time without a key are plain.
func (k *Keys) open(id uuid.UUID, stored []string) (headers []string, current bool, err error) {
	const op = "fhirstore.open"
	current = true
	for i, s := range stored {
		rest, ok := strings.CutPrefix(s, sealedPrefix)
		if !ok {
			headers, current = append(headers, s), false
			continue
		}
		name, text, _ := strings.Cut(rest, " ")
		var with *sealer
		for j := range k.all() {
			if k.list[j].name == name {
				with, current = &k.list[j], current && j == 0
			}
		}
		if with == nil {
			return nil, false, errs.New(errs.Unavailable, op, "the key that the headers of the subscription are encrypted with is not configured")
		}
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(data) < with.aead.NonceSize() {
			return nil, false, errs.New(errs.Internal, op, "the stored headers are damaged")
		}
		n := with.aead.NonceSize()
		plain, err := with.aead.Open(nil, data[:n], data[n:], bound(id, i))
		if err != nil {
			return nil, false, errs.Wrap(errs.Internal, op, "the stored headers are damaged", err)
		}
		headers = append(headers, string(plain))
	}
	return headers, current, nil
}

func (k *Keys) all() []sealer {
	if k == nil {
		return nil
	}
	return k.list
}

// Seal has the reader encrypt and decrypt the headers of subscriptions. It is
// called before the reader is used.
func (r *Reader) Seal(k *Keys) { r.keys = k }

// Reseal encrypts with the first key what is stored plain or by another one, and
// gives how many subscriptions that were, and how many have headers that no key
// here decrypts. Without a key it only counts those.
func (r *Reader) Reseal(ctx context.Context) (done, lost int, err error) {
	const op = "fhirstore.Reseal"
	err = pgx.BeginFunc(ctx, r.store.Pool(), func(tx pgx.Tx) error {
		list, err := r.subscriptions(ctx, tx, `cardinality(headers) > 0 order by subscription_no for no key update`)
		if err != nil {
			return err
		}
		for _, s := range list {
			switch {
			case s.Sealed != nil:
				lost++
				continue
			case s.Current || r.keys == nil:
				continue
			}
			sealed, err := r.keys.seal(s.ID, s.Headers)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `update fhir_subscription set headers = $2 where subscription_no = $1`, s.Number, sealed); err != nil {
				return err
			}
			done++
		}
		return nil
	})
	return done, lost, fail(op, err)
}
