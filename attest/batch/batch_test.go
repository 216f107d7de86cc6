package batch_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/mldsa"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/batch"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/tlog"
)

func verify44(public, message, signature []byte) bool {
	k, err := mldsa.NewPublicKey(mldsa.MLDSA44(), public)
	return err == nil && mldsa.Verify(k, message, signature, nil) == nil
}

type pqSigner struct{ key *mldsa.PrivateKey }

func (s pqSigner) Sign(_ context.Context, m []byte) ([]byte, error) { return s.key.Sign(nil, m, nil) }
func (s pqSigner) Public() crypto.PublicKey                         { return s.key.PublicKey() }

func signer(t testing.TB, label string) *tlog.Signer {
	t.Helper()
	s, err := tlog.NewSigner(label+".example", tlog.Ed25519, attesttest.Signer(label), nil)
	require.NoError(t, err)
	return s
}

func pq(t testing.TB, label string) *tlog.Signer {
	t.Helper()
	seed := sha256.Sum256([]byte(label))
	k, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), seed[:])
	require.NoError(t, err)
	s, err := tlog.NewSigner(label+".example", tlog.MLDSA44, pqSigner{k}, verify44)
	require.NoError(t, err)
	return s
}

func statement(t testing.TB, i int) *attest.Statement {
	t.Helper()
	d := digest.FromBytes(fmt.Appendf(nil, "artifact %d", i))
	s, err := attest.NewStatement("https://example.com/predicate/v1", map[string]int{"i": i}, attest.Descriptor{Name: fmt.Sprint(i), Digest: digest.Set{d.Algorithm: d.Hex}})
	require.NoError(t, err)
	return s
}

func statements(t testing.TB, n int) []*attest.Statement {
	all := make([]*attest.Statement, n)
	for i := range all {
		all[i] = statement(t, i)
	}
	return all
}

func attestor(t testing.TB, s ...*tlog.Signer) *batch.Attestor {
	t.Helper()
	a, err := batch.NewAttestor(s...)
	require.NoError(t, err)
	return a
}

func trust(keys ...*tlog.Signer) batch.Trust {
	t := batch.Trust{Authority: "test:batch", Threshold: 1, MLDSA44: verify44}
	for _, s := range keys {
		t.Keys = append(t.Keys, batch.Key{Principal: s.Key().Name, Key: s.Key()})
	}
	return t
}

func verifier(t testing.TB, tr batch.Trust) attest.Verifier {
	t.Helper()
	v, err := batch.NewVerifier(tr)
	require.NoError(t, err)
	return v
}

func requireCode(t testing.TB, code attest.Code, err error) {
	t.Helper()
	require.ErrorIs(t, err, attest.Is(code))
}

func anything() attest.Want { return attest.Want{AnySubject: true} }

func TestTheContractsWithTwoKeysOfOnePrincipal(t *testing.T) {
	a, q := signer(t, "a"), pq(t, "a-quantum")
	tr := trust(a, q)
	tr.Keys[1].Principal, tr.EveryKey = tr.Keys[0].Principal, true
	attesttest.TestVerifier(t, verifier(t, tr), attestor(t, a, q), attestor(t, signer(t, "stranger"), pq(t, "stranger-quantum")))
}

func TestTheContracts(t *testing.T) {
	a := signer(t, "a")
	attesttest.TestAttestor(t, attestor(t, a), verifier(t, trust(a)))
	attesttest.TestVerifier(t, verifier(t, trust(a)), attestor(t, a), attestor(t, signer(t, "stranger")))
}

// counting counts what its key signs.
type counting struct {
	attest.Signer
	n *atomic.Int64
}

func (c counting) Sign(ctx context.Context, m []byte) ([]byte, error) {
	c.n.Add(1)
	return c.Signer.Sign(ctx, m)
}

func Test10000StatementsAreSignedByOneSignature(t *testing.T) {
	var n atomic.Int64
	s, err := tlog.NewSigner("a.example", tlog.Ed25519, counting{attesttest.Signer("a"), &n}, nil)
	require.NoError(t, err)
	count := 10_000
	if raceEnabled {
		count = 1_000
	}
	all := statements(t, count)
	out, err := attestor(t, s).AttestAll(t.Context(), all)
	require.NoError(t, err)
	require.Equal(t, int64(1), n.Load())
	v := verifier(t, trust(s))
	for i := 0; i < len(out); i += 97 {
		verified, err := v.Verify(t.Context(), out[i], attest.Want{Subjects: []digest.Set{all[i].Subjects()[0].Digest}})
		require.NoError(t, err)
		require.Equal(t, all[i].Bytes(), verified.Statement().Bytes())
	}
}

