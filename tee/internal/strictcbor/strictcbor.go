// Package strictcbor is the one guard between attacker bytes and the CBOR
// library: it writes core deterministic encoding (RFC 8949 section 4.2.1) and
// reads nothing else.
package strictcbor

import (
	"bytes"
	"errors"
	"sync"

	"github.com/fxamacker/cbor/v2"
)

// Limits of every document, besides the size that the caller checks.
const (
	MaxDepth    = 8
	MaxElements = 256 // of one array
	MaxPairs    = 16  // of one map
)

// ErrNotDeterministic tells that a document is well formed but not the
// deterministic encoding of its content.
var ErrNotDeterministic = errors.New("strictcbor: not the deterministic encoding of its content")

var encoding = sync.OnceValues(func() (cbor.EncMode, error) {
	o := cbor.CoreDetEncOptions()
	// An absent list and an empty one are the same content, so both have the
	// same bytes; null is never written, hence never accepted.
	o.NilContainers = cbor.NilContainerAsEmpty
	o.TagsMd = cbor.TagsForbidden
	return o.EncMode()
})

var decoding = sync.OnceValues(func() (cbor.DecMode, error) {
	return cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
		UTF8:              cbor.UTF8RejectInvalid,
		MaxNestedLevels:   MaxDepth,
		MaxArrayElements:  MaxElements,
		MaxMapPairs:       MaxPairs,
	}.DecMode()
})

// Marshal writes v, a struct of integers, strings, byte strings and lists.
func Marshal(v any) ([]byte, error) {
	mode, err := encoding()
	if err != nil {
		return nil, err
	}
	return mode.Marshal(v)
}

// Unmarshal reads b into v, a pointer to a zero struct. It refuses duplicate
// keys, unknown fields, tags, indefinite lengths, trailing bytes, nesting
// beyond MaxDepth, and every document whose bytes Marshal would not write for
// the same content.
func Unmarshal(b []byte, v any) error {
	mode, err := decoding()
	if err != nil {
		return err
	}
	if err := mode.Unmarshal(b, v); err != nil {
		return err
	}
	again, err := Marshal(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, b) {
		return ErrNotDeterministic
	}
	return nil
}
