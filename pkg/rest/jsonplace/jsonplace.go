// Package jsonplace says where a JSON body of a client is wrong, as a JSON Pointer or a
// position, and never what stands there.
package jsonplace

import (
	"errors"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	jsonv2 "github.com/go-json-experiment/json"
)

// Of is the place at which decoding failed, as the end of an error message and
// without repeating anything of the body; empty if err tells none.
func Of(err error) string {
	var semantic *jsonv2.SemanticError
	if errors.As(err, &semantic) {
		if semantic.JSONPointer != "" {
			return "; wrong at " + string(semantic.JSONPointer)
		}
		return ""
	}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		return "; not well-formed at byte " + strconv.FormatInt(syntactic.ByteOffset, 10)
	}
	return ""
}