func TestEveryBitOfAnAttestationCounts(t *testing.T) {
	s := signer(t, "a")
	out, err := attestor(t, s).AttestAll(t.Context(), statements(t, 5))
	require.NoError(t, err)
	v := verifier(t, trust(s))
	good := out[3].Body
	step := 1
	if raceEnabled {
		step = 13
	}
	for bit := 0; bit < len(good)*8; bit += step {
		bad := bytes.Clone(good)
		bad[bit/8] ^= 1 << (bit % 8)
		_, err := v.Verify(t.Context(), attest.Attestation{MediaType: batch.MediaType, Body: bad}, anything())
		require.Error(t, err, "bit %d of byte %d, %q", bit%8, bit/8, good[bit/8])
		require.NotEmpty(t, attest.Reasons(err))
	}
}

func TestAnAttestationThatIsNotInItsOnlyFormIsRefused(t *testing.T) {
	s := signer(t, "a")
	out, err := attestor(t, s).AttestAll(t.Context(), statements(t, 2))
	require.NoError(t, err)
	v := verifier(t, trust(s))
	good, other := string(out[0].Body), string(out[1].Body)
	cut := strings.Index(good, `,"proof"`)
	otherCut := strings.Index(other, `,"proof"`)
	for name, c := range map[string]struct {
		body string
		code attest.Code
	}{
		"nothing": {"", batch.CodeForm}, "an empty object": {"{}", tlog.CodeProof}, "space": {good + " ", batch.CodeForm},
		"a key twice":               {strings.Replace(good, "{", `{"statement":"",`, 1), batch.CodeForm},
		"a key in another case":     {strings.Replace(good, "proof", "Proof", 1), batch.CodeForm},
		"an unknown key":            {strings.Replace(good, "{", `{"x":"",`, 1), batch.CodeForm},
		"the keys in another order": {`{` + good[cut+1:len(good)-1] + "," + good[1:cut] + `}`, batch.CodeForm},
		"another statement's proof": {good[:cut] + other[otherCut:], tlog.CodeInclusion},
		"extra data":                {strings.Replace(good, `index 0`, `extra AAAA\nindex 0`, 1), batch.CodeForm},
		"an index outside":          {strings.Replace(good, `index 0`, `index 2`, 1), tlog.CodeIndex},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := v.Verify(t.Context(), attest.Attestation{MediaType: batch.MediaType, Body: []byte(c.body)}, anything())
			requireCode(t, c.code, err)
		})
	}
}

func TestACheckpointOfALogIsNoBatch(t *testing.T) {
	s := signer(t, "a")
	st := statement(t, 0)
	leaf := append([]byte(attest.MediaTypeInToto+"\n"), st.Bytes()...)
	head := tlog.Checkpoint{Origin: "a.example", Size: 1, Root: tlog.LeafHash(leaf)}
	out, err := attestor(t, s).Attest(t.Context(), st)
	require.NoError(t, err)
	for name, change := range map[string]func(*tlog.Checkpoint){
		"its own origin": func(*tlog.Checkpoint) {}, "an extension": func(c *tlog.Checkpoint) {
			c.Origin = fmt.Sprintf("sealwright/batch/v1/%x", head.Root[:])
			c.Extensions = []string{"more"}
		},
	} {
		c := head
		change(&c)
		signed, err := tlog.SignCheckpoint(t.Context(), c, time.Time{}, s)
		require.NoError(t, err)
		escaped := strings.ReplaceAll(string(signed), "\n", `\n`)
		body := string(out.Body)
		at := strings.Index(body, `index 0\n\n`) + len(`index 0\n\n`)
		bad := attest.Attestation{MediaType: batch.MediaType, Body: []byte(body[:at] + escaped + `"}`)}
		_, err = verifier(t, trust(s)).Verify(t.Context(), bad, anything())
		require.ErrorIs(t, err, attest.Is(batch.CodeRoot), name)
	}
}

