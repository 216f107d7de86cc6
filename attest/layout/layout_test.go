package layout_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/attest/layout"
)

func TestASupplyChainInOrderIsBelieved(t *testing.T) {
	for name, seal := range map[string]func(testing.TB, any, ...person) []byte{"metablocks": metablock, "DSSE envelopes": envelope} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.seal = seal
			r, err := w.verify(t)
			require.NoError(t, err)
			require.Equal(t, []string{"owner"}, r.Owners)
			require.Empty(t, r.Materials)
			require.Equal(t, digest.FromBytes([]byte("tar")).Hex, r.Products["out/app.tar"][digest.SHA256])
			require.Len(t, r.Functionaries["write"], 2)
			require.Len(t, r.Functionaries["pack"], 1)
			require.Empty(t, r.OtherCommands)
		})
	}
}

func TestTheDemoOfInTotoIsBelieved(t *testing.T) {
	pem, err := os.ReadFile("testdata/demo/alice.pub")
	require.NoError(t, err)
	alice, err := key.ParsePublicPEM(pem)
	require.NoError(t, err)
	v, err := layout.NewVerifier(layout.Trust{Owners: []layout.Owner{{Principal: "alice", Public: alice}}, Threshold: 1})
	require.NoError(t, err)
	for _, name := range []string{"demo.layout", "demo.dsse.layout"} {
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile("testdata/demo/" + name)
			require.NoError(t, err)
			e := layout.Evidence{Layout: b, Links: os.DirFS("testdata/demo")}
			_, err = v.Verify(t.Context(), e, now())
			require.ErrorIs(t, err, attest.Is(layout.CodeInspection), "its inspection runs tar")

			// What the inspection would find: that the archive holds what was written.
			artifact := func(hex string) in_toto.HashObj { return in_toto.HashObj{"sha256": hex} }
			archive := artifact("52947cb78b91ad01fe81cd6aef42d1f6817e92b9e6936c1e5aabb7c98514f355")
			source := artifact("74dc3727c6e89308b39e4dfedf787e37841198b1fa165a27c013544a60502549")
			e.Inspections = map[string]layout.Link{"untar": link("untar",
				map[string]in_toto.HashObj{"foo.tar.gz": archive},
				map[string]in_toto.HashObj{"foo.tar.gz": archive, "foo.py": source})}
			r, err := v.Verify(t.Context(), e, now())
			require.NoError(t, err)
			require.Contains(t, r.Products, "foo.tar.gz")

			e.Inspections["untar"].Products["foo.py"]["sha256"] = archive["sha256"]
			_, err = v.Verify(t.Context(), e, now())
			require.ErrorIs(t, err, attest.Is(layout.CodeDisallowed))
		})
	}
}

