package policy_test

import (
	"context"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
	"github.com/sealwright/sealwright/provenance/provenancetest"
)

// A release is what the campaign's rules read.
type release struct {
	Good      bool      `json:"good"`
	Score     int       `json:"score"`
	At        time.Time `json:"at"`
	Reviewers []struct {
		Name   string     `json:"name"`
		Digest digest.Set `json:"digest"`
	} `json:"reviewers"`
	Steps map[string]struct {
		Done bool `json:"done"`
	} `json:"steps"`
}

// judgeRelease demands something of every node.
func judgeRelease(e policy.Evidence) policy.Result {
	var r release
	if err := e.Statement().DecodePredicate(&r, false); err != nil {
		return policy.Result{Outcome: policy.Undetermined}
	}
	good := r.Good && r.Score >= 7 && len(r.Reviewers) >= 2 && r.Steps["build"].Done && r.Steps["test"].Done
	for _, who := range r.Reviewers {
		good = good && who.Name != "" && who.Digest.Validate() == nil
	}
	if !good {
		return policy.Result{}
	}
	return policy.Result{Outcome: policy.Satisfied}
}

// releaseStatement is a good statement in which some texts are replaced.
func releaseStatement(replace ...string) string {
	return strings.NewReplacer(replace...).Replace(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha256":"` + hexOf("a") + `"}}],` +
		`"predicateType":"` + reviewType + `","predicate":{"good":true,"score":8,"at":"2026-05-01T11:30:00Z",` +
		`"reviewers":[{"name":"ann","digest":{"sha256":"` + hexOf("1") + `"}},{"name":"ben","digest":{"sha256":"` + hexOf("2") + `"}}],` +
		`"steps":{"build":{"done":true},"test":{"done":true}}}}`)
}

// A campaign is a request that is not allowed, as statements and their signers.
type campaign struct {
	name       string
	engine     *policy.Engine
	statements []string
	signers    []string
}

func campaigns(t testing.TB) []campaign {
	need := policy.Need{Name: "release", PredicateTypes: []string{reviewType}, Signers: []string{"alice", "bob"}, MaxAge: time.Hour, TimeAt: "/at"}
	both, twice, anyOf := need, need, need
	both.Threshold = 2
	twice.Name, twice.NotSameAs = "second", []string{"release"}
	anyOf.Quantifier = policy.AnyMatching
	judged := func(id string, needs ...policy.Need) rule {
		return rule{policy.Spec{ID: id, Needs: needs}, func(_ context.Context, f *policy.Facts) policy.Result { return f.Judge(needs[0].Name, judgeRelease) }}
	}
	other := policy.Need{Name: "build", PredicateTypes: []string{buildType}, AnySigner: true}
	alone := engine(t, judged("a", need))
	nodes := func(n ...policy.Node) *policy.Engine { return engineOf(t, config(policy.AllOf(n...))) }
	a, b := policy.Rules(judged("a", need)), policy.Rules(judged("b", anyOf))
	missing := policy.Rules(judged("missing", other))
	good := releaseStatement()
	return []campaign{
		{"not good", alone, []string{releaseStatement(`"good":true`, `"good":false`)}, []string{"alice"}},
		{"a low score", alone, []string{releaseStatement(`"score":8`, `"score":6`)}, []string{"alice"}},
		{"no score", alone, []string{releaseStatement(`"score":8,`, ``)}, []string{"alice"}},
		{"one reviewer", alone, []string{releaseStatement(`{"name":"ann","digest":{"sha256":"`+hexOf("1")+`"}},`, `{"name":"","digest":{}},`)}, []string{"alice"}},
		{"a step not done", alone, []string{releaseStatement(`"test":{"done":true}`, `"test":{"done":false}`)}, []string{"alice"}},
		{"a step missing", alone, []string{releaseStatement(`"test":{"done":true}`, `"tests":{"done":true}`)}, []string{"alice"}},
		{"another subject", alone, []string{releaseStatement(hexOf("a"), hexOf("b"))}, []string{"alice"}},
		{"another algorithm", alone, []string{releaseStatement(`"sha256":"`+hexOf("a"), `"sha512_256":"`+hexOf("a"))}, []string{"alice"}},
		{"another type", alone, []string{releaseStatement(reviewType, reviewType+"/")}, []string{"alice"}},
		{"another signer", alone, []string{good}, []string{"mallory"}},
		{"too old", alone, []string{releaseStatement("11:30", "10:30")}, []string{"alice"}},
		{"of tomorrow", alone, []string{releaseStatement("2026-05-01", "2026-05-02")}, []string{"alice"}},
		{"no time", alone, []string{releaseStatement(`"at"`, `"when"`)}, []string{"alice"}},
		{"one of two", engine(t, judged("a", both)), []string{good, good}, []string{"alice", "alice"}},
		{"not independent", engine(t, judged("a", need, twice)), []string{good, good}, []string{"alice", "alice"}},
		{"any of two bad", engine(t, judged("a", anyOf)), []string{releaseStatement(`"score":8`, `"score":1`), releaseStatement(`"good":true`, `"good":false`)}, []string{"alice", "bob"}},
		{"all, one unmet", nodes(a, missing), []string{good}, []string{"alice"}},
		{"either, both bad", nodes(policy.AnyOf(b, missing)), []string{releaseStatement(`"score":8`, `"score":1`)}, []string{"bob"}},
		{"two of three", nodes(policy.AtLeast(2, a, b, missing), missing2(other)), []string{good}, []string{"alice"}},
		{"when elsewhere", nodes(policy.When(policy.Condition{Environments: []string{"staging"}}, a)), []string{good}, []string{"alice"}},
	}
}