func TestAThresholdCountsPrincipals(t *testing.T) {
	a, b, quantum := signer(t, "a"), signer(t, "b"), pq(t, "a-quantum")
	sign := func(s ...*tlog.Signer) attest.Attestation {
		out, err := attestor(t, s...).Attest(t.Context(), statement(t, 0))
		require.NoError(t, err)
		return out
	}
	tr := trust(a, b, quantum)
	tr.Keys[2].Principal = tr.Keys[0].Principal
	tr.Threshold = 2
	two := verifier(t, tr)
	_, err := two.Verify(t.Context(), sign(a, quantum), anything())
	requireCode(t, batch.CodeThreshold, err)
	_, err = two.Verify(t.Context(), sign(a, b), anything())
	require.NoError(t, err)

	tr.Threshold, tr.EveryKey = 1, true
	tr.Keys = []batch.Key{tr.Keys[0], tr.Keys[2]}
	hybrid := verifier(t, tr)
	for _, half := range [][]*tlog.Signer{{a}, {quantum}} {
		_, err := hybrid.Verify(t.Context(), sign(half...), anything())
		requireCode(t, batch.CodeThreshold, err)
	}
	verified, err := hybrid.Verify(t.Context(), sign(quantum, a), anything())
	require.NoError(t, err)
	require.Len(t, verified.Signers(), 1)
}

func TestATrustThatDoesNotSayWhatItMeansIsRefused(t *testing.T) {
	a := signer(t, "a")
	renamed := a.Key()
	renamed.Name = "renamed"
	for name, change := range map[string]func(*batch.Trust){
		"no authority": func(x *batch.Trust) { x.Authority = "" }, "no keys": func(x *batch.Trust) { x.Keys = nil },
		"no principal": func(x *batch.Trust) { x.Keys[0].Principal = "" }, "threshold zero": func(x *batch.Trust) { x.Threshold = 0 },
		"a threshold that cannot be met": func(x *batch.Trust) { x.Threshold = 2 },
		"one key under two names":        func(x *batch.Trust) { x.Keys = append(x.Keys, batch.Key{Principal: "other", Key: renamed}) },
		"a malformed key":                func(x *batch.Trust) { x.Keys[0].Key.Public = nil },
		"a witness's key":                func(x *batch.Trust) { x.Keys[0].Key.Algorithm = tlog.CosignatureV1 },
		"no verifier for ML-DSA":         func(x *batch.Trust) { x.Keys[0].Key, x.MLDSA44 = pq(t, "q").Key(), nil },
	} {
		t.Run(name, func(t *testing.T) {
			tr := trust(a)
			change(&tr)
			_, err := batch.NewVerifier(tr)
			requireCode(t, batch.CodeTrust, err)
		})
	}
	_, err := batch.NewAttestor()
	requireCode(t, batch.CodeSigners, err)
	_, err = batch.NewAttestor(a, a)
	requireCode(t, batch.CodeSigners, err)
	_, err = batch.NewAttestor(nil)
	requireCode(t, attest.CodeNil, err)
	_, err = attestor(t, a).AttestAll(t.Context(), nil)
	requireCode(t, batch.CodeEmpty, err)
}

func items(as []attest.Attestation) iter.Seq[batch.Item] {
	return func(yield func(batch.Item) bool) {
		for _, a := range as {
			if !yield(batch.Item{Attestation: a, Want: anything()}) {
				return
			}
		}
	}
}

func TestAStreamIsVerifiedInOrderWithinItsWindow(t *testing.T) {
	s := signer(t, "a")
	out, err := attestor(t, s).AttestAll(t.Context(), statements(t, 200))
	require.NoError(t, err)
	out[7].Body = []byte("broken")
	var read, seen atomic.Int64
	source := func(yield func(batch.Item) bool) {
		for item := range items(out) {
			if read.Add(1)-seen.Load() > 9 {
				t.Error("more items are held than the window and the one being read")
			}
			if !yield(item) {
				return
			}
		}
	}
	next := 0
	for i, r := range batch.VerifyAll(t.Context(), verifier(t, trust(s)), source, batch.Options{Workers: 3, Window: 8}) {
		require.Equal(t, next, i)
		if i == 7 {
			requireCode(t, batch.CodeForm, r.Err)
			require.Nil(t, r.Verified)
		} else {
			require.NoError(t, r.Err)
			require.Equal(t, fmt.Sprint(i), r.Verified.Statement().Subjects()[0].Name)
		}
		next++
		seen.Add(1)
	}
	require.Equal(t, 200, next)
}

// broken breaks the contract of attest.Verifier: neither success nor failure.
type broken struct{}

func (broken) Verify(context.Context, attest.Attestation, attest.Want) (*attest.Verified, error) {
	return nil, nil
}

