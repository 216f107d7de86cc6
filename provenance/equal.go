package provenance

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// EqualJSON reports whether a and b are the same JSON value: objects regardless of
// the order of their keys, arrays with it, strings by their characters, numbers by
// their exact decimal value (1, 1.0 and 10e-1 are equal; 2^53 and 2^53+1 are not).
// Values of different types are never equal, and null equals only null. It refuses
// anything but strict JSON.
func EqualJSON(a, b json.RawMessage) (bool, error) {
	x, err := CanonicalJSON(a)
	if err != nil {
		return false, err
	}
	y, err := CanonicalJSON(b)
	if err != nil {
		return false, err
	}
	return bytes.Equal(x, y), nil
}

// CanonicalJSON returns the form of raw by which EqualJSON compares: keys sorted
// bytewise, no space, each number as its significant decimal digits and a power of
// ten ("15e-1"). It is not RFC 8785, which rounds numbers to IEEE 754 doubles.
func CanonicalJSON(raw json.RawMessage) ([]byte, error) {
	var v any
	if err := strictjson.Unmarshal(raw, &v, strictjson.Options{}); err != nil {
		return nil, attest.Refuse(CodeJSON, "", "strict JSON", "").Because(err)
	}
	return appendCanonical(nil, v)
}

func appendCanonical(out []byte, v any) ([]byte, error) {
	var err error
	switch v := v.(type) {
	case map[string]any:
		out = append(out, '{')
		for i, key := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(strconv.AppendQuote(out, key), ':')
			if out, err = appendCanonical(out, v[key]); err != nil {
				return nil, err
			}
		}
		return append(out, '}'), nil
	case []any:
		out = append(out, '[')
		for i, element := range v {
			if i > 0 {
				out = append(out, ',')
			}
			if out, err = appendCanonical(out, element); err != nil {
				return nil, err
			}
		}
		return append(out, ']'), nil
	case json.Number:
		return appendNumber(out, string(v))
	case string:
		return strconv.AppendQuote(out, v), nil
	case bool:
		return strconv.AppendBool(out, v), nil
	default:
		return append(out, "null"...), nil
	}
}

// maxExponent bounds exponents, in digits, so that no arithmetic on them can
// overflow.
const maxExponent = 9

// appendNumber writes a JSON number (RFC 8259 section 6) without rounding it.
func appendNumber(out []byte, s string) ([]byte, error) {
	mantissa, exp := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		digits := strings.TrimLeft(s[i+1:], "+-0")
		if len(digits) > maxExponent {
			return nil, attest.Refuse(CodeJSON, "", "an exponent of at most nine digits", excerpt.Quote(s))
		}
		if digits != "" {
			exp, _ = strconv.Atoi(digits)
		}
		if s[i+1] == '-' {
			exp = -exp
		}
		mantissa = s[:i]
	}
	negative := strings.HasPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(mantissa, "-"), ".")
	exp -= len(fraction)
	digits := strings.TrimLeft(whole+fraction, "0")
	trimmed := strings.TrimRight(digits, "0")
	exp += len(digits) - len(trimmed)
	if trimmed == "" {
		return append(out, '0'), nil // also -0, which is the same number
	}
	if negative {
		out = append(out, '-')
	}
	out = append(append(out, trimmed...), 'e')
	return strconv.AppendInt(out, int64(exp), 10), nil
}
