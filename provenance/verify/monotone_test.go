package verify_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/provenancetest"
	"github.com/sealwright/sealwright/provenance/verify"
)

// A trial is a random case with everything that decides about it.
type trial struct {
	c     verify.Case
	roots verify.Roots
	want  verify.Expectations
}

func (s trial) level(t testing.TB) (int, bool) {
	v, err := verify.Judge(t.Context(), s.c, s.roots, s.want)
	if (err == nil) != v.Passed() || !v.Passed() && v.Level() != 0 {
		t.Fatal("a verdict passes exactly when there is no error, and has no level otherwise")
	}
	return v.Level(), v.Passed()
}

// goods is how many pieces of evidence at the start of a pool are good.
const goods = 18

// A pool is evidence of every sort: mostly good, so that many cases pass. claimed holds
// the same evidence with certificates that vouch for the source.
type pool struct {
	plain, claimed []*attest.Verified
}

func newPool(t testing.TB) pool {
	good := func(run string) *attest.Statement {
		return provenanceOf(t, func(b *provenance.Build) { gitHub(b); b.InvocationID = run })
	}
	var p pool
	add := func(s *attest.Statement, principal string, after ...time.Duration) {
		p.plain = append(p.plain, sealAt(t, s, principal, after...))
		p.claimed = append(p.claimed, sealClaimed(t, s, principal, buildtype.Claims{Repository: "https://github.com/acme/app", Ref: "refs/heads/main", Commit: gitCommit, EntryPoint: ".github/workflows/r.yml", Runner: "hosted"}, after...))
	}
	for _, run := range []string{"1", "2", "3"} {
		for _, principal := range []string{"platform", "platform-2"} {
			add(good(run), principal, time.Minute)
			add(good(run), principal)
			add(good(run), principal, time.Hour, 2*time.Minute)
		}
	}
	bad := provenanceOf(t, func(b *provenance.Build) { gitHub(b); b.External = []byte(`{"workflow":{},"inputs":1}`) })
	elsewhere := provenanceOf(t, func(b *provenance.Build) {
		gitHub(b)
		b.Outputs[0].Digest = digest.Set{digest.SHA256: gitCommit + gitCommit[:24]}
	})
	add(bad, "platform")
	add(elsewhere, "platform")
	add(good("1"), "mallory")
	p.plain = append(p.plain, sealBy(t, "test:other", good("1"), "platform"))
	p.claimed = append(p.claimed, p.plain[len(p.plain)-1])
	return p
}

func randomTrial(r *rand.Rand, p pool) trial {
	s := trial{roots: roots(), want: gitHubExpectations()}
	s.c = verify.Case{Artifact: provenancetest.Artifact()}
	if r.IntN(3) == 0 {
		s.want.Profiles = nil
	}
	for i := range s.roots.Grants {
		s.roots.Grants[i].Level = 1 + r.IntN(3)
		if r.IntN(6) == 0 {
			s.roots.Grants[i].NotAfter = finished.Add(90 * time.Second)
		}
		if r.IntN(6) == 0 {
			s.roots.Grants[i].Runner = "hosted"
		}
	}
	for range 1 + r.IntN(3) {
		i := r.IntN(goods)
		if r.IntN(8) == 0 {
			i = r.IntN(len(p.plain))
		}
		from := p.plain
		if r.IntN(2) == 0 {
			from = p.claimed
		}
		s.c.Evidence = append(s.c.Evidence, from[i])
	}
	return s
}

// worsen takes something away that speaks for the artifact, or adds something that
// speaks against it, and names what.
func (s *trial) worsen(r *rand.Rand, p pool) string {
	s.roots.Grants = append([]verify.Grant{}, s.roots.Grants...)
	g := &s.roots.Grants[r.IntN(len(s.roots.Grants))]
	i := r.IntN(len(s.c.Evidence))
	switch r.IntN(8) {
	case 0:
		s.c.Evidence = append(append([]*attest.Verified{}, s.c.Evidence[:i]...), s.c.Evidence[i+1:]...)
		return "less evidence"
	case 1:
		g.Level = max(1, g.Level-1)
		return "a lower grant"
	case 2:
		g.NotAfter = finished.Add(30 * time.Second)
		return "an earlier end of a grant"
	case 3:
		g.Runner = "another"
		return "a grant for another runner"
	case 4:
		s.c.Evidence = slices.Clone(s.c.Evidence)
		if j := slices.Index(p.claimed, s.c.Evidence[i]); j >= 0 {
			s.c.Evidence[i] = p.plain[j]
		}
		return "fewer claims"
	case 5:
		s.want.Level = min(verify.MaxLevel, s.want.Level+1)
		return "a higher demand"
	case 6:
		s.want.Clock = verify.Clock{Now: finished.Add(2 * time.Hour), MaxAge: time.Duration(1+r.IntN(3)) * time.Hour}
		return "a shorter age"
	}
	bad := p.plain[goods+r.IntN(len(p.plain)-goods)]
	s.c.Evidence = append(append([]*attest.Verified{}, s.c.Evidence...), bad)
	return "evidence that is no good"
}

// A verdict that passed never gets a higher level from less: less evidence, lower or
// narrower grants, fewer claims, higher demands, contradicting evidence. One that did
// not pass has level 0, and may pass without the evidence that refuted it, but only
// without that. SEALWRIGHT_LONG=1 runs a million cases, -short and -race a few.
func TestNoLevelRisesFromLess(t *testing.T) {
	rounds := 30_000
	if os.Getenv("SEALWRIGHT_LONG") == "1" {
		rounds = 1_000_000
	}
	if testing.Short() || underRace {
		rounds = 1_500
	}
	r := rand.New(rand.NewPCG(5, 7))
	evidence := newPool(t)
	passed, lowered, kept, refuted := map[string]int{}, map[string]int{}, map[string]int{}, 0
	for range rounds {
		s := randomTrial(r, evidence)
		before, ok := s.level(t)
		most := 0
		for _, g := range s.roots.Grants {
			most = max(most, g.Level)
		}
		if before > most {
			t.Fatalf("level %d above every grant", before)
		}
		what := s.worsen(r, evidence)
		after, _ := s.level(t)
		if !ok {
			refuted++
			if after > 0 && what != "less evidence" {
				t.Fatalf("%s made a refused artifact pass", what)
			}
			continue
		}
		passed[what]++
		if after > before {
			t.Fatalf("%s raised the level from %d to %d", what, before, after)
		}
		if after < before {
			lowered[what]++
		} else {
			kept[what]++
		}
	}
	require.Positive(t, refuted)
	require.Len(t, passed, 8)
	for what := range passed {
		require.Positive(t, lowered[what], what)
		if what != "evidence that is no good" {
			require.Positive(t, kept[what], what)
		}
	}
}
