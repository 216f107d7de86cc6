package graph

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/predicate"
)

func TestLineageTellsWhatWentIn(t *testing.T) {
	s := newStore(t)
	add(t, s, "alice", builds(t, "app", "lib", "tool"), builds(t, "lib", "source", "tool"), builds(t, "tool", "source"))
	a := lineage(t, s, sum("app"), trusting("alice"))
	assert.Equal(t, []string{"app", "lib", "tool", "source"}, labels(a))
	assert.Equal(t, []string{
		"app -input-> lib", "app -input-> tool", "lib -input-> source", "lib -input-> tool", "tool -input-> source",
		"source: no statement tells",
	}, lines(a))
	assert.Empty(t, a.Truncated)
	assert.Empty(t, a.Cycles, "a diamond is no cycle")
	for _, st := range a.Statements {
		assert.Equal(t, builderID, st.Maker)
		assert.Equal(t, []attest.Identity{{Subject: "alice"}}, st.Signers)
		assert.False(t, st.Unverified)
	}
}

func TestImpactTellsWhatCameOut(t *testing.T) {
	s := newStore(t)
	log := buildOf("lib", artifact("source"))
	log.Byproducts = []attest.Descriptor{artifact("log")}
	add(t, s, "alice", encode(t, log), builds(t, "app", "lib"), builds(t, "other", "else"))
	a := impact(t, s, sum("source"), trusting("alice"))
	assert.ElementsMatch(t, []string{
		"source -output-> lib", "source -byproduct-> log", "lib -output-> app",
		"app: no statement tells", "log: no statement tells",
	}, lines(a))
}

func TestWhatIsNotKnownIsSaid(t *testing.T) {
	s := newStore(t)
	b := buildOf("app", attest.Descriptor{URI: "https://example.com/moving"},
		attest.Descriptor{URI: "git+https://example.com/r", Digest: digest.Set{digest.GitCommit: strings.Repeat("ab", 20)}},
		artifact("leaf"), artifact("bare"), artifact("doubted"))
	add(t, s, "alice", encode(t, b), builds(t, "bare"))
	add(t, s, "mallory", builds(t, "doubted", "evil"))
	a := lineage(t, s, sum("app"), trusting("alice"))
	assert.Subset(t, lines(a), []string{
		"https://example.com/moving: known by name only", "git+https://example.com/r: known by a weak digest only",
		"leaf: no statement tells", "bare: its statements list no inputs", "doubted: only statements that are not believed tell",
	})
	assert.True(t, a.Nodes[2].Weak)

	none := lineage(t, s, sum("nothing"), trusting("alice"))
	assert.Equal(t, []Frontier{{0, Untold}}, none.Frontier)
}

func TestTrustIsChosenByTheQuery(t *testing.T) {
	s := newStore(t)
	add(t, s, "alice", builds(t, "app", "good"))
	add(t, s, "mallory", builds(t, "app", "evil"))
	assert.Equal(t, []string{"app", "good"}, labels(lineage(t, s, sum("app"), trusting("alice"))))
	assert.Equal(t, []string{"app", "evil"}, labels(lineage(t, s, sum("app"), trusting("mallory"))), "nothing needs to be deleted")
	assert.Len(t, lineage(t, s, sum("app"), trusting("alice", "mallory")).Nodes, 3)
	other := Query{Select: Believe(func(authority string, _ []attest.Identity) bool { return authority == "test:other" })}
	assert.Equal(t, []Frontier{{0, Unbelieved}}, lineage(t, s, sum("app"), other).Frontier)
	for _, q := range []Query{{}, {Select: Believe(nil)}} {
		_, err := s.Lineage(context.Background(), sum("app"), q)
		assert.ErrorIs(t, err, attest.Is(CodeSelection))
	}
}

