package reproducible

import (
	"io/fs"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// ComparisonPredicateType is the predicate type of a comparison of two runs.
const ComparisonPredicateType = "https://github.com/sealwright/sealwright/reproducible/comparison/v1"

// comparisonPredicate is the wire form of a Comparison.
type comparisonPredicate struct {
	Verdict string           `json:"verdict"`
	A       wireInvocation   `json:"a"`
	B       wireInvocation   `json:"b"`
	Outputs []wireOutputPair `json:"outputs"`
}

type wireInvocation struct {
	Spec     digest.Digest `json:"spec"`
	Achieved Guarantees    `json:"achieved"`
	Started  string        `json:"startedOn,omitempty"`
	Finished string        `json:"finishedOn,omitempty"`
}

type wireOutputPair struct {
	Path string      `json:"path"`
	A    *wireOutput `json:"a,omitempty"`
	B    *wireOutput `json:"b,omitempty"`
}

type wireOutput struct {
	SHA256 digest.Digest `json:"sha256"`
	Size   int64         `json:"size"`
	Mode   string        `json:"mode"` // octal, four digits
}

// ComparisonStatement makes c an in-toto statement whose subjects are the
// outputs of run A. A difference is stated as well as an agreement: a negative
// result is evidence too. An Incomparable c is refused. Equal input gives equal
// bytes.
func ComparisonStatement(c Comparison) (*attest.Statement, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	p := comparisonPredicate{Verdict: c.Verdict().String(), A: wireOf(c.A), B: wireOf(c.B)}
	for _, o := range c.Outputs {
		p.Outputs = append(p.Outputs, wireOutputPair{o.Path, wireOutputOf(o.A), wireOutputOf(o.B)})
	}
	return attest.NewStatement(ComparisonPredicateType, p, c.subjects()...)
}

// subjects are the outputs that run A made.
func (c Comparison) subjects() []attest.Descriptor {
	var out []attest.Descriptor
	for _, o := range c.Outputs {
		if o.A != (Output{}) {
			out = append(out, attest.Descriptor{Name: o.Path, Digest: o.A.SHA256.Set()})
		}
	}
	return out
}

// ParseComparison reads a statement that ComparisonStatement made. It refuses
// unknown fields, a verdict that does not follow from the outputs, and subjects
// that are not exactly the outputs of run A. Whether the statement may be
// believed is for an attest.Verifier to say.
func ParseComparison(s *attest.Statement) (*Comparison, error) {
	if s == nil {
		return nil, attest.Refuse(CodeComparison, "statement", "a statement", "nil")
	}
	if s.PredicateType() != ComparisonPredicateType {
		return nil, attest.Refuse(CodeComparison, "/predicateType", ComparisonPredicateType, excerpt.Quote(s.PredicateType()))
	}
	var p comparisonPredicate
	if err := strictjson.Unmarshal(s.Predicate(), &p, strictjson.Options{Depth: 8}); err != nil {
		return nil, attest.Refuse(CodeComparison, "/predicate", "strict JSON of a comparison", "").Because(err)
	}
	c, err := p.comparison()
	if err != nil {
		return nil, err
	}
	if err := c.validate(); err != nil {
		return nil, attest.Refuse(CodeComparison, "/predicate", "comparable runs", "").Because(err)
	}
	if got := c.Verdict().String(); p.Verdict != got {
		return nil, attest.Refuse(CodeComparison, "/predicate/verdict", got, excerpt.Quote(p.Verdict))
	}
	return c, checkSubjects(c.subjects(), s.Subjects())
}

func checkSubjects(want, got []attest.Descriptor) error {
	if len(want) != len(got) {
		return attest.Refuse(CodeComparison, "/subject", strconv.Itoa(len(want))+" outputs", strconv.Itoa(len(got)))
	}
	for i := range want {
		if want[i].Name != got[i].Name || !want[i].Digest.Equal(got[i].Digest) {
			return attest.Refuse(CodeComparison, "/subject/"+strconv.Itoa(i),
				excerpt.Quote(want[i].Name)+" "+want[i].Digest.String(), excerpt.Quote(got[i].Name)+" "+got[i].Digest.String())
		}
	}
	return nil
}

func (p comparisonPredicate) comparison() (*Comparison, error) {
	a, err := p.A.invocation("/predicate/a")
	if err != nil {
		return nil, err
	}
	b, err := p.B.invocation("/predicate/b")
	if err != nil {
		return nil, err
	}
	c := &Comparison{A: a, B: b}
	for i, o := range p.Outputs {
		where := "/predicate/outputs/" + strconv.Itoa(i)
		pair := OutputPair{Path: o.Path}
		if pair.A, err = o.A.output(where + "/a"); err != nil {
			return nil, err
		}
		if pair.B, err = o.B.output(where + "/b"); err != nil {
			return nil, err
		}
		c.Outputs = append(c.Outputs, pair)
	}
	return c, nil
}

func wireOf(i Invocation) wireInvocation {
	return wireInvocation{i.Spec, i.Achieved, timeText(i.Started), timeText(i.Finished)}
}

func (w wireInvocation) invocation(where string) (Invocation, error) {
	i := Invocation{Spec: w.Spec, Achieved: w.Achieved}
	for _, t := range []struct {
		text string
		to   *time.Time
	}{{w.Started, &i.Started}, {w.Finished, &i.Finished}} {
		if t.text == "" {
			continue
		}
		parsed, err := time.Parse(time.RFC3339Nano, t.text)
		if err != nil || timeText(parsed) != t.text {
			return Invocation{}, attest.Refuse(CodeComparison, where, "a time in UTC as RFC 3339 has it", excerpt.Quote(t.text)).Because(err)
		}
		*t.to = parsed
	}
	return i, nil
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func wireOutputOf(o Output) *wireOutput {
	if o == (Output{}) {
		return nil
	}
	return &wireOutput{o.SHA256, o.Size, modeText(o.Mode)}
}

func (w *wireOutput) output(where string) (Output, error) {
	if w == nil {
		return Output{}, nil
	}
	mode, err := strconv.ParseUint(w.Mode, 8, 9)
	if err != nil || modeText(fs.FileMode(mode)) != w.Mode {
		return Output{}, attest.Refuse(CodeComparison, where, "four octal digits of permission bits", excerpt.Quote(w.Mode)).Because(err)
	}
	return Output{w.SHA256, w.Size, fs.FileMode(mode)}, nil
}

func modeText(m fs.FileMode) string {
	text := strconv.FormatUint(uint64(m.Perm()), 8)
	return "0000"[:4-len(text)] + text
}
