package digest

import (
	"encoding/binary"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Digest is one value under one algorithm. The zero Digest is invalid and
// equals nothing. Digests are comparable with ==; there is no comparison
// across algorithms.
type Digest struct {
	Algorithm Algorithm
	Hex       string // lower-case hexadecimal
}

// maxValue bounds a value of an algorithm that this package does not know.
const maxValue = 1024

// Parse reads "algorithm:hex", the form that OCI and this module's own
// documents use. The value must be lower-case and of the algorithm's length.
func Parse(s string) (Digest, error) {
	alg, hex, ok := strings.Cut(s, ":")
	if !ok {
		return Digest{}, &Error{Code: CodeSyntax, Want: "algorithm:hex", Got: excerpt.Quote(s)}
	}
	d := Digest{Algorithm: Algorithm(alg), Hex: hex}
	if err := d.Validate(); err != nil {
		return Digest{}, err
	}
	return d, nil
}

// String returns "algorithm:hex", or "" for the zero Digest.
func (d Digest) String() string {
	if d == (Digest{}) {
		return ""
	}
	return string(d.Algorithm) + ":" + d.Hex
}

// IsZero reports whether d is the zero Digest.
func (d Digest) IsZero() bool { return d == Digest{} }

// Set returns the set that holds only d.
func (d Digest) Set() Set { return Set{d.Algorithm: d.Hex} }

// MarshalText writes the form that Parse reads.
func (d Digest) MarshalText() ([]byte, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads the form that Parse reads.
func (d *Digest) UnmarshalText(text []byte) error {
	p, err := Parse(string(text))
	if err != nil {
		return err
	}
	*d = p
	return nil
}

// Validate reports whether d is well formed: a named algorithm, a value of
// that algorithm's length in lower-case hexadecimal. A value under an
// algorithm that this package does not know need only be short, printable
// ASCII without space: the in-toto list is open.
func (d Digest) Validate() error {
	if d.Algorithm == "" {
		return &Error{Code: CodeSyntax, Want: "an algorithm", Got: excerpt.Quote(d.String())}
	}
	if d.Hex == "" || len(d.Hex) > maxValue {
		return &Error{Code: CodeLength, Where: string(d.Algorithm), Want: "1 to 1024 characters", Got: strconv.Itoa(len(d.Hex))}
	}
	lengths := d.Algorithm.hexLengths()
	if lengths == nil {
		return validateForeign(d)
	}
	if !slices.Contains(lengths, len(d.Hex)) {
		return &Error{Code: CodeLength, Where: string(d.Algorithm), Want: lengthsText(lengths), Got: strconv.Itoa(len(d.Hex)) + " digits"}
	}
	if !lowerHex(d.Hex) {
		return &Error{Code: CodeSyntax, Where: string(d.Algorithm), Want: "lower-case hexadecimal", Got: excerpt.Quote(d.Hex)}
	}
	return nil
}

// lowerHex reports whether s, of a known algorithm and so of a multiple of eight bytes,
// is lower-case hexadecimal. Eight bytes at a time, for one at a time the processor
// would have to guess at each whether it is a digit or a letter.
func lowerHex(s string) bool {
	const ones, highest = 0x0101010101010101, 0x8080808080808080
	for i := 0; i < len(s); i += 8 {
		x := binary.LittleEndian.Uint64([]byte(s[i : i+8]))
		// The highest bit of a byte below 0x80 tells that it is not below k, once 0x80-k
		// is added to it.
		digits := (x + ones*(0x80-'0')) &^ (x + ones*(0x80-'9'-1))
		letters := (x + ones*(0x80-'a')) &^ (x + ones*(0x80-'f'-1))
		if (digits|letters)&^x&highest != highest {
			return false
		}
	}
	return true
}

func validateForeign(d Digest) error {
	for _, s := range []string{string(d.Algorithm), d.Hex} {
		for _, c := range []byte(s) {
			if c <= ' ' || c > '~' {
				return &Error{Code: CodeSyntax, Where: excerpt.Quote(string(d.Algorithm)), Want: "printable ASCII", Got: excerpt.Quote(s)}
			}
		}
	}
	return nil
}

func lengthsText(lengths []int) string {
	s := make([]string, len(lengths))
	for i, n := range lengths {
		s[i] = strconv.Itoa(n)
	}
	return strings.Join(s, " or ") + " hexadecimal digits"
}

// A Set holds digests of one artifact under several algorithms: the in-toto
// DigestSet. It marshals as a JSON object from algorithm to value.
type Set map[Algorithm]string

// Validate reports whether the set is not empty and each digest in it is well
// formed (see Digest.Validate).
func (s Set) Validate() error {
	if len(s) == 0 {
		return &Error{Code: CodeEmpty, Want: "at least one digest", Got: "none"}
	}
	for alg, hex := range s {
		if (Digest{alg, hex}).Validate() != nil {
			return s.fault()
		}
	}
	return nil
}

// fault returns what is wrong with the first digest that is not well formed.
func (s Set) fault() error {
	for _, alg := range s.Algorithms() {
		if err := (Digest{alg, s[alg]}).Validate(); err != nil {
			return err
		}
	}
	return nil
}

// Algorithms returns the set's algorithms in ascending order.
func (s Set) Algorithms() []Algorithm {
	if len(s) == 1 { // as most have
		for alg := range s {
			return []Algorithm{alg}
		}
	}
	return slices.Sorted(maps.Keys(s))
}

// Clone returns a copy that shares nothing with s.
func (s Set) Clone() Set { return maps.Clone(s) }

// Equal reports whether both sets hold exactly the same digests. To judge
// whether two sets speak of the same artifact, use Match.
func (s Set) Equal(t Set) bool { return maps.Equal(s, t) }

// Strongest returns the set's digest under its strongest collision-resistant
// algorithm; ties go to the first name. ok is false when it has none.
func (s Set) Strongest() (d Digest, ok bool) {
	best := 0
	for _, alg := range s.Algorithms() {
		if n := alg.strength(len(s[alg])); n > best {
			best, d = n, Digest{alg, s[alg]}
		}
	}
	return d, best > 0
}

// Match reports, by a nil error, that s and want speak of the same artifact:
// they share at least one collision-resistant algorithm, and no known
// algorithm that they share has different values. It is stricter than in-toto's
// rule that any one match suffices, under which a set with one right weak
// digest and one wrong strong digest passes. Match is symmetric. Both sets are
// validated first.
func (s Set) Match(want Set) error {
	if err := s.Validate(); err != nil {
		return err
	}
	if err := want.Validate(); err != nil {
		return err
	}
	strong := false
	for _, alg := range want.Algorithms() {
		got, shared := s[alg]
		if !shared || !alg.Known() {
			continue
		}
		if got != want[alg] {
			return &Error{Code: CodeMismatch, Where: string(alg), Want: want[alg], Got: got}
		}
		strong = strong || alg.strength(len(got)) > 0
	}
	if !strong {
		return &Error{Code: CodeNoShared, Want: want.String(), Got: s.String()}
	}
	return nil
}

// String returns the digests as "algorithm:hex", ordered by algorithm and
// separated by commas. It is for people and for error texts.
func (s Set) String() string {
	parts := make([]string, 0, len(s))
	for _, alg := range s.Algorithms() {
		parts = append(parts, Digest{alg, s[alg]}.String())
	}
	return strings.Join(parts, ",")
}