func TestUnverifiedStatementsAreUsedOnlyWhenAskedForAndAreMarked(t *testing.T) {
	s := newStore(t)
	ctx := context.Background()
	_, err := s.AddUnverified(ctx, unsigned(builds(t, "app", "rumour")))
	require.NoError(t, err)
	add(t, s, "alice", builds(t, "app", "good"))
	all := Believe(func(string, []attest.Identity) bool { return true })
	assert.Equal(t, []string{"app", "good"}, labels(lineage(t, s, sum("app"), Query{Select: all})))

	a := lineage(t, s, sum("app"), Query{Select: IncludeUnverified{}})
	assert.Equal(t, []string{"app", "rumour"}, labels(a), "nobody is believed")
	require.Len(t, a.Statements, 1)
	assert.True(t, a.Statements[0].Unverified)
	assert.Empty(t, a.Statements[0].Signers)
	assert.Contains(t, a.HopText(a.Hops[0]), "UNVERIFIED")
	assert.Len(t, lineage(t, s, sum("app"), Query{Select: IncludeUnverified{all}}).Nodes, 3)
}

func TestAStatementVerifiedLaterIsCitedAsVerified(t *testing.T) {
	s := newStore(t)
	st := builds(t, "app", "lib")
	u := unsigned(st)
	_, err := s.AddUnverified(context.Background(), u)
	require.NoError(t, err)
	v, err := attest.Seal(attest.Facts{Authority: "test:keys", Statement: st, Evidence: digest.FromBytes(u.Body), Signers: []attest.Identity{{Subject: "alice"}}})
	require.NoError(t, err)
	got, err := s.Add(context.Background(), v)
	require.NoError(t, err)
	assert.Equal(t, Added{New: 1}, got)
	a := lineage(t, s, sum("app"), Query{Select: IncludeUnverified{by("alice")}})
	require.Len(t, a.Hops, 1, "one statement is one hop, whoever vouches")
	assert.False(t, a.Statements[0].Unverified)
}

func TestAddingIsIdempotentAndAllOrNothing(t *testing.T) {
	s := newStore(t)
	ctx := context.Background()
	v := signed(t, builds(t, "app", "lib"), "alice")
	got, err := s.Add(ctx, v, v)
	require.NoError(t, err)
	assert.Equal(t, Added{New: 1, Known: 1}, got)
	for range 2 {
		got, err = s.Add(ctx, v)
		require.NoError(t, err)
		assert.Equal(t, Added{Known: 1}, got)
		require.NoError(t, s.Flush(ctx))
	}

	t.Run("the same envelope with another statement is refused", func(t *testing.T) {
		liar, err := attest.Seal(attest.Facts{Authority: "test:keys", Statement: builds(t, "app", "evil"), Evidence: v.Evidence(), Signers: v.Signers()})
		require.NoError(t, err)
		_, err = s.Add(ctx, liar)
		assert.ErrorIs(t, err, attest.Is(CodeContradiction))
	})
	t.Run("one bad statement refuses all of a call", func(t *testing.T) {
		bad := attest.Attestation{MediaType: attest.MediaTypeInToto, Body: []byte(`{"_type":"https://in-toto.io/Statement/v1"}`)}
		_, err := s.AddUnverified(ctx, unsigned(builds(t, "x", "y")), bad, attest.Attestation{MediaType: "text/plain"})
		require.ErrorIs(t, err, attest.Is(CodeStatement))
		assert.ErrorIs(t, err, attest.Is(CodeEnvelope), "every reason is told")
		assert.ErrorIs(t, err, attest.Is(attest.CodeNoSubject))
		assert.Len(t, lineage(t, s, sum("x"), Query{Select: IncludeUnverified{}}).Nodes, 1)
	})
	t.Run("the zero Verified is refused", func(t *testing.T) {
		_, err := s.Add(ctx, nil, &attest.Verified{})
		assert.ErrorIs(t, err, attest.Is(CodeNil))
	})
	t.Run("a predicate that is not what its type says is refused", func(t *testing.T) {
		st, err := attest.NewStatement("https://slsa.dev/provenance/v1", json.RawMessage(`{"buildDefinition":{}}`), artifact("app"))
		require.NoError(t, err)
		_, err = s.Add(ctx, signed(t, st, "alice"))
		assert.ErrorIs(t, err, attest.Is(CodeStatement))
	})
	t.Run("a name that is too long is refused", func(t *testing.T) {
		_, err := s.Add(ctx, signed(t, encode(t, buildOf("app", attest.Descriptor{URI: "https://e/" + strings.Repeat("x", maxName)})), "alice"))
		assert.ErrorIs(t, err, attest.Is(CodeLimit))
	})
	size, err := s.Size()
	require.NoError(t, err)
	assert.Equal(t, uint64(1), size.Statements)
}