// Each case breaks one thing.
func TestWhatIsNotInOrderIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		breaks func(w *world)
		code   attest.Code
	}{
		"a layout that nobody trusted signed":       {func(w *world) { w.owners = []person{stranger} }, layout.CodeOwners},
		"one owner of two":                          {func(w *world) { w.twoOwners(); w.owners = []person{owner} }, layout.CodeOwners},
		"two signatures by one owner":               {func(w *world) { w.twoOwners(); w.owners = []person{owner, owner} }, layout.CodeOwners},
		"a layout without a signature":              {func(w *world) { w.owners = nil }, layout.CodeFormat},
		"33 signatures":                             {func(w *world) { w.owners = make33() }, layout.CodeFormat},
		"an expired layout":                         {func(w *world) { w.layout.Expires = "2026-11-23T12:00:00Z" }, layout.CodeExpired},
		"an expiry without a date":                  {func(w *world) { w.layout.Expires = "never" }, layout.CodeExpired},
		"a link in place of the layout":             {func(w *world) { w.seal = linkAsLayout }, layout.CodeFormat},
		"no steps":                                  {func(w *world) { w.layout.Steps = nil }, layout.CodeStep},
		"a threshold of zero":                       {func(w *world) { w.layout.Steps[1].Threshold = 0 }, layout.CodeStep},
		"a negative threshold":                      {func(w *world) { w.layout.Steps[1].Threshold = -1 }, layout.CodeStep},
		"a step twice":                              {func(w *world) { w.layout.Steps[1].Name = "write" }, layout.CodeStep},
		"a step whose name is a path":               {func(w *world) { w.layout.Steps[1].Name = "../pack" }, layout.CodeStep},
		"a step whose name is a pattern":            {func(w *world) { w.layout.Steps[1].Name = "p*" }, layout.CodeStep},
		"a step with a key that the layout lacks":   {func(w *world) { delete(w.layout.Keys, pkg.id()) }, layout.CodeStep},
		"a private key in the layout":               {func(w *world) { w.key(func(k *in_toto.Key) { k.KeyVal.Private = "00" }) }, layout.CodeKey},
		"a key under another id":                    {func(w *world) { w.key(func(k *in_toto.Key) { k.KeyID = coder.id() }) }, layout.CodeKey},
		"a key of an unknown kind":                  {func(w *world) { w.key(func(k *in_toto.Key) { k.KeyType = "dsa" }) }, layout.CodeKey},
		"a key with the scheme of another kind":     {func(w *world) { w.key(func(k *in_toto.Key) { k.Scheme = "rsassa-pss-sha256" }) }, layout.CodeKey},
		"a key that is cut short":                   {func(w *world) { w.key(func(k *in_toto.Key) { k.KeyVal.Public = "00" }) }, layout.CodeKey},
		"a step without a link":                     {func(w *world) { w.signers["pack"] = nil }, layout.CodeThreshold},
		"a step with one functionary of two":        {func(w *world) { w.signers["write"] = []person{coder} }, layout.CodeThreshold},
		"a link by a stranger":                      {func(w *world) { w.signers["pack"] = []person{stranger} }, layout.CodeThreshold},
		"a link by the functionary of another step": {func(w *world) { w.signers["pack"] = []person{coder} }, layout.CodeThreshold},
		"one key under two ids":                     {oneKeyTwice, layout.CodeThreshold},
		"a link for another step":                   {func(w *world) { l := w.links["pack"]; l.Name = "write"; w.links["pack"] = l }, layout.CodeLink},
		"functionaries that disagree":               {disagree, layout.CodeDisagree},
		"an inspection":                             {func(w *world) { w.inspect() }, layout.CodeInspection},
		"a result without its inspection":           {func(w *world) { w.inspections = map[string]layout.Link{"look": {}} }, layout.CodeInspection},
		"an inspection with the name of a step":     {inspectionNamedAsStep, layout.CodeInspection},
		"a source that was changed":                 {func(w *world) { w.links["pack"].Materials["src/main.go"] = file("evil") }, layout.CodeDisallowed},
		"a source that nobody wrote":                {func(w *world) { w.links["pack"].Materials["src/evil.go"] = file("evil") }, layout.CodeDisallowed},
		"a product that is not allowed":             {func(w *world) { w.links["pack"].Products["out/evil"] = file("evil") }, layout.CodeDisallowed},
		"a product that is missing":                 {func(w *world) { delete(w.links["pack"].Products, "src/main.go") }, layout.CodeRequired},
		"a product that was there before":           {func(w *world) { w.links["pack"].Materials["out/app.tar"] = file("old") }, layout.CodeDisallowed},
		"a path that leaves its root":               {func(w *world) { w.links["pack"].Products["src/../../evil"] = file("evil") }, layout.CodePath},
		"two names for one path":                    {func(w *world) { w.links["pack"].Products["src/./main.go"] = file("evil") }, layout.CodePath},
		"an empty path":                             {func(w *world) { w.links["pack"].Products[""] = file("evil") }, layout.CodePath},
		"a path with a NUL":                         {func(w *world) { w.links["pack"].Products["a\x00b"] = file("evil") }, layout.CodePath},
		"an artifact without a digest":              {func(w *world) { w.links["pack"].Products["src/main.go"] = in_toto.HashObj{} }, layout.CodeDigest},
		"an artifact with SHA-1 alone": {func(w *world) {
			w.links["pack"].Products["src/main.go"] = in_toto.HashObj{"sha1": strings.Repeat("0", 40)}
		}, layout.CodeDigest},
		"a digest that is cut short":                {func(w *world) { w.links["pack"].Products["src/main.go"] = in_toto.HashObj{"sha256": "00"} }, layout.CodeDigest},
		"an empty rule":                             {func(w *world) { w.rule() }, layout.CodeRule},
		"an unknown rule":                           {func(w *world) { w.rule("FORBID", "*") }, layout.CodeRule},
		"a malformed pattern to disallow":           {func(w *world) { w.rule("DISALLOW", "[") }, layout.CodeRule},
		"an empty pattern":                          {func(w *world) { w.rule("DISALLOW", "") }, layout.CodeRule},
		"a pattern with a detour":                   {func(w *world) { w.rule("DISALLOW", "a/../*") }, layout.CodeRule},
		"MATCH from a step that there is not":       {func(w *world) { w.rule("MATCH", "*", "WITH", "PRODUCTS", "FROM", "nothing") }, layout.CodeRule},
		"MATCH with neither materials nor products": {func(w *world) { w.rule("MATCH", "*", "WITH", "BYPRODUCTS", "FROM", "write") }, layout.CodeRule},
		"MATCH under a prefix that leaves the root": {func(w *world) { w.rule("MATCH", "*", "IN", "../x", "WITH", "PRODUCTS", "FROM", "write") }, layout.CodeRule},
		"a parameter without a value":               {func(w *world) { w.rule("ALLOW", "{name}") }, layout.CodeParameter},
		"a value for no parameter":                  {func(w *world) { w.trust.Parameters = map[string]string{"name": "x"} }, layout.CodeParameter},
		"a value that is a pattern":                 {func(w *world) { w.rule("ALLOW", "{name}"); w.trust.Parameters = map[string]string{"name": "*"} }, layout.CodeParameter},
		"a value that leaves its directory":         {func(w *world) { w.rule("ALLOW", "a/{name}"); w.trust.Parameters = map[string]string{"name": "../b"} }, layout.CodeParameter},
		"a value that is a further parameter":       {func(w *world) { w.rule("ALLOW", "{name}"); w.trust.Parameters = map[string]string{"name": "{x}"} }, layout.CodeParameter},
		"more steps than the limit":                 {func(w *world) { w.trust.Limits.Steps = 1 }, layout.CodeLimit},
		"more rules than the limit":                 {func(w *world) { w.trust.Limits.Rules = 2 }, layout.CodeLimit},
		"more keys than the limit":                  {func(w *world) { w.trust.Limits.Keys = 2 }, layout.CodeLimit},
		"more artifacts than the limit":             {func(w *world) { w.trust.Limits.Artifacts = 5 }, layout.CodeLimit},
		"more bytes than the limit":                 {func(w *world) { w.trust.Limits.DocumentBytes = 500 }, layout.CodeLimit},
		"more bytes in all than the limit":          {func(w *world) { w.trust.Limits.TotalBytes = 3_000 }, layout.CodeLimit},
		"patterns that cost more than the limit":    {explode, layout.CodeLimit},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			tc.breaks(w)
			r, err := w.verify(t)
			require.Nil(t, r)
			require.ErrorIs(t, err, attest.Is(tc.code), "%v", attest.Reasons(err))
		})
	}
}

