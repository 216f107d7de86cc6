package reproducible

import (
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Verdict is the outcome of a comparison. The zero Verdict is Incomparable.
type Verdict uint8

// The verdicts. Nothing but Identical says that the builds agree.
const (
	Incomparable Verdict = iota // nothing can be said
	Different                   // at least one output differs
	Identical                   // every output has the same bits and the same mode
)

// String returns "incomparable", "different" or "identical".
func (v Verdict) String() string {
	switch v {
	case Different:
		return "different"
	case Identical:
		return "identical"
	}
	return "incomparable"
}

// A Comparison sets the outputs of two runs of one spec beside each other. Its
// verdict follows from its contents and is never stored. The zero Comparison is
// Incomparable.
type Comparison struct {
	// A is the run whose outputs are being judged, B the one that repeats it.
	A, B Invocation
	// Outputs are the artifacts of both runs, in ascending order of path.
	Outputs []OutputPair
}

// An Invocation identifies one run.
type Invocation struct {
	Spec              digest.Digest // Result.Spec
	Achieved          Guarantees    // what that run really had
	Started, Finished time.Time
}

// An OutputPair is one path in two runs.
type OutputPair struct {
	Path string
	A, B Output
}

// An Output is one artifact's identity. The zero Output means that the run made
// no such artifact.
type Output struct {
	SHA256 digest.Digest
	Size   int64
	Mode   fs.FileMode // permission bits
}

// Compare sets two results beside each other, bit for bit: nothing is
// normalised. Where a result is missing, incomplete or a failure, where both are
// the same run, or where they ran different specs, it returns an error with
// CodeIncomparable and a Comparison whose verdict is Incomparable. That the runs
// differ is no error: ask Verdict or Err.
func Compare(a, b *Result) (Comparison, error) {
	if err := errors.Join(a.Validate(), b.Validate()); err != nil {
		return Comparison{}, attest.Refuse(CodeIncomparable, "results", "two complete results", "").Because(err)
	}
	if a == b {
		return Comparison{}, attest.Refuse(CodeIncomparable, "results", "two runs", "the same run twice")
	}
	c := Comparison{A: invocation(a), B: invocation(b)}
	if a.Spec != b.Spec {
		return Comparison{A: c.A, B: c.B}, attest.Refuse(CodeIncomparable, "Result.Spec", a.Spec.String(), b.Spec.String())
	}
	pairs := map[string]*OutputPair{}
	at := func(path string) *OutputPair {
		if pairs[path] == nil {
			pairs[path] = &OutputPair{Path: path}
		}
		return pairs[path]
	}
	for _, x := range a.Artifacts {
		at(x.Path).A = output(x)
	}
	for _, x := range b.Artifacts {
		at(x.Path).B = output(x)
	}
	for _, p := range pairs {
		c.Outputs = append(c.Outputs, *p)
	}
	slices.SortFunc(c.Outputs, func(x, y OutputPair) int { return compareText(x.Path, y.Path) })
	return c, nil
}

func invocation(r *Result) Invocation {
	return Invocation{Spec: r.Spec, Achieved: r.Achieved, Started: r.Started, Finished: r.Finished}
}

func output(a Artifact) Output {
	return Output{SHA256: a.sha256(), Size: a.Size, Mode: a.Mode}
}

// Verdict judges the contents of c. It is Incomparable unless both invocations
// ran the same spec and there is at least one output.
func (c Comparison) Verdict() Verdict {
	if c.validate() != nil {
		return Incomparable
	}
	for _, p := range c.Outputs {
		if p.A != p.B {
			return Different
		}
	}
	return Identical
}

// Err returns nil when the verdict is Identical, and otherwise one error for
// each difference, joined, or the reason why nothing can be said.
func (c Comparison) Err() error {
	if err := c.validate(); err != nil {
		return err
	}
	var faults []error
	for _, p := range c.Outputs {
		if p.A != p.B {
			faults = append(faults, attest.Refuse(CodeDifferent, excerpt.Quote(p.Path), p.A.String(), p.B.String()))
		}
	}
	return errors.Join(faults...)
}

// String returns digest, size and mode on one line, or "absent".
func (o Output) String() string {
	if o == (Output{}) {
		return "absent"
	}
	return o.SHA256.String() + " " + strconv.FormatInt(o.Size, 10) + " bytes " + o.Mode.String()
}

// validate reports whether a verdict can be drawn.
func (c Comparison) validate() error {
	if invalidDigest(c.A.Spec) || c.A.Spec != c.B.Spec {
		return attest.Refuse(CodeIncomparable, "spec", "one spec in both runs", c.A.Spec.String()+" and "+c.B.Spec.String())
	}
	if err := errors.Join(c.A.Achieved.Validate(), c.B.Achieved.Validate()); err != nil {
		return err
	}
	madeByA := false
	for i, p := range c.Outputs {
		where := "outputs[" + strconv.Itoa(i) + "]"
		if !ValidOutputPath(p.Path) || i > 0 && c.Outputs[i-1].Path >= p.Path {
			return attest.Refuse(CodeIncomparable, where, "clean paths in ascending order, each once", excerpt.Quote(p.Path))
		}
		if err := errors.Join(p.A.validate(where), p.B.validate(where)); err != nil {
			return err
		}
		if p.A == (Output{}) && p.B == (Output{}) {
			return attest.Refuse(CodeIncomparable, where, "an output of at least one run", "none")
		}
		madeByA = madeByA || p.A != Output{}
	}
	if !madeByA {
		return attest.Refuse(CodeIncomparable, "outputs", "at least one output of the first run", "none")
	}
	return nil
}

func (o Output) validate(where string) error {
	if o == (Output{}) {
		return nil
	}
	if invalidDigest(o.SHA256) || o.Size < 0 || o.Mode&^fs.ModePerm != 0 {
		return attest.Refuse(CodeIncomparable, where, "a SHA-256 digest, a size and permission bits", o.String())
	}
	return nil
}