func TestUnverifiedEnvelopesAreUnpackedStrictly(t *testing.T) {
	s := newStore(t)
	st := builds(t, "app", "lib")
	payload := base64.StdEncoding.EncodeToString(st.Bytes())
	dsse := `{"payloadType":"` + attest.MediaTypeInToto + `","payload":"` + payload + `","signatures":[]}`
	bundle := `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","dsseEnvelope":` + dsse + `}`
	for _, c := range []struct {
		name, mediaType, body string
		code                  attest.Code
	}{
		{"an envelope", attest.MediaTypeDSSE, dsse, ""},
		{"a bundle", "application/vnd.dev.sigstore.bundle.v0.3+json", bundle, ""},
		{"a repeated payload", attest.MediaTypeDSSE, strings.Replace(dsse, `"payload":`, `"payload":"e30=","payload":`, 1), CodeEnvelope},
		{"a payload type in another case", attest.MediaTypeDSSE, strings.Replace(dsse, "payloadType", "PayloadType", 1), CodeEnvelope},
		{"another payload type", attest.MediaTypeDSSE, strings.Replace(dsse, attest.MediaTypeInToto, "text/plain", 1), CodeEnvelope},
		{"a line break in base64", attest.MediaTypeDSSE, strings.Replace(dsse, `"payload":"`, `"payload":"\n`, 1), CodeEnvelope},
		{"unpadded base64", attest.MediaTypeDSSE, strings.Replace(dsse, payload, strings.TrimRight(payload, "=")+"A", 1), CodeEnvelope},
		{"a bundle of a message", "application/vnd.dev.sigstore.bundle.v0.3+json", `{"messageSignature":{}}`, CodeEnvelope},
		{"no JSON", attest.MediaTypeDSSE, `dsse`, CodeEnvelope},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := s.AddUnverified(context.Background(), attest.Attestation{MediaType: c.mediaType, Body: []byte(c.body)})
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			assert.ErrorIs(t, err, attest.Is(c.code))
		})
	}
}

// every returns one statement of each shape about "app", by its predicate type.
func every(t *testing.T) []*attest.Statement {
	t.Helper()
	set := func(name string) string { return `{"sha256":"` + sum(name).Hex + `"}` }
	raw := func(predicateType, body string) *attest.Statement {
		s, err := attest.NewStatement(predicateType, json.RawMessage(body), artifact("app"))
		require.NoError(t, err)
		return s
	}
	b := buildOf("app", artifact("source"), artifact("lib"))
	b.Builder.Dependencies = []attest.Descriptor{artifact("agent")}
	b.Byproducts = []attest.Descriptor{artifact("log")}
	vsa, err := predicate.Encode(&predicate.VSA{
		Verifier: predicate.Verifier{ID: "https://example.com/verifier"}, TimeVerified: predicate.Timestamp{Time: time.Unix(1, 0)},
		ResourceURI: "https://example.com/app", Policy: attest.Descriptor{URI: "https://example.com/policy", Digest: sum("policy").Set()},
		InputAttestations: []attest.Descriptor{{Digest: sum("evidence").Set()}}, VerificationResult: "PASSED", VerifiedLevels: []string{"SLSA_BUILD_LEVEL_3"},
	}, artifact("app"))
	require.NoError(t, err)
	link, err := predicate.Encode(&predicate.Link{Name: "step", Materials: []attest.Descriptor{artifact("material")}}, artifact("app"))
	require.NoError(t, err)
	return []*attest.Statement{
		encode(t, b), vsa, link,
		raw("https://slsa.dev/provenance/v0.2", `{"builder":{"id":"https://example.com/b2"},"buildType":"https://example.com/t",
			"invocation":{"configSource":{"uri":"https://example.com/c","digest":`+set("config")+`}},"materials":[{"uri":"https://example.com/m","digest":`+set("old")+`}]}`),
		raw("https://slsa.dev/provenance/v0.1", `{"builder":{"id":"https://example.com/b1"},"recipe":{"type":"https://example.com/t"},
			"materials":[{"uri":"https://example.com/m","digest":`+set("older")+`}]}`),
		raw(predicate.CycloneDXType, `{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:1"}`),
		raw(predicate.SPDX3Type, `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}`),
		raw(comparisonType, `{"verdict":"different","outputs":[{"path":"gone","b":{"sha256":"sha256:`+sum("gone").Hex+`"}},
			{"path":"app","a":{"sha256":"sha256:`+sum("app").Hex+`"},"b":{"sha256":"sha256:`+sum("rebuilt").Hex+`"}}]}`),
		raw("https://example.com/other", `{}`),
	}
}