func (w *world) twoOwners() {
	w.trust = layout.Trust{Owners: []layout.Owner{{"owner", owner.public()}, {"owner 2", owner2.public()}}, Threshold: 2}
}

func make33() []person {
	out := make([]person, 33)
	for i := range out {
		out[i] = owner
	}
	return out
}

func linkAsLayout(t testing.TB, signed any, by ...person) []byte {
	if _, ok := signed.(in_toto.Layout); ok {
		signed = link("write", nil, nil)
	}
	return metablock(t, signed, by...)
}

func (w *world) key(change func(*in_toto.Key)) {
	k := w.layout.Keys[pkg.id()]
	change(&k)
	w.layout.Keys[pkg.id()] = k
}

// rule puts a rule first into the last step.
func (w *world) rule(tokens ...string) {
	s := &w.layout.Steps[1]
	s.ExpectedProducts = append([][]string{tokens}, s.ExpectedProducts...)
}

func (w *world) inspect() {
	i := in_toto.Inspection{Type: "inspection", Run: []string{"touch", "/tmp/it-ran"}}
	i.Name = "look"
	i.ExpectedProducts = [][]string{{"MATCH", "out/*", "WITH", "PRODUCTS", "FROM", "pack"}, {"DISALLOW", "*"}}
	i.ExpectedMaterials = [][]string{}
	w.layout.Inspect = append(w.layout.Inspect, i)
}

