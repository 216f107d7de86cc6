package attesttest_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/dsse"
)

func TestFakeKeepsTheContracts(t *testing.T) {
	fake := attesttest.New("alice")
	attesttest.TestAttestor(t, fake, fake)
	attesttest.TestVerifier(t, fake, fake, attesttest.New("mallory"))
}

func TestDSSEKeepsTheContracts(t *testing.T) {
	alice, bob, mallory := attesttest.Signer("alice"), attesttest.Signer("bob"), attesttest.Signer("mallory")
	both, err := dsse.NewAttestor(alice, bob)
	require.NoError(t, err)
	strangers, err := dsse.NewAttestor(alice, mallory)
	require.NoError(t, err)
	verifier, err := dsse.NewVerifier(dsse.Trust{
		Authority: "test:kit",
		Keys:      []dsse.Key{{Principal: "alice", Public: alice.Public()}, {Principal: "bob", Public: bob.Public()}},
		Threshold: 2,
	})
	require.NoError(t, err)
	attesttest.TestAttestor(t, both, verifier)
	attesttest.TestVerifier(t, verifier, both, strangers)
}

// attestFunc and verifyFunc are implementations to break.
type (
	attestFunc func(context.Context, *attest.Statement) (attest.Attestation, error)
	verifyFunc func(context.Context, attest.Attestation, attest.Want) (*attest.Verified, error)
)

func (f attestFunc) Attest(ctx context.Context, s *attest.Statement) (attest.Attestation, error) {
	return f(ctx, s)
}

func (f verifyFunc) Verify(ctx context.Context, a attest.Attestation, w attest.Want) (*attest.Verified, error) {
	return f(ctx, a, w)
}

// breaks demands that a violation of the clause that begins with prefix is among err.
func breaks(t *testing.T, err error, prefix string) {
	t.Helper()
	require.Error(t, err, "the kit found nothing")
	joined, ok := err.(interface{ Unwrap() []error })
	require.True(t, ok)
	for _, e := range joined.Unwrap() {
		var v *attesttest.Violation
		require.ErrorAs(t, e, &v)
		if strings.HasPrefix(v.Clause, prefix) {
			return
		}
	}
	t.Errorf("no violation of %q in:\n%v", prefix, err)
}