func TestAStreamThatIsCutDoesNotLookWhole(t *testing.T) {
	s := signer(t, "a")
	out, err := attestor(t, s).AttestAll(t.Context(), statements(t, 50))
	require.NoError(t, err)
	v := verifier(t, trust(s))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for i, r := range batch.VerifyAll(ctx, v, items(out), batch.Options{Workers: 2}) {
		if i == 5 {
			cancel()
		}
		last = r.Err
	}
	requireCode(t, attest.CodeCanceled, last)
	for range batch.VerifyAll(t.Context(), v, items(out), batch.Options{}) {
		break
	}
	for _, r := range batch.VerifyAll(t.Context(), broken{}, items(out[:1]), batch.Options{}) {
		requireCode(t, attest.CodeUnverified, r.Err)
	}
	for _, r := range batch.VerifyAll(t.Context(), nil, items(out), batch.Options{}) {
		requireCode(t, batch.CodeOptions, r.Err)
	}
	for _, r := range batch.VerifyAll(t.Context(), v, items(out), batch.Options{Workers: -1}) {
		requireCode(t, batch.CodeOptions, r.Err)
	}
}

// spy counts the verifications that reach it.
type spy struct {
	attest.Verifier
	n *int
}

func (s spy) Verify(ctx context.Context, a attest.Attestation, w attest.Want) (*attest.Verified, error) {
	*s.n++
	return s.Verifier.Verify(ctx, a, w)
}

func TestACacheAnswersOnlyWhatItLearnedWhereItLearnedIt(t *testing.T) {
	now := time.Unix(1000, 0)
	edge := now.Add(time.Hour)
	cache, err := batch.NewCache(8, func() time.Time { return now })
	require.NoError(t, err)
	fake := attesttest.New("a")
	n := 0
	scope := batch.Scope{Policy: digest.FromBytes([]byte("p")), Epoch: "1", Edge: func(*attest.Verified) time.Time { return edge }}
	wrap := func(s batch.Scope) attest.Verifier {
		v, err := cache.Verifier(spy{fake, &n}, s)
		require.NoError(t, err)
		return v
	}
	v := wrap(scope)
	st := statement(t, 0)
	a, err := fake.Attest(t.Context(), st)
	require.NoError(t, err)
	reached := func(v attest.Verifier, a attest.Attestation, w attest.Want) bool {
		before := n
		_, err := v.Verify(t.Context(), a, w)
		require.NoError(t, err)
		return n > before
	}
	require.True(t, reached(v, a, anything()))
	require.False(t, reached(v, a, anything()))
	subject := attest.Want{Subjects: []digest.Set{st.Subjects()[0].Digest}}
	typed := subject
	typed.PredicateTypes = []string{st.PredicateType()}
	assert.True(t, reached(v, a, subject), "another want")
	assert.True(t, reached(v, a, typed), "another predicate type")
	assert.False(t, reached(v, a, typed))
	epoch, policy := scope, scope
	epoch.Epoch, policy.Policy = "2", digest.FromBytes([]byte("q"))
	assert.True(t, reached(wrap(epoch), a, anything()), "another epoch")
	assert.True(t, reached(wrap(policy), a, anything()), "another policy")
	other, err := fake.Attest(t.Context(), statement(t, 1))
	require.NoError(t, err)
	assert.True(t, reached(v, other, anything()), "other evidence")
	a2 := a
	a2.MediaType = "x"
	_, err = v.Verify(t.Context(), a2, anything())
	requireCode(t, attest.CodeMediaType, err)
	_, err = v.Verify(t.Context(), a, attest.Want{})
	requireCode(t, attest.CodeWantEmpty, err)

	now = edge.Add(-1)
	assert.False(t, reached(v, a, anything()), "just before the edge")
	now = edge
	assert.True(t, reached(v, a, anything()), "at the edge")
	assert.True(t, reached(v, a, anything()), "after the edge nothing is learned")
	edge = now.Add(time.Hour)
	assert.True(t, reached(v, a, anything()))
	now = now.Add(-time.Second)
	assert.True(t, reached(v, a, anything()), "a clock that was set back")
}

func TestACacheForgetsAndNeverRemembersARefusal(t *testing.T) {
	cache, err := batch.NewCache(2, func() time.Time { return time.Unix(1000, 0) })
	require.NoError(t, err)
	fake := attesttest.New("a")
	n := 0
	v, err := cache.Verifier(spy{fake, &n}, batch.Scope{Policy: digest.FromBytes(nil), Epoch: "1", Edge: func(*attest.Verified) time.Time { return time.Unix(2000, 0) }})
	require.NoError(t, err)
	for range 2 {
		for i := range 3 {
			a, err := fake.Attest(t.Context(), statement(t, i))
			require.NoError(t, err)
			_, err = v.Verify(t.Context(), a, anything())
			require.NoError(t, err)
		}
	}
	require.Equal(t, 6, n, "three do not fit in two")
	bad := attest.Attestation{MediaType: attesttest.MediaType, Body: []byte("bad")}
	for range 2 {
		_, err := v.Verify(t.Context(), bad, anything())
		require.Error(t, err)
	}
	require.Equal(t, 8, n)
	_, err = batch.NewCache(0, time.Now)
	requireCode(t, batch.CodeCache, err)
	_, err = cache.Verifier(fake, batch.Scope{})
	requireCode(t, batch.CodeCache, err)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("over")
	cancel(cause)
	_, err = v.Verify(ctx, bad, anything())
	require.ErrorIs(t, err, cause)
}