// A layout names a command that leaves a trace. Verification leaves none, whether the
// inspection's result is there or not.
func TestAnInspectionIsNeverRun(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "it-ran")
	for name, result := range map[string]map[string]layout.Link{
		"without a result": nil,
		"with a result":    {"look": link("look", nil, map[string]in_toto.HashObj{"out/app.tar": file("tar")})},
	} {
		w := newWorld()
		w.inspect()
		w.layout.Inspect[0].Run = []string{"touch", mark}
		w.inspections = result
		_, err := w.verify(t)
		require.Equal(t, result != nil, err == nil, "%s: %v", name, err)
		require.NoFileExists(t, mark, name)
	}
}

func inspectionNamedAsStep(w *world) {
	w.inspect()
	w.layout.Inspect[0].Name = "pack"
	w.inspections = map[string]layout.Link{"pack": w.links["pack"]}
}

// oneKeyTwice has a layout list one key under a second id, and the owner of the key
// sign under both.
func oneKeyTwice(w *world) {
	double := coder.key()
	double.KeyID = hex.EncodeToString([]byte("another id"))
	w.layout.Keys[double.KeyID] = double
	w.layout.Steps[0].PubKeys = []string{coder.id(), double.KeyID}
	w.signers["write"] = []person{coder}
	w.seal = func(t testing.TB, signed any, by ...person) []byte {
		b := metablock(t, signed, by...)
		if _, ok := signed.(in_toto.Link); ok && by[0].name == coder.name {
			w.files["write."+double.KeyID[:8]+".link"] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(string(b), coder.id(), double.KeyID))}
		}
		return b
	}
}

func disagree(w *world) {
	w.seal = func(t testing.TB, signed any, by ...person) []byte {
		if l, ok := signed.(in_toto.Link); ok && by[0].name == coder2.name {
			l.Products = map[string]in_toto.HashObj{"src/main.go": file("other"), "src/sub/a.go": file("a")}
			signed = l
		}
		return metablock(t, signed, by...)
	}
}

func explode(w *world) {
	w.trust.Limits.Work = 1 << 20
	for i := range 100 {
		w.rule("DISALLOW", strings.Repeat("*a", 500)+fmt.Sprint(i)+"b")
	}
	w.links["pack"].Products["src/"+strings.Repeat("a", 4000)] = file("a")
}

func TestAFileThatIsNotTheSignersIsNoReasonToRefuse(t *testing.T) {
	w := newWorld()
	w.layout.Steps[0].Threshold = 1
	w.files[linkName("write", coder2)] = &fstest.MapFile{Data: []byte("{")}
	_, err := w.verify(t)
	require.NoError(t, err, "the other functionary suffices")
	w.files[linkName("write", coder)] = &fstest.MapFile{Data: []byte("{")}
	_, err = w.verify(t)
	require.ErrorIs(t, err, attest.Is(layout.CodeThreshold))
	require.ErrorIs(t, err, attest.Is(layout.CodeFormat), "and why")
}

func TestAnInspectionsResultIsJudgedAndNothingRun(t *testing.T) {
	w := newWorld()
	w.inspect()
	w.inspections = map[string]layout.Link{"look": link("look", nil, map[string]in_toto.HashObj{"out/app.tar": file("tar")})}
	_, err := w.verify(t)
	require.NoError(t, err)
	w.inspections["look"].Products["out/app.tar"] = file("another")
	_, err = w.verify(t)
	require.ErrorIs(t, err, attest.Is(layout.CodeDisallowed))
	require.NoFileExists(t, "/tmp/it-ran")
}

