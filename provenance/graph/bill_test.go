package graph

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance/predicate"
)

func cycloneDX(t testing.TB, subject, components string) *attest.Statement {
	t.Helper()
	s, err := attest.NewStatement(predicate.CycloneDXType,
		json.RawMessage(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":`+components+`}`), artifact(subject))
	require.NoError(t, err)
	return s
}

func spdx(t testing.TB, subject, packages string) *attest.Statement {
	t.Helper()
	s, err := attest.NewStatement(predicate.SPDXType,
		json.RawMessage(`{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","packages":`+packages+`}`), artifact(subject))
	require.NoError(t, err)
	return s
}

// hashed returns a component with a digest.
func hashed(name, more string) string {
	return `{"name":"` + name + `","hashes":[{"alg":"SHA-256","content":"` + strings.ToUpper(sum(name).Hex) + `"},{"alg":"SHA3-256","content":"x"}]` + more + `}`
}

func TestImpactTellsWhatContainsAComponent(t *testing.T) {
	s := newStore(t)
	nested := `,"components":[` + hashed("inner", `,"purl":"pkg:npm/inner@1"`) + `]`
	add(t, s, "alice", cycloneDX(t, "image", `[`+hashed("log4j", `,"purl":"pkg:maven/log4j@2"`)+`,`+hashed("outer", nested)+`]`))
	add(t, s, "alice", spdx(t, "appliance", `[
		{"name":"appliance","checksums":[{"algorithm":"SHA256","checksumValue":"`+sum("appliance").Hex+`"}]},
		{"name":"kit","checksums":[{"algorithm":"SHA256","checksumValue":"`+sum("image").Hex+`"}],"externalRefs":[
			{"referenceCategory":"SECURITY","referenceType":"cpe23Type","referenceLocator":"cpe:2.3:a"},
			{"referenceType":"purl","referenceLocator":"pkg:oci/kit"},{"referenceType":"purl","referenceLocator":"pkg:generic/kit"}]}]`))
	add(t, s, "mallory", cycloneDX(t, "elsewhere", `[`+hashed("log4j", "")+`]`))
	add(t, s, "alice", builds(t, "released", "appliance"))

	t.Run("by digest, over what contains that, and what was built from it", func(t *testing.T) {
		a := impact(t, s, sum("log4j"), trusting("alice"))
		assert.Equal(t, []string{
			"log4j -contained in-> image", "image -contained in-> appliance", "appliance -output-> released", "released: no statement tells",
		}, lines(a))
		assert.Equal(t, "/subject/0", a.Hops[0].Pointer)
		assert.Contains(t, labels(impact(t, s, sum("log4j"), trusting("mallory"))), "elsewhere", "trust is chosen by the query")
	})
	t.Run("by package URL", func(t *testing.T) {
		for purl, want := range map[string]string{"pkg:npm/inner@1": "image", "pkg:oci/kit": "appliance", "pkg:generic/kit": "appliance"} {
			a, err := s.ImpactNaming(context.Background(), purl, trusting("alice"))
			require.NoError(t, err)
			assert.Equal(t, purl, a.Node(0).Name)
			assert.Equal(t, want, a.Node(1).Label)
			assert.Equal(t, ContainedIn, a.Hop(0).Relation)
		}
		a, err := s.ImpactNaming(context.Background(), "pkg:npm/inner@1", trusting("mallory"))
		require.NoError(t, err)
		assert.Equal(t, []Frontier{{0, Unbelieved}}, a.Frontier)
		_, err = s.ImpactNaming(context.Background(), "", trusting("alice"))
		assert.ErrorIs(t, err, attest.Is(CodeNil))
	})
	t.Run("and lineage tells the components, each with where it stands", func(t *testing.T) {
		a := lineage(t, s, sum("image"), trusting("alice"))
		assert.Equal(t, []string{"image", "log4j", "outer", "inner"}, labels(a))
		var pointers []string
		for _, h := range a.Hops {
			assert.Equal(t, Contains, h.Relation)
			pointers = append(pointers, h.Pointer)
		}
		assert.Equal(t, []string{"/predicate/components/0", "/predicate/components/1", "/predicate/components/1"}, pointers)
		a = lineage(t, s, sum("appliance"), trusting("alice"))
		assert.Equal(t, "/predicate/packages/1", a.Hops[0].Pointer)
		assert.NotContains(t, lines(a), "appliance -contains-> appliance", "what the bill is about is no component")
	})
	p, err := s.Statements(context.Background(), sum("inner"), trusting("alice"), "", 10)
	require.NoError(t, err)
	assert.Equal(t, "component", p.Mentions[0].As)
}

func TestABillThatHidesAComponentIsRefused(t *testing.T) {
	s := newStore(t)
	deep := `[` + strings.Repeat(`{"components":[`, maxNesting) + `{"name":"x"}` + strings.Repeat(`]}`, maxNesting) + `]`
	for _, c := range []struct {
		name, components string
		code             attest.Code
	}{
		{"a digest of another length", `[{"hashes":[{"alg":"SHA-256","content":"ab"}]}]`, CodeStatement},
		{"two digests by one algorithm", `[{"hashes":[{"alg":"SHA-256","content":"` + sum("a").Hex + `"},{"alg":"SHA256","content":"` + sum("b").Hex + `"}]}]`, CodeStatement},
		{"a name that is no text", `[{"name":1}]`, CodeStatement},
		{"a key in another case", `[{"PURL":"pkg:a/b"}]`, CodeStatement},
		{"components that are no list", `{}`, CodeStatement},
		{"a component that is no object", `[[]]`, CodeStatement},
		{"a package URL that is too long", `[{"purl":"pkg:` + strings.Repeat("x", maxName) + `"}]`, CodeLimit},
		{"components nested too deeply", deep, CodeLimit},
		{"too many components", `[` + strings.Repeat(`{},`, maxComponents) + `{}]`, CodeLimit},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := s.Add(context.Background(), signed(t, cycloneDX(t, "image", c.components), "alice"))
			assert.ErrorIs(t, err, attest.Is(CodeStatement))
			assert.ErrorIs(t, err, attest.Is(c.code))
		})
	}
	_, err := s.Add(context.Background(), signed(t, cycloneDX(t, "image", `[{"hashes":null,"purl":null,"components":null},{}]`), "alice"))
	assert.NoError(t, err, "what is null is absent")
}