func missing2(n policy.Need) policy.Node {
	return policy.Rules(rule{policy.Spec{ID: "missing-too", Needs: []policy.Need{n}}, satisfied})
}

// mutations is how many mutations the campaign makes: all million of them if
// SEALWRIGHT_LONG is set.
func mutations() int {
	switch {
	case underRace || testing.Short():
		return 2_000
	case os.Getenv("SEALWRIGHT_LONG") != "":
		return 1_000_000
	}
	return 25_000
}

// No structural change of the evidence, single or repeated, turns a refusal into an
// Allow; and the same change spoils what was allowed more often than not, so the
// campaign does change something.
func TestNoMutationTurnsARefusalIntoAnAllow(t *testing.T) {
	all := campaigns(t)
	good := campaign{"good", all[0].engine, []string{releaseStatement()}, []string{"alice"}}
	d := good.decide(t, good.statements)
	require.True(t, d.Allowed(now), d.Err())
	for _, c := range all {
		require.NotEqual(t, policy.Allow, c.decide(t, c.statements).Verdict(), c.name)
	}
	var tried, judged, spoilt, goods atomic.Int64
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 7))
			for n := range mutations() / workers {
				c := all[n%len(all)]
				if n%10 == 9 {
					c = good
				}
				mutated, history := c.mutate(t, r)
				tried.Add(1)
				d := c.decide(t, mutated)
				if d.IsZero() {
					continue
				}
				judged.Add(1)
				switch {
				case c.name == "good":
					goods.Add(1)
					if d.Verdict() != policy.Allow {
						spoilt.Add(1)
					}
				case d.Verdict() == policy.Allow:
					t.Errorf("%s: allowed after %s: %s", c.name, history, mutated)
					return
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d mutations, %d judged; %d of %d good ones spoilt", tried.Load(), judged.Load(), spoilt.Load(), goods.Load())
	require.Greater(t, judged.Load(), tried.Load()/4)
	require.Greater(t, spoilt.Load(), goods.Load()/2)
}

// mutate spoils one of the statements once to three times.
func (c *campaign) mutate(t testing.TB, r *rand.Rand) (mutated []string, history string) {
	mutated = append(mutated, c.statements...)
	which := r.IntN(len(mutated))
	for range 1 + r.IntN(3) {
		doc, err := provenancetest.ParseDocument([]byte(mutated[which]))
		if err != nil {
			t.Error(err)
			return
		}
		m := doc.Random(r, provenancetest.Structural()...)
		if strings.Contains(history, " "+m.Pointer+";") {
			continue // two changes of one node can write any value, also a good one
		}
		mutated[which], history = string(m.Document), history+m.String()+"; "
	}
	return mutated, history
}

// decide returns the zero Decision if one of the statements is none.
func (c *campaign) decide(t testing.TB, statements []string) policy.Decision {
	req := request()
	for i, b := range statements {
		s, err := attest.ParseStatement([]byte(b), attest.Limits{})
		if err != nil {
			return policy.Decision{}
		}
		v, err := policytest.Synthetic{Signers: []string{c.signers[i]}}.Seal(s)
		if err != nil {
			t.Error(err)
			return policy.Decision{}
		}
		req.Evidence = append(req.Evidence, v)
	}
	d, err := c.engine.Evaluate(context.Background(), req)
	if err != nil {
		t.Error(err)
	}
	return d
}