func TestParametersAreSubstituted(t *testing.T) {
	w := newWorld()
	w.layout.Steps[1].ExpectedProducts[0] = []string{"CREATE", "out/{name}.tar"}
	w.trust.Parameters = map[string]string{"name": "app"}
	_, err := w.verify(t)
	require.NoError(t, err)
	w.trust.Parameters["name"] = "other"
	_, err = w.verify(t)
	require.ErrorIs(t, err, attest.Is(layout.CodeDisallowed))
}

func TestATrustBelongsToItsVerifier(t *testing.T) {
	w := newWorld()
	w.layout.Steps[1].ExpectedProducts[0] = []string{"CREATE", "out/{name}.tar"}
	w.trust.Parameters = map[string]string{"name": "app"}
	v, err := layout.NewVerifier(w.trust)
	require.NoError(t, err)
	w.trust.Parameters["name"], w.trust.Owners[0] = "other", layout.Owner{}
	_, err = v.Verify(t.Context(), w.evidence(t), now())
	require.NoError(t, err)
}

func TestAnotherCommandIsReported(t *testing.T) {
	w := newWorld()
	w.layout.Steps[1].ExpectedCommand = []string{"tar", "c"}
	r, err := w.verify(t)
	require.NoError(t, err)
	require.Equal(t, []string{"pack"}, r.OtherCommands)
}

// nest puts the whole world into a step of an outer layout, so many times.
func nest(t *testing.T, w *world, depth int, expires string) layout.Evidence {
	inner := w.layout
	e := w.evidence(t)
	files := e.Links.(fstest.MapFS)
	for range depth {
		outer := in_toto.Layout{Type: "layout", Expires: expires, Keys: map[string]in_toto.Key{owner.id(): owner.key()}, Inspect: []in_toto.Inspection{},
			Steps: []in_toto.Step{step("all", 1, [][]string{}, [][]string{{"REQUIRE", "out/app.tar"}}, owner)}}
		below := fstest.MapFS{linkName("all", owner): {Data: w.seal(t, inner, owner)}}
		for name, f := range files {
			below["all."+owner.id()[:8]+"/"+name] = f
		}
		inner, files = outer, below
	}
	return layout.Evidence{Layout: w.seal(t, inner, owner), Links: files}
}

func TestSublayouts(t *testing.T) {
	w := newWorld()
	v, err := layout.NewVerifier(w.trust)
	require.NoError(t, err)
	for depth := 1; depth <= 4; depth++ {
		r, err := v.Verify(t.Context(), nest(t, w, depth, "2027-01-01T00:00:00Z"), now())
		require.NoError(t, err)
		require.Contains(t, r.Products, "out/app.tar")
	}
	r, err := v.Verify(t.Context(), nest(t, w, 2, "2026-12-01T00:00:00Z"), now())
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), r.Expires, "the first to expire")
	_, err = v.Verify(t.Context(), nest(t, w, 5, "2027-01-01T00:00:00Z"), now())
	require.ErrorIs(t, err, attest.Is(layout.CodeLimit), "too deep")
	_, err = v.Verify(t.Context(), nest(t, w, 1, "2026-01-01T00:00:00Z"), now())
	require.ErrorIs(t, err, attest.Is(layout.CodeExpired))
	w.inspect()
	_, err = v.Verify(t.Context(), nest(t, w, 1, "2027-01-01T00:00:00Z"), now())
	require.ErrorIs(t, err, attest.Is(layout.CodeInspection), "a sublayout's inspections are not run either")
	w = newWorld()
	w.signers["pack"] = []person{stranger}
	_, err = v.Verify(t.Context(), nest(t, w, 1, "2027-01-01T00:00:00Z"), now())
	require.ErrorIs(t, err, attest.Is(layout.CodeThreshold))
}

