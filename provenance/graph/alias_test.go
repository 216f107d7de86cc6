package graph

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// value returns a digest of the algorithm's length.
func value(algorithm digest.Algorithm, c string) string {
	n := map[digest.Algorithm]int{digest.SHA512: 128, digest.SHA384: 96, digest.SHA1: 40, digest.GitCommit: 40, digest.MD5: 32}[algorithm]
	if n == 0 {
		n = 64
	}
	return strings.Repeat(c, n)
}

func named(name string, set digest.Set) attest.Descriptor {
	return attest.Descriptor{Name: name, Digest: set}
}

func TestDigestsOfOneDescriptorAreOneArtifact(t *testing.T) {
	s := newStore(t)
	both := digest.Set{digest.SHA256: value(digest.SHA256, "a"), digest.SHA512: value(digest.SHA512, "b")}
	only := digest.Set{digest.SHA512: value(digest.SHA512, "b")}
	lib := buildOf("unused", artifact("source"))
	lib.Outputs = []attest.Descriptor{named("lib", only)}
	third := digest.Set{digest.SHA512: value(digest.SHA512, "b"), digest.SHA384: value(digest.SHA384, "c")}
	add(t, s, "alice", encode(t, buildOf("app", named("lib", both))), encode(t, buildOf("other", named("lib", third))))
	add(t, s, "bob", encode(t, lib))

	a := lineage(t, s, sum("app"), trusting("alice", "bob"))
	assert.Equal(t, []string{"app", "lib", "source"}, labels(a))
	assert.Len(t, a.Nodes[1].Digests.List(), 3, "joined over two statements")
	d := impact(t, s, digest.Digest{Algorithm: digest.SHA384, Hex: value(digest.SHA384, "c")}, trusting("alice"))
	assert.ElementsMatch(t, []string{"lib", "app", "other"}, labels(d))
	assert.Len(t, lineage(t, s, sum("app"), trusting("bob")).Nodes, 1)
	assert.Len(t, impact(t, s, digest.Digest{Algorithm: digest.SHA384, Hex: value(digest.SHA384, "c")}, trusting("bob")).Nodes, 1,
		"a join goes with the statement that says it")
}

func TestWeakAndUnknownDigestsJoinNothing(t *testing.T) {
	for _, algorithm := range []digest.Algorithm{digest.SHA1, digest.MD5, digest.GitCommit, "foreign"} {
		t.Run(string(algorithm), func(t *testing.T) {
			s := newStore(t)
			weak := value(algorithm, "1")
			evil := buildOf("unused", artifact("evil"))
			evil.Outputs = []attest.Descriptor{named("twin", digest.Set{digest.SHA256: value(digest.SHA256, "e"), algorithm: weak})}
			add(t, s, "alice", encode(t, buildOf("app", named("lib", digest.Set{digest.SHA256: value(digest.SHA256, "a"), algorithm: weak}))), encode(t, evil))
			a := lineage(t, s, sum("app"), trusting("alice"))
			assert.Equal(t, []string{"app", "lib"}, labels(a))

			d := digest.Digest{Algorithm: algorithm, Hex: weak}
			_, err := s.Lineage(context.Background(), d, trusting("alice"))
			assert.ErrorIs(t, err, attest.Is(CodeWeak))
			q := trusting("alice")
			q.AllowWeak = true
			asked := lineage(t, s, d, q)
			assert.True(t, asked.Nodes[0].Weak)
			assert.Contains(t, labels(asked), "evil")
		})
	}
}

func TestAnEqualValueUnderAnotherAlgorithmIsAnotherArtifact(t *testing.T) {
	s := newStore(t)
	lib := buildOf("unused", artifact("source"))
	lib.Outputs = []attest.Descriptor{named("lib", digest.Set{digest.BLAKE3: value(digest.BLAKE3, "a")})}
	add(t, s, "alice", encode(t, lib), encode(t, buildOf("app", named("lib", digest.Set{digest.SHA256: value(digest.SHA256, "a")}))))
	assert.NotContains(t, labels(lineage(t, s, sum("app"), trusting("alice"))), "source")
}