func TestEveryHopPointsToWhatTheStatementSays(t *testing.T) {
	s := newStore(t)
	statements := every(t)
	add(t, s, "alice", statements...)
	byPayload := map[string]*attest.Statement{}
	for _, st := range statements {
		byPayload[digest.FromBytes(st.Bytes()).String()] = st
	}
	q := trusting("alice")
	q.About = true
	up := lineage(t, s, sum("app"), q)
	down := impact(t, s, sum("source"), q)
	seen := map[Relation]int{}
	for _, a := range []*drawn{up, down} {
		for _, h := range a.Hops {
			seen[h.Relation]++
			var document any
			st := byPayload[a.Statements[h.Statement].Payload.String()]
			require.NoError(t, json.Unmarshal(st.Bytes(), &document))
			value := resolve(t, document, h.Pointer)
			text, err := json.Marshal(value)
			require.NoError(t, err)
			want := a.Nodes[h.To]
			if h.Relation == Summary || h.Relation == Bill {
				want = a.Nodes[h.From] // the pointer is to the subject
			}
			assert.Contains(t, string(text), want.Digests.List()[0].Hex, "%s %s", st.PredicateType(), h.Pointer)
		}
	}
	assert.Equal(t, map[Relation]int{Input: 7, Output: 1, Byproduct: 1, Evidence: 2, Summary: 2, Bill: 4, Compared: 2}, seen)
	assert.NotContains(t, fmt.Sprint(up.Nodes), sum("gone").Hex, "the comparison of another path")
}

// resolve follows a JSON pointer without escapes.
func resolve(t *testing.T, v any, pointer string) any {
	t.Helper()
	for _, part := range strings.Split(pointer, "/")[1:] {
		if list, ok := v.([]any); ok {
			i, err := strconv.Atoi(part)
			require.NoError(t, err, pointer)
			v = list[i]
			continue
		}
		require.Contains(t, v, part, pointer)
		v = v.(map[string]any)[part]
	}
	return v
}

func TestInputsKeepTheirRoles(t *testing.T) {
	s := newStore(t)
	var inputs []provenance.Input
	for _, ro := range []provenance.Role{provenance.RoleSource, provenance.RoleTool, provenance.RoleBase, provenance.RoleBuilder, provenance.RoleOther} {
		inputs = append(inputs, provenance.Input{Role: ro, Descriptor: artifact(string(ro))})
	}
	b := buildOf("app")
	b.Inputs, b.Builder.Dependencies = inputs, []attest.Descriptor{artifact("agent")}
	add(t, s, "alice", encode(t, b))
	a := lineage(t, s, sum("app"), trusting("alice"))
	for i, in := range inputs {
		assert.Equal(t, in.Role, a.Hops[i].Role)
		assert.Equal(t, string(in.Role), a.Nodes[a.Hops[i].To].Label)
	}
	assert.Equal(t, provenance.RoleBuilder, a.Hops[5].Role)
}

func TestCyclesAreReportedAndEnd(t *testing.T) {
	s := newStore(t)
	add(t, s, "alice", builds(t, "a", "b", "x"), builds(t, "b", "c"), builds(t, "c", "a"), builds(t, "self", "self"))
	a := lineage(t, s, sum("a"), trusting("alice"))
	assert.Equal(t, [][]int{{0, 1, 3}}, a.Cycles)
	assert.Equal(t, []string{"a", "b", "x", "c"}, labels(a))
	assert.Equal(t, [][]int{{0}}, lineage(t, s, sum("self"), trusting("alice")).Cycles, "its own subject as an input")
	assert.Equal(t, [][]int{{0}}, impact(t, s, sum("self"), trusting("alice")).Cycles)
}