func TestTheKitCatchesBrokenAttestors(t *testing.T) {
	fake := attesttest.New("alice")
	other, err := attest.NewStatement("https://example.com/p", struct{}{}, attest.Descriptor{Digest: digest.FromBytes(nil).Set()})
	require.NoError(t, err)
	var last atomic.Pointer[attest.Statement]
	tests := map[string]struct {
		clause string
		attest attestFunc
	}{
		"writes no media type": {"evidence has a media type", func(ctx context.Context, s *attest.Statement) (attest.Attestation, error) {
			a, err := fake.Attest(ctx, s)
			a.MediaType = ""
			return a, err
		}},
		"writes no body": {"evidence has a media type", func(ctx context.Context, s *attest.Statement) (attest.Attestation, error) {
			a, err := fake.Attest(ctx, s)
			a.Body = nil
			return a, err
		}},
		"signs with another key": {"a Verifier with the matching trust accepts", attesttest.New("mallory").Attest},
		"signs a normalised statement": {"exactly the statement's bytes", func(ctx context.Context, s *attest.Statement) (attest.Attestation, error) {
			if s != nil {
				if again, err := attest.NewStatement(s.PredicateType(), s.Predicate(), s.Subjects()...); err == nil {
					s = again
				}
			}
			return fake.Attest(ctx, s)
		}},
		"panics on nil": {"a nil statement is refused", func(ctx context.Context, s *attest.Statement) (attest.Attestation, error) {
			_ = s.Bytes()
			return fake.Attest(ctx, s)
		}},
		"attests nil as something": {"a nil statement is refused", func(ctx context.Context, s *attest.Statement) (attest.Attestation, error) {
			if s == nil {
				s = other
			}
			return fake.Attest(ctx, s)
		}},
		"refuses nil without a reason": {"a nil statement is refused", func(ctx context.Context, s *attest.Statement) (attest.Attestation, error) {
			if s == nil {
				return attest.Attestation{}, errors.New("nil")
			}
			return fake.Attest(ctx, s)
		}},
		"returns evidence with an error": {"a nil statement is refused", func(ctx context.Context, s *attest.Statement) (attest.Attestation, error) {
			a, err := fake.Attest(ctx, s)
			if err != nil {
				a.MediaType = attesttest.MediaType
			}
			return a, err
		}},
		"attests the zero Statement": {"the zero Statement is refused", func(ctx context.Context, s *attest.Statement) (attest.Attestation, error) {
			if s != nil && len(s.Bytes()) == 0 {
				s = other
			}
			return fake.Attest(ctx, s)
		}},
		"ignores its context": {"a context that has ended", func(ctx context.Context, s *attest.Statement) (attest.Attestation, error) {
			return fake.Attest(context.WithoutCancel(ctx), s)
		}},
		"hides why the context ended": {"a context that has ended", func(ctx context.Context, s *attest.Statement) (attest.Attestation, error) {
			if ctx.Err() != nil {
				return attest.Attestation{}, attest.Refuse(attest.CodeCanceled, "", "", "")
			}
			return fake.Attest(ctx, s)
		}},
		"signs the first statement for ever": {"evidence of one statement", func() attestFunc {
			var first atomic.Pointer[attest.Statement]
			return func(ctx context.Context, s *attest.Statement) (attest.Attestation, error) {
				if s == nil || len(s.Bytes()) == 0 {
					return fake.Attest(ctx, s)
				}
				_, both := mix(t, s)
				first.CompareAndSwap(nil, both)
				return fake.Attest(ctx, first.Load())
			}
		}()},
		"mixes up its callers": {"concurrent use is safe", func(ctx context.Context, s *attest.Statement) (attest.Attestation, error) {
			if s == nil || len(s.Bytes()) == 0 {
				return fake.Attest(ctx, s)
			}
			if previous := last.Swap(s); previous != nil {
				s = previous
			}
			return fake.Attest(ctx, s)
		}},
	}
	for name, test := range tests {
		t.Run("an attestor that "+name, func(t *testing.T) {
			breaks(t, attesttest.CheckAttestor(t.Context(), test.attest, fake), test.clause)
		})
	}
}

// mix returns s, and a statement about s's subjects and those of the kit's second
// statement.
func mix(t *testing.T, s *attest.Statement) (*attest.Statement, *attest.Statement) {
	subjects := append(s.Subjects(), attest.Descriptor{Digest: digest.FromBytes([]byte("artifact-2")).Set()})
	both, err := attest.NewStatement(s.PredicateType(), s.Predicate(), subjects...)
	assert.NoError(t, err)
	return s, both
}

