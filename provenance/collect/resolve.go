package collect

import (
	"errors"
	"maps"
	"slices"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Conflict is a fact about which sources disagree.
type Conflict struct {
	Kept    Fact   `json:"kept"`
	Dropped []Fact `json:"dropped"`
}

// A Record is what is known after all sources were heard: at most one fact for each
// key. It is immutable.
type Record struct {
	facts     map[Key]Fact
	inputs    []Artifact
	outputs   []Artifact
	conflicts []Conflict
	gaps      []Gap
}

// Resolve joins facts. Of several facts with one key and the same value, and of those
// that disagree, the one of the highest trust stays. It is an error if facts that are
// equally and most trusted disagree, and if any disagree about a decisive key: then
// somebody lies, and a build should not be attested. The error names all of them.
func Resolve(all ...*Facts) (*Record, error) {
	r := &Record{facts: map[Key]Fact{}}
	byKey := map[Key][]Fact{}
	for _, f := range all {
		if f == nil {
			return nil, attest.Refuse(CodeOption, "Resolve", "facts", "nil")
		}
		for _, fact := range f.Facts {
			byKey[fact.Key] = append(byKey[fact.Key], fact)
		}
		r.inputs = append(r.inputs, clone(f.Inputs)...)
		r.outputs = append(r.outputs, clone(f.Outputs)...)
		r.gaps = append(r.gaps, f.Gaps...)
	}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		kept, dropped := strongest(byKey[key])
		r.facts[key] = kept
		if len(dropped) == 0 {
			continue
		}
		r.conflicts = append(r.conflicts, Conflict{kept, dropped})
		for _, d := range dropped {
			if key.Decisive() || d.Trust == kept.Trust {
				errs = append(errs, attest.Refuse(CodeConflict, string(key),
					excerpt.Quote(kept.Value)+" of "+kept.Trust.String()+" "+kept.Origin,
					excerpt.Quote(d.Value)+" of "+d.Trust.String()+" "+d.Origin))
			}
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return r, nil
}

// strongest returns the first fact of the highest trust, and those with another value.
func strongest(facts []Fact) (kept Fact, dropped []Fact) {
	kept = facts[0]
	for _, f := range facts[1:] {
		if f.Trust > kept.Trust {
			kept = f
		}
	}
	for _, f := range facts {
		if f.Value != kept.Value {
			dropped = append(dropped, f)
		}
	}
	return kept, dropped
}

// Fact returns the fact of a key, and whether there is one.
func (r *Record) Fact(k Key) (Fact, bool) {
	f, ok := r.facts[k]
	return f, ok
}

// Value returns the value of a key; "" if there is none.
func (r *Record) Value(k Key) string { return r.facts[k].Value }

// Facts returns all facts in the order of their keys.
func (r *Record) Facts() []Fact {
	var out []Fact
	for _, k := range slices.Sorted(maps.Keys(r.facts)) {
		out = append(out, r.facts[k])
	}
	return out
}

// Conflicts returns the disagreements that were no error.
func (r *Record) Conflicts() []Conflict { return slices.Clone(r.conflicts) }

// Gaps returns what could not be learned.
func (r *Record) Gaps() []Gap { return slices.Clone(r.gaps) }

// Inputs returns the inputs that were found.
func (r *Record) Inputs() []Artifact { return clone(r.inputs) }

// Outputs returns the outputs that were found.
func (r *Record) Outputs() []Artifact { return clone(r.outputs) }

func clone(list []Artifact) []Artifact {
	out := slices.Clone(list)
	for i := range out {
		out[i].Descriptor = out[i].Descriptor.Clone()
	}
	return out
}