func TestAChainOfAHundredThousandIsFollowedWithoutRecursion(t *testing.T) {
	const n = 100_000
	s := newStore(t)
	link := func(i int) *fact {
		return &fact{
			shape: shapeLink, envelope: digestKey(sum("e" + strconv.Itoa(i))), typ: string(kindType) + "t", seal: unsealed,
			mentions: []factMention{
				{role: roleOutput, digests: []string{digestKey(sum(strconv.Itoa(i)))}},
				{role: roleInput, digests: []string{digestKey(sum(strconv.Itoa((i + 1) % n)))}},
			},
		}
	}
	var facts []*fact
	for i := range n {
		facts = append(facts, link(i))
	}
	_, err := s.add(context.Background(), facts)
	require.NoError(t, err)
	a := lineage(t, s, sum("0"), Query{Select: IncludeUnverified{}, Limits: Limits{Depth: n, Nodes: n, Hops: n}})
	assert.Len(t, a.Hops, n)
	require.Len(t, a.Cycles, 1)
	assert.Len(t, a.Cycles[0], n)
	assert.Empty(t, a.Truncated)
}

func TestAnswersThatAreCutShortSaySo(t *testing.T) {
	s := newStore(t)
	for i := range 20 {
		add(t, s, "alice", builds(t, "a"+strconv.Itoa(i), "a"+strconv.Itoa(i+1), "b"+strconv.Itoa(i)))
	}
	for name, limits := range map[string]Limits{
		"depth": {Depth: 3}, "nodes": {Nodes: 5}, "hops": {Hops: 5}, "statements": {Statements: 5},
	} {
		t.Run(name, func(t *testing.T) {
			a := lineage(t, s, sum("a0"), Query{Select: by("alice"), Limits: limits})
			assert.Contains(t, a.Truncated, name)
			assert.Contains(t, fmt.Sprint(a.Frontier), string(Limited))
			assert.Less(t, len(a.Nodes), 41)
			p, err := s.Path(context.Background(), sum("a0"), sum("a20"), Query{Select: by("alice"), Limits: limits})
			require.NoError(t, err)
			assert.False(t, p.Found)
			assert.Contains(t, p.Truncated, name, "not found is not unknown")
		})
	}
	assert.Len(t, lineage(t, s, sum("a0"), trusting("alice")).Nodes, 41)
}

func TestAHubOfAMillionEdgesIsPagedAndTruncated(t *testing.T) {
	statements := 200_000 // with five outputs each
	if underRace {
		statements = 20_000
	}
	s := newStore(t)
	ctx := context.Background()
	for from := 0; from < statements; from += 20_000 {
		var facts []*fact
		for i := from; i < from+20_000; i++ {
			f := &fact{
				shape: shapeLink, envelope: digestKey(sum("e" + strconv.Itoa(i))), typ: string(kindType) + "t", seal: unsealed,
				mentions: []factMention{{role: roleInput, digests: []string{digestKey(sum("hub"))}}},
			}
			for _, name := range []string{"o" + strconv.Itoa(i), "a", "b", "c", "d"} {
				f.mentions = append(f.mentions, factMention{role: roleOutput, digests: []string{digestKey(sum(name))}})
			}
			facts = append(facts, f)
		}
		_, err := s.add(ctx, facts)
		require.NoError(t, err)
	}
	q := Query{Select: IncludeUnverified{}}
	a := impact(t, s, sum("hub"), q)
	assert.Len(t, a.Nodes, 10_000)
	assert.Contains(t, a.Truncated, "nodes")
	up := lineage(t, s, sum("o7"), q)
	assert.Len(t, up.Nodes, 2)
	assert.Empty(t, up.Truncated)

	seen, after := 0, ""
	for {
		p, err := s.Statements(ctx, sum("hub"), q, after, maxPage)
		require.NoError(t, err)
		seen += len(p.Mentions)
		if after = p.Next; after == "" {
			break
		}
	}
	assert.Equal(t, statements, seen)
	cut, err := s.Statements(ctx, sum("hub"), Query{Select: by("nobody"), Limits: Limits{Statements: 100}}, "", 10)
	require.NoError(t, err)
	assert.Empty(t, cut.Mentions)
	assert.NotEmpty(t, cut.Next, "an empty page is not the last")
}