func TestTheKitCatchesBrokenVerifiers(t *testing.T) {
	fake, stranger := attesttest.New("alice"), attesttest.New("mallory")
	seen := kitStatement(t)
	good, err := fake.Attest(t.Context(), seen)
	require.NoError(t, err)
	// facts returns what fake established, to be told otherwise.
	facts := func(v *attest.Verified) attest.Facts {
		return attest.Facts{Authority: v.Authority(), Statement: v.Statement(), Evidence: v.Evidence(), Signers: v.Signers()}
	}
	// retell changes what fake established.
	retell := func(change func(*attest.Facts, attest.Attestation)) verifyFunc {
		return func(ctx context.Context, a attest.Attestation, w attest.Want) (*attest.Verified, error) {
			v, err := fake.Verify(ctx, a, w)
			if err != nil {
				return nil, err
			}
			f := facts(v)
			change(&f, a)
			return attest.Seal(f)
		}
	}
	// want changes what fake is asked.
	want := func(change func(*attest.Want)) verifyFunc {
		return func(ctx context.Context, a attest.Attestation, w attest.Want) (*attest.Verified, error) {
			change(&w)
			return fake.Verify(ctx, a, w)
		}
	}
	any1 := func(w *attest.Want) { w.Subjects, w.AnySubject = nil, true }
	var calls atomic.Int64
	tests := map[string]struct {
		clause string
		verify verifyFunc
	}{
		"refuses everything": {"trusted evidence is accepted", func(context.Context, attest.Attestation, attest.Want) (*attest.Verified, error) {
			return nil, attest.Refuse(attest.CodeMediaType, "", "", "")
		}},
		"returns nothing at all": {"trusted evidence is accepted", func(context.Context, attest.Attestation, attest.Want) (*attest.Verified, error) {
			return nil, nil
		}},
		"returns the zero Verified": {"trusted evidence is accepted", func(ctx context.Context, a attest.Attestation, w attest.Want) (*attest.Verified, error) {
			if _, err := fake.Verify(ctx, a, w); err != nil {
				return nil, err
			}
			return new(attest.Verified), nil
		}},
		"normalises the statement": {"trusted evidence is accepted", retell(func(f *attest.Facts, _ attest.Attestation) {
			f.Statement, _ = attest.ParseStatement(append([]byte(" "), f.Statement.Bytes()...), attest.Limits{})
		})},
		"cites another digest": {"the Verified names", retell(func(f *attest.Facts, a attest.Attestation) {
			f.Evidence = digest.FromBytes(f.Statement.Bytes())
		})},
		"names a signer twice": {"the Verified names", retell(func(f *attest.Facts, _ attest.Attestation) {
			f.Signers = append(f.Signers, f.Signers...)
		})},
		"knows one predicate type only": {"a wanted predicate type may be one of several", want(func(w *attest.Want) {
			w.PredicateTypes = w.PredicateTypes[:min(1, len(w.PredicateTypes))]
		})},
		"trusts every key": {"evidence by a stranger", func(ctx context.Context, a attest.Attestation, w attest.Want) (*attest.Verified, error) {
			if v, err := stranger.Verify(ctx, a, w); err == nil {
				return v, nil
			}
			return fake.Verify(ctx, a, w)
		}},
		"believes a signer that nothing signs": {"evidence that was changed", func(ctx context.Context, a attest.Attestation, w attest.Want) (*attest.Verified, error) {
			if len(a.Body) != len(good.Body) || a.MediaType != good.MediaType || ctx.Err() != nil {
				return fake.Verify(ctx, a, w)
			}
			signers := []attest.Identity{{Subject: digest.FromBytes(a.Body).Hex}}
			return attest.Seal(attest.Facts{Authority: "test:x", Statement: seen, Evidence: digest.FromBytes(a.Body), Signers: signers})
		}},
		"completes what was cut off": {"evidence that was cut off", func(ctx context.Context, a attest.Attestation, w attest.Want) (*attest.Verified, error) {
			if len(a.Body) > 0 && bytes.HasPrefix(good.Body, a.Body) {
				a.Body = good.Body
			}
			return fake.Verify(ctx, a, w)
		}},
		"panics on an empty body": {"what is no evidence", func(ctx context.Context, a attest.Attestation, w attest.Want) (*attest.Verified, error) {
			_ = a.Body[0]
			return fake.Verify(ctx, a, w)
		}},
		"refuses garbage without a reason": {"what is no evidence", func(ctx context.Context, a attest.Attestation, w attest.Want) (*attest.Verified, error) {
			if v, err := fake.Verify(ctx, a, w); err == nil {
				return v, nil
			}
			return nil, errors.New("garbage")
		}},
		"reads the first of two": {"what is no evidence", func(ctx context.Context, a attest.Attestation, w attest.Want) (*attest.Verified, error) {
			if half := len(a.Body) / 2; half > 0 && string(a.Body[:half]) == string(a.Body[half:]) {
				a.Body = a.Body[:half]
			}
			return fake.Verify(ctx, a, w)
		}},
		"ignores the media type": {"evidence of a foreign media type", func(ctx context.Context, a attest.Attestation, w attest.Want) (*attest.Verified, error) {
			a.MediaType = attesttest.MediaType
			return fake.Verify(ctx, a, w)
		}},
		"takes the zero Want for any": {"the zero Want is refused", want(func(w *attest.Want) {
			if len(w.Subjects) == 0 {
				w.AnySubject = true
			}
		})},
		"lets AnySubject win": {"a Want that contradicts itself", want(func(w *attest.Want) {
			if w.AnySubject {
				w.Subjects = nil
			}
		})},
		"ignores the wanted subject":  {"another subject is refused", want(any1)},
		"demands one of the subjects": {"each wanted subject", want(func(w *attest.Want) { w.Subjects = w.Subjects[:min(1, len(w.Subjects))] })},
		"ignores the predicate type":  {"another predicate type", want(func(w *attest.Want) { w.PredicateTypes = nil })},
		"reports the first failure only": {"every failed check is reported", func(ctx context.Context, a attest.Attestation, w attest.Want) (*attest.Verified, error) {
			typesOnly := attest.Want{AnySubject: true, PredicateTypes: w.PredicateTypes}
			if len(w.PredicateTypes) > 0 && w.Validate() == nil {
				if _, err := fake.Verify(ctx, a, typesOnly); err != nil {
					return nil, err
				}
			}
			return fake.Verify(ctx, a, w)
		}},
		"ignores its context": {"a context that has ended", func(ctx context.Context, a attest.Attestation, w attest.Want) (*attest.Verified, error) {
			return fake.Verify(context.WithoutCancel(ctx), a, w)
		}},
		"returns a Verified with an error": {"another subject is refused", func(ctx context.Context, a attest.Attestation, w attest.Want) (*attest.Verified, error) {
			v, err := fake.Verify(ctx, a, w)
			if err != nil {
				v = new(attest.Verified)
			}
			return v, err
		}},
		"scribbles on the body": {"the body is not changed", func() verifyFunc {
			var mu sync.Mutex // the race detector would see the fault before the kit does
			return func(ctx context.Context, a attest.Attestation, w attest.Want) (*attest.Verified, error) {
				mu.Lock()
				defer mu.Unlock()
				v, err := fake.Verify(ctx, a, w)
				if err == nil {
					a.Body[0] = 'x'
				}
				return v, err
			}
		}()},
		"knows a body by its address": {"the body is not retained", func() verifyFunc {
			var mu sync.Mutex
			cache := map[*byte]*attest.Verified{}
			return func(ctx context.Context, a attest.Attestation, w attest.Want) (*attest.Verified, error) {
				mu.Lock()
				defer mu.Unlock()
				if len(a.Body) > 0 && cache[&a.Body[0]] != nil && w.Check(cache[&a.Body[0]].Statement()) == nil {
					return cache[&a.Body[0]], nil
				}
				v, err := fake.Verify(ctx, a, w)
				if err == nil {
					cache[&a.Body[0]] = v
				}
				return v, err
			}
		}()},
		"remembers what it saw": {"equal evidence gives equal answers", retell(func(f *attest.Facts, _ attest.Attestation) {
			if calls.Add(1)%2 == 0 {
				f.Authority += "'"
			}
		})},
		"cannot serve two at once": {"concurrent use", func() verifyFunc {
			var busy atomic.Int32
			return func(ctx context.Context, a attest.Attestation, w attest.Want) (*attest.Verified, error) {
				if busy.Add(1) > 1 {
					busy.Add(-1)
					return nil, attest.Refuse("test.verifier.busy", "", "", "")
				}
				defer busy.Add(-1)
				time.Sleep(100 * time.Microsecond) // long enough to meet another caller
				return fake.Verify(ctx, a, w)
			}
		}()},
	}
	for name, test := range tests {
		t.Run("a verifier that "+name, func(t *testing.T) {
			breaks(t, attesttest.CheckVerifier(t.Context(), test.verify, fake, stranger), test.clause)
		})
	}
}

// kitStatement returns the kit's own statement, as the kit's attestor sees it.
func kitStatement(t *testing.T) *attest.Statement {
	var seen *attest.Statement
	spy := attestFunc(func(ctx context.Context, s *attest.Statement) (attest.Attestation, error) {
		if seen == nil && s != nil {
			seen = s
		}
		return attest.Attestation{}, errors.New("spying")
	})
	_ = attesttest.CheckAttestor(t.Context(), spy, attesttest.New("spy"))
	require.NotNil(t, seen)
	return seen
}
