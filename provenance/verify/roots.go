package verify

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
)

// MaxLevel is the highest SLSA Build level.
const MaxLevel = 3

// A Grant lets one signer speak for one builder (SLSA v1.2, verifying artifacts,
// step 1: the map from signer identity and builder.id to a level).
type Grant struct {
	// Signer is a principal (attest.Identity.Principal).
	Signer string
	// BuilderID is compared exactly, but for Refs.
	BuilderID string
	// Refs, if not nil, are the versions at which the builder is trusted. BuilderID is
	// then its id without '@' and ref. Signer may be written without them too, if it
	// signs as the builder at that very ref.
	Refs *Refs
	// Level is the highest SLSA Build level that the pair is trusted to, 1 to 3.
	Level int
	// NotBefore and NotAfter are the window in which the grant counts, if they are
	// not zero: the earliest trusted time of the evidence must lie in it.
	NotBefore, NotAfter time.Time
	// Runner, if not empty, is the kind of machine that the signer's certificate must
	// claim (buildtype.Claims.Runner). Another kind, or none, caps the level at 1.
	Runner string
	// Operator names who runs the platform. Builds under grants of different
	// operators count as independent; those of an unnamed one do not.
	Operator string
}

// Roots are whom a consumer trusts. A builder that no grant names is capped at
// level 1; a builder that is granted to other signers is refused.
type Roots struct {
	// Authorities are the verifiers whose evidence is accepted; at least one. A
	// name that begins with "test:" is refused unless Testing is set.
	Authorities []string
	// Grants may be empty.
	Grants []Grant
	// Environments are the appraisal policies for hardware evidence that are trusted.
	// Without them no appraisal counts.
	Environments []Environment
	// Testing accepts synthetic evidence. The verdict tells so.
	Testing bool
}

// Validate reports every fault of r, joined.
func (r Roots) Validate() error {
	var errs []error
	refuse := func(where, want, got string) {
		errs = append(errs, attest.Refuse(CodeRoots, where, want, got))
	}
	if len(r.Authorities) == 0 {
		refuse("Authorities", "at least one", "none")
	}
	for _, a := range r.Authorities {
		if a == "" || strings.HasPrefix(a, "test:") && !r.Testing {
			refuse("Authorities", "a real authority, unless Testing", strconv.Quote(a))
		}
	}
	for i, g := range r.Grants {
		where := "Grants[" + strconv.Itoa(i) + "]"
		if g.Signer == "" || attest.CheckTypeURI(g.BuilderID) != nil {
			refuse(where, "a signer and a builder id that is a URI", strconv.Quote(g.Signer)+" and "+strconv.Quote(g.BuilderID))
		}
		if err := g.Refs.validate(CodeRoots, where+".Refs"); err != nil {
			errs = append(errs, err)
		}
		if !g.NotAfter.IsZero() && g.NotAfter.Before(g.NotBefore) {
			refuse(where, "a window that ends after it begins", stamp(g.NotBefore)+" to "+stamp(g.NotAfter))
		}
		if g.Level < 1 || g.Level > MaxLevel {
			refuse(where, "level 1 to 3", strconv.Itoa(g.Level))
		}
		for _, h := range r.Grants[:i] {
			if h.Signer == g.Signer && h.BuilderID == g.BuilderID {
				refuse(where, "each pair once", strconv.Quote(g.Signer)+" and "+strconv.Quote(g.BuilderID))
			}
		}
	}
	for i, e := range r.Environments {
		where := "Environments[" + strconv.Itoa(i) + "]"
		if !e.valid() {
			refuse(where, "a policy and level 1 to 3", strconv.Quote(e.PolicyID)+" and "+strconv.Itoa(e.Level))
		}
		if slices.ContainsFunc(r.Environments[:i], func(f Environment) bool { return f.PolicyID == e.PolicyID }) {
			refuse(where, "each policy once", strconv.Quote(e.PolicyID))
		}
	}
	return errors.Join(errs...)
}

// A standing is what the roots say of one piece of evidence and its builder.
type standing struct {
	level, most int // reached, and the highest grant
	granted     bool
	impostor    bool // only other signers have grants
	stray       bool // the signer's grants are for other versions of the builder
	closed      bool // the signer's grants are outside of their windows
	runner, ran string
	operators   []string
	trusted     []trusted // those with a grant that holds
}

// A trusted signer is one whose grant holds, with the level that it reaches.
type trusted struct {
	signer
	level int
}

// standing finds the grants of the evidence's signers for the builder: the highest
// that holds, or 1 if nobody has any.
func (r Roots) standing(e record) standing {
	s := standing{level: 1, most: 1}
	others, stray, closed := false, false, false
	id := e.build.Builder.ID
	for i := range r.Grants {
		g := &r.Grants[i]
		ref, ok := g.Refs.split(id, g.BuilderID)
		if !ok {
			continue
		}
		signs := func(s signer) bool { return g.signs(s, ref) }
		j := slices.IndexFunc(e.signers, signs)
		if j < 0 {
			others = true
			continue
		}
		if !g.Refs.allow(id, ref, e.signers[j].claims) {
			stray = true
			continue
		}
		if !open(e.evidence, g.NotBefore, g.NotAfter) {
			closed = true
			continue
		}
		s.granted = true
		s.most = max(s.most, g.Level)
		if ran := e.signers[j].claims.Runner; g.Runner != "" && g.Runner != ran {
			s.runner, s.ran = g.Runner, ran
			s.trusted = append(s.trusted, trusted{e.signers[j], 1})
			continue
		}
		s.trusted = append(s.trusted, trusted{e.signers[j], g.Level})
		s.level = max(s.level, g.Level)
		if g.Operator != "" {
			s.operators = append(s.operators, g.Operator)
		}
	}
	s.closed = !s.granted && closed
	s.stray = !s.granted && !closed && stray
	s.impostor = !s.granted && !closed && !stray && others
	if s.level == s.most {
		s.runner = ""
	}
	return s
}

// signs reports whether the grant is the signer's, where the builder is at ref.
func (g *Grant) signs(s signer, ref string) bool {
	if s.principal == g.Signer {
		return true
	}
	base, at, ok := cutLast(s.principal, "@")
	return g.Refs != nil && ok && base == g.Signer && at == ref
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}