func TestPathTellsHowOneWentIntoTheOther(t *testing.T) {
	s := newStore(t)
	add(t, s, "alice", builds(t, "app", "x", "lib"), builds(t, "x", "y"), builds(t, "y", "source"), builds(t, "lib", "source"))
	ctx := context.Background()
	p, err := s.Path(ctx, sum("app"), sum("source"), trusting("alice"))
	require.NoError(t, err)
	require.True(t, p.Found)
	assert.Equal(t, []string{"app -input-> lib", "lib -input-> source"}, lines(draw(p.Answer)))
	p, err = s.Path(ctx, sum("source"), sum("app"), trusting("alice"))
	require.NoError(t, err)
	assert.False(t, p.Found)
	assert.Empty(t, p.Truncated)
	p, err = s.Path(ctx, sum("app"), sum("app"), trusting("alice"))
	require.NoError(t, err)
	assert.True(t, p.Found)
	assert.Zero(t, p.NumHops())
}

// randomGraph is a graph that the test knows, too.
type randomGraph struct {
	inputs map[string][][2]string // by output: input and signer
}

func TestLineageIsThatOfANaiveWalk(t *testing.T) {
	const rounds = 12
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := openAt(t, t.TempDir(), Config{DeltaBytes: 8000})
		g := randomGraph{map[string][][2]string{}}
		signers := []string{"alice", "bob", "mallory"}
		for range 30 {
			out, who := strconv.Itoa(r.IntN(30)), signers[r.IntN(3)]
			var in []string
			for range r.IntN(4) {
				name := strconv.Itoa(r.IntN(30))
				in = append(in, name)
				g.inputs[out] = append(g.inputs[out], [2]string{name, who})
			}
			add(t, s, who, builds(t, out, in...))
		}
		start, trusted := strconv.Itoa(r.IntN(30)), signers[:1+r.IntN(2)]
		want, queue := map[string]bool{start: true}, []string{start}
		for ; len(queue) > 0; queue = queue[1:] {
			for _, in := range g.inputs[queue[0]] {
				if slices.Contains(trusted, in[1]) && !want[in[0]] {
					want[in[0]] = true
					queue = append(queue, in[0])
				}
			}
		}
		got := map[string]bool{}
		for _, n := range lineage(t, s, sum(start), trusting(trusted...)).Nodes {
			for name := range 30 {
				if n.Digests.List()[0] == sum(strconv.Itoa(name)) {
					got[strconv.Itoa(name)] = true
				}
			}
		}
		require.Equal(t, want, got, "seed %d", seed)
	}
}

// vouched adds the statement as somebody vouches for it, in the same envelope as others do.
func vouched(t testing.TB, s *Store, who string, st *attest.Statement) {
	t.Helper()
	v, err := attest.Seal(attest.Facts{
		Authority: "test:keys", Statement: st, Evidence: digest.FromBytes(st.Bytes()), Signers: []attest.Identity{{Subject: who}},
	})
	require.NoError(t, err)
	_, err = s.Add(context.Background(), v)
	require.NoError(t, err)
}

// What two vouch for is there twice: what comes after it is told too.
func TestAStatementThatTwoVouchForHidesNoOther(t *testing.T) {
	s := newStore(t)
	vouched(t, s, "alice", builds(t, "one", "tool"))
	vouched(t, s, "bob", builds(t, "one", "tool"))
	vouched(t, s, "alice", builds(t, "two", "tool"))
	vouched(t, s, "alice", builds(t, "one", "other"))
	q := trusting("alice", "bob")
	assert.Equal(t, []string{"tool", "one", "two"}, labels(impact(t, s, sum("tool"), q)))
	assert.Equal(t, []string{"one", "tool", "other"}, labels(lineage(t, s, sum("one"), q)))
	assert.Len(t, lineage(t, s, sum("one"), q).Statements, 2)
}

func TestWhoElseVouchesChangesNothingThatIsTold(t *testing.T) {
	s := newStore(t)
	q, both := trusting("alice"), trusting("alice", "bob")
	q.About, both.About = true, true
	for _, st := range every(t) {
		vouched(t, s, "alice", st)
		vouched(t, s, "bob", st)
	}
	for _, ask := range []func(testing.TB, *Store, digest.Digest, Query) *drawn{lineage, impact} {
		for _, name := range []string{"app", "source", "lib"} {
			one, two := ask(t, s, sum(name), q), ask(t, s, sum(name), both)
			assert.Equal(t, one.Nodes, two.Nodes)
			assert.Equal(t, one.Hops, two.Hops)
			assert.Equal(t, one.Frontier, two.Frontier)
		}
	}
}