func TestTheCachedVerifierKeepsTheContract(t *testing.T) {
	cache, err := batch.NewCache(64, func() time.Time { return time.Unix(1000, 0) })
	require.NoError(t, err)
	a := signer(t, "a")
	v, err := cache.Verifier(verifier(t, trust(a)), batch.Scope{Policy: digest.FromBytes(nil), Epoch: "1", Edge: func(*attest.Verified) time.Time { return time.Unix(2000, 0) }})
	require.NoError(t, err)
	attesttest.TestVerifier(t, v, attestor(t, a), attestor(t, signer(t, "stranger")))
}

func FuzzVerify(f *testing.F) {
	s := signer(f, "a")
	out, err := attestor(f, s).AttestAll(f.Context(), statements(f, 3))
	require.NoError(f, err)
	known := map[string]bool{}
	for _, a := range out {
		f.Add(a.Body)
		known[string(a.Body)] = true
	}
	v := verifier(f, trust(s))
	f.Fuzz(func(t *testing.T, body []byte) {
		_, err := v.Verify(t.Context(), attest.Attestation{MediaType: batch.MediaType, Body: body}, anything())
		if err == nil {
			require.True(t, known[string(body)], "accepted what was never signed")
		} else {
			require.NotEmpty(t, attest.Reasons(err))
		}
	})
}

func BenchmarkAttestAll10000(b *testing.B) {
	all := statements(b, 10_000)
	a := attestor(b, signer(b, "a"))
	for b.Loop() {
		if _, err := a.AttestAll(b.Context(), all); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCached(b *testing.B) {
	cache, err := batch.NewCache(8, func() time.Time { return time.Unix(1000, 0) })
	require.NoError(b, err)
	s := signer(b, "a")
	v, err := cache.Verifier(verifier(b, trust(s)), batch.Scope{Policy: digest.FromBytes(nil), Epoch: "1", Edge: func(*attest.Verified) time.Time { return time.Unix(2000, 0) }})
	require.NoError(b, err)
	out, err := attestor(b, s).AttestAll(b.Context(), statements(b, 1000))
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), out[7], anything()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyAll(b *testing.B) {
	s := signer(b, "a")
	out, err := attestor(b, s).AttestAll(b.Context(), statements(b, 2000))
	require.NoError(b, err)
	v := verifier(b, trust(s))
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprint(workers, " workers"), func(b *testing.B) {
			for b.Loop() {
				for _, r := range batch.VerifyAll(b.Context(), v, items(out), batch.Options{Workers: workers}) {
					if r.Err != nil {
						b.Fatal(r.Err)
					}
				}
			}
		})
	}
}

// Three statements are signed by one signature; one is verified alone.
func ExampleAttestor_AttestAll() {
	ctx := context.Background()
	signer, _ := tlog.NewSigner("release.example", tlog.Ed25519, attesttest.Signer("release"), nil)
	attestor, _ := batch.NewAttestor(signer)
	var all []*attest.Statement
	for _, content := range []string{"one", "two", "three"} {
		d := digest.FromBytes([]byte(content))
		s, err := attest.NewStatement("https://example.com/release/v1", map[string]string{}, attest.Descriptor{Name: content, Digest: digest.Set{d.Algorithm: d.Hex}})
		if err != nil {
			fmt.Println(err)
			return
		}
		all = append(all, s)
	}
	attestations, err := attestor.AttestAll(ctx, all)
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := batch.NewVerifier(batch.Trust{
		Authority: "example.com/releases", Threshold: 1,
		Keys: []batch.Key{{Principal: "release", Key: signer.Key()}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	verified, err := verifier.Verify(ctx, attestations[1], attest.Want{Subjects: []digest.Set{all[1].Subjects()[0].Digest}})
	fmt.Println(verified.Statement().Subjects()[0].Name, verified.Signers()[0].Subject, err)
	// Output: two release <nil>
}