func TestContradictingDigestsJoinNothingAndAreAConflict(t *testing.T) {
	s := newStore(t)
	lib := digest.Digest{Algorithm: digest.SHA256, Hex: value(digest.SHA256, "a")}
	for _, c := range []string{"b", "c"} {
		set := digest.Set{digest.SHA256: lib.Hex, digest.SHA512: value(digest.SHA512, c)}
		add(t, s, "alice", encode(t, buildOf("app"+c, named("lib", set))))
	}
	evil := buildOf("unused", artifact("evil"))
	evil.Outputs = []attest.Descriptor{named("other", digest.Set{digest.SHA512: value(digest.SHA512, "c")})}
	add(t, s, "alice", encode(t, evil))
	a := lineage(t, s, lib, trusting("alice"))
	assert.True(t, a.Nodes[0].Disputed)
	assert.Equal(t, []digest.Digest{lib}, a.Nodes[0].Digests.List())
	assert.NotContains(t, labels(a), "evil")

	c, err := s.Conflicts(context.Background(), lib, trusting("alice"))
	require.NoError(t, err)
	require.Len(t, c.Conflicts, 1)
	assert.Equal(t, DigestsDiffer, c.Conflicts[0].Kind)
	assert.Equal(t, "sha512", c.Conflicts[0].About)
	assert.Len(t, c.Conflicts[0].Claims, 2)
}

func TestAContradictionAtADistanceIsFoundToo(t *testing.T) {
	s := newStore(t)
	one := digest.Set{digest.SHA256: value(digest.SHA256, "a"), digest.SHA512: value(digest.SHA512, "b")}
	two := digest.Set{digest.SHA256: value(digest.SHA256, "c"), digest.SHA512: value(digest.SHA512, "b")}
	add(t, s, "alice", encode(t, buildOf("x", named("lib", one))), encode(t, buildOf("y", named("lib", two))))
	for _, hex := range []string{one[digest.SHA256], two[digest.SHA256]} {
		d := digest.Digest{Algorithm: digest.SHA256, Hex: hex}
		assert.True(t, lineage(t, s, d, trusting("alice")).Nodes[0].Disputed)
		c, err := s.Conflicts(context.Background(), d, trusting("alice"))
		require.NoError(t, err)
		assert.Equal(t, []Disagreement{DigestsDiffer}, kinds(c))
		assert.Len(t, c.Statements, 2)
	}
	assert.Len(t, impact(t, s, digest.Digest{Algorithm: digest.SHA256, Hex: one[digest.SHA256]}, trusting("alice")).Nodes, 2, "x alone")
}

func TestAnAttackersJoinCountsOnlyForWhoBelievesTheAttacker(t *testing.T) {
	s := newStore(t)
	join := digest.Set{digest.SHA256: value(digest.SHA256, "a"), digest.SHA512: value(digest.SHA512, "f")}
	add(t, s, "mallory", encode(t, buildOf("x", named("join", join))))
	evil := buildOf("unused", artifact("evil"))
	evil.Outputs = []attest.Descriptor{named("other", digest.Set{digest.SHA512: value(digest.SHA512, "f")})}
	add(t, s, "alice", encode(t, evil), encode(t, buildOf("app", named("lib", digest.Set{digest.SHA256: value(digest.SHA256, "a")}))))
	assert.NotContains(t, labels(lineage(t, s, sum("app"), trusting("alice"))), "evil")
	assert.Contains(t, labels(lineage(t, s, sum("app"), trusting("alice", "mallory"))), "evil")
}

func TestTheListsOfADeltaHoldEachStatementOnceInOrder(t *testing.T) {
	d := newDelta()
	id := d.intern(fingerprint([]byte("nhub")), []byte("nhub"))
	d.intern(fingerprint([]byte("nother")), []byte("nother"))
	for i := range uint32(1000) {
		d.post(id, roleInput, 3*i)
		d.post(id, roleInput, 3*i)
		if i%7 == 0 {
			d.post(id, roleOutput, i)
		}
	}
	list, err := d.postings(id, roleInput)
	require.NoError(t, err)
	require.Equal(t, uint64(1000), list.count())
	for i := range uint64(1000) {
		got, err := list.at(i)
		require.NoError(t, err)
		require.Equal(t, uint32(3*i), got)
	}
	list, err = d.postings(id, roleOutput)
	require.NoError(t, err)
	assert.Equal(t, uint64(143), list.count())
	hub, err := d.node(id)
	require.NoError(t, err)
	assert.Equal(t, uint32(1<<roleInput|1<<roleOutput), hub.roles)
	assert.Equal(t, uint32(1143), hub.count)
}

func TestStrengthIsThatOfPackageDigest(t *testing.T) {
	for _, algorithm := range append(algorithms[:], "foreign") {
		for _, hex := range []string{strings.Repeat("a", 32), strings.Repeat("a", 40), strings.Repeat("a", 64), strings.Repeat("a", 96), strings.Repeat("a", 128)} {
			d := digest.Digest{Algorithm: algorithm, Hex: hex}
			if d.Validate() != nil {
				continue
			}
			_, want := d.Set().Strongest()
			key := digestKey(d)
			assert.Equal(t, want, strong(key), d.String())
			back, ok := digestOf(key)
			assert.True(t, ok)
			assert.Equal(t, d, back)
		}
	}
}