func TestABillOfManyComponentsIsFollowedWhole(t *testing.T) {
	s := newStore(t)
	var list []string
	for i := range 5000 {
		list = append(list, `{"purl":"pkg:generic/c`+strconv.Itoa(i)+`"}`)
	}
	add(t, s, "alice", cycloneDX(t, "image", `[`+strings.Join(list, ",")+`]`))
	require.NoError(t, s.Flush(context.Background()))
	a := lineage(t, s, sum("image"), trusting("alice"))
	assert.Len(t, a.Hops, 5000)
	assert.Empty(t, a.Truncated)
	assert.Equal(t, "/predicate/components/4999", a.Hops[4999].Pointer)
}

// FuzzBill reads bills of materials of every content: there is a refusal, or every
// component that is mentioned is in the bill, and within its limits.
func FuzzBill(f *testing.F) {
	f.Add(true, `[`+hashed("a", `,"components":[{"name":"b"}]`)+`]`)
	f.Add(false, `[{"name":"a","checksums":[{"algorithm":"SHA1","checksumValue":"`+strings.Repeat("a", 40)+`"}],"externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:a/b"}]}]`)
	f.Fuzz(func(t *testing.T, isCycloneDX bool, list string) {
		kind, body := predicate.SPDXType, `{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","packages":`+list+`}`
		if isCycloneDX {
			kind, body = predicate.CycloneDXType, `{"bomFormat":"CycloneDX","specVersion":"1.6","components":`+list+`}`
		}
		s, err := attest.NewStatement(kind, json.RawMessage(body), artifact("image"))
		if err != nil {
			return
		}
		got, err := newReading(1).newFact(s, digest.FromBytes(s.Bytes()), unsealed)
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		b := newBatch()
		b.add(got)
		d := newDelta()
		require.NoError(t, d.apply(b.encode()))
		for _, m := range got.mentions {
			if m.role == roleComponent && m.place != "" {
				require.True(t, strings.Contains(body, nameOf(m.place)) || strings.Contains(body, `\`), m.place)
			}
		}
	})
}