func TestADocumentWithTwoMeaningsIsRefused(t *testing.T) {
	good := string(newWorld().evidence(t).Layout)
	sealed := string(envelope(t, newWorld().layout, owner))
	for name, b := range map[string]string{
		"nothing":                   "",
		"null":                      "null",
		"trailing data":             good + "{}",
		"a key twice":               `{"signed":{},` + good[1:],
		"a key in another case":     strings.Replace(good, `"expires"`, `"Expires"`, 1),
		"an unknown key":            strings.Replace(good, `"expires"`, `"x":1,"expires"`, 1),
		"a metablock and envelope":  `{"payload":"",` + good[1:],
		"another payload type":      strings.Replace(sealed, "vnd.in-toto", "vnd.other", 1),
		"signatures that are words": strings.Replace(good, `"sig":"`, `"sig":"x`, 1),
		"a type that is a number":   strings.Replace(good, `"_type":"layout"`, `"_type":1`, 1),
		"a statement":               `{"signed":{"_type":"https://in-toto.io/Statement/v1"},"signatures":[{"keyid":"","sig":"00"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			v, err := layout.NewVerifier(w.trust)
			require.NoError(t, err)
			e := w.evidence(t)
			e.Layout = []byte(b)
			_, err = v.Verify(t.Context(), e, now())
			require.ErrorIs(t, err, attest.Is(layout.CodeFormat), "%v", err)
		})
	}
}

// What is not signed, as a key id, may change; then nothing else does.
func TestNoFlippedBitChangesWhatIsBelieved(t *testing.T) {
	step := 1
	if raceEnabled {
		step = 13
	}
	for name, seal := range map[string]func(testing.TB, any, ...person) []byte{"metablocks": metablock, "DSSE envelopes": envelope} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.seal = seal
			v, err := layout.NewVerifier(w.trust)
			require.NoError(t, err)
			e := w.evidence(t)
			want, err := v.Verify(t.Context(), e, now())
			require.NoError(t, err)
			link := e.Links.(fstest.MapFS)[linkName("pack", pkg)]
			check := func(document []byte) {
				for i := 0; i < len(document); i += step {
					document[i] ^= 1 << (i % 8)
					if got, err := v.Verify(t.Context(), e, now()); err == nil {
						require.Equal(t, want, got, "byte %d", i)
					} else {
						require.NotEmpty(t, attest.Reasons(err))
					}
					document[i] ^= 1 << (i % 8)
				}
			}
			check(e.Layout)
			check(link.Data)
		})
	}
}

func TestATrustThatWouldBelieveAnythingIsRefused(t *testing.T) {
	one := layout.Owner{Principal: "owner", Public: owner.public()}
	for name, trust := range map[string]layout.Trust{
		"nobody":                      {Threshold: 1},
		"a threshold of zero":         {Owners: []layout.Owner{one}},
		"a threshold above the count": {Owners: []layout.Owner{one}, Threshold: 2},
		"one key of two owners":       {Owners: []layout.Owner{one, {"other", owner.public()}}, Threshold: 1},
		"two keys of one owner":       {Owners: []layout.Owner{one, {"owner", owner2.public()}}, Threshold: 2},
		"no name":                     {Owners: []layout.Owner{{"", owner.public()}}, Threshold: 1},
		"no key":                      {Owners: []layout.Owner{{"owner", nil}}, Threshold: 1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := layout.NewVerifier(trust)
			require.ErrorIs(t, err, attest.Is(layout.CodeTrust))
		})
	}
	w := newWorld()
	v, err := layout.NewVerifier(w.trust)
	require.NoError(t, err)
	_, err = v.Verify(t.Context(), w.evidence(t), time.Time{})
	require.ErrorIs(t, err, attest.Is(layout.CodeExpired), "now is the caller's to say")
	_, err = v.Verify(t.Context(), layout.Evidence{}, now())
	require.ErrorIs(t, err, attest.Is(attest.CodeNil))
	var none *layout.Verifier
	_, err = none.Verify(t.Context(), w.evidence(t), now())
	require.ErrorIs(t, err, attest.Is(attest.CodeNil))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = v.Verify(ctx, w.evidence(t), now())
	require.ErrorIs(t, err, attest.Is(attest.CodeCanceled))
}

func TestOneEvidenceIsVerifiedByManyAtOnce(t *testing.T) {
	w := newWorld()
	v, err := layout.NewVerifier(w.trust)
	require.NoError(t, err)
	e := w.evidence(t)
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			_, err := v.Verify(t.Context(), e, now())
			assert.NoError(t, err)
		})
	}
	group.Wait()
}
