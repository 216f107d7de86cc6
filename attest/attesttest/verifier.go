package attesttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// TestVerifier holds v against the contract of attest.Verifier, one subtest for
// each clause. v must trust what trusted attests, and must not trust what
// stranger attests in the same format.
func TestVerifier(t *testing.T, v attest.Verifier, trusted, stranger attest.Attestor) {
	t.Helper()
	testAll(t, verifierClauses(v, trusted, stranger))
}

// CheckVerifier does what TestVerifier does and returns the clauses that v
// breaks, each as a *Violation, joined; nil if there is none. Run it under the
// race detector: some breaches show only there.
func CheckVerifier(ctx context.Context, v attest.Verifier, trusted, stranger attest.Attestor) error {
	return checkAll(ctx, verifierClauses(v, trusted, stranger))
}

func verifierClauses(v attest.Verifier, trusted, stranger attest.Attestor) []clause {
	k := verifierKit{v, trusted, stranger}
	return []clause{
		{"trusted evidence is accepted", k.accepts},
		{"the Verified names authority, signers and the digest of the evidence", k.tellsFacts},
		{"a wanted predicate type may be one of several, and may be left open", k.openWants},
		{"evidence by a stranger is refused", k.refusesStranger},
		{"evidence that was changed is refused, or says the same", k.refusesChanges},
		{"evidence that was cut off is refused", k.refusesCuts},
		{"what is no evidence is refused", k.refusesGarbage},
		{"evidence of a foreign media type is refused with " + string(attest.CodeMediaType), k.refusesForeign},
		{"the zero Want is refused with " + string(attest.CodeWantEmpty), k.refusesZeroWant},
		{"a Want that contradicts itself is refused", k.refusesContradiction},
		{"another subject is refused with " + string(attest.CodeWantSubject), k.refusesOtherSubject},
		{"each wanted subject is demanded", k.demandsEachSubject},
		{"another predicate type is refused with " + string(attest.CodeWantPredicateType), k.refusesOtherType},
		{"every failed check is reported", k.reportsAll},
		{"a context that has ended is honoured", k.honoursContext},
		{"the body is not changed", k.keepsBody},
		{"the body is not retained", k.forgetsBody},
		{"equal evidence gives equal answers", k.repeatable},
		{"concurrent use on one attestation is safe", k.concurrent},
	}
}

type verifierKit struct {
	verifier          attest.Verifier
	trusted, stranger attest.Attestor
}

// good returns evidence of the n-th statement that must be accepted.
func (k verifierKit) good(ctx context.Context, n int) (attest.Attestation, attest.Want, error) {
	s, want := statement(n)
	e, err := k.trusted.Attest(ctx, s)
	if err != nil {
		err = fmt.Errorf("the trusted attestor fails: %w", err)
	}
	return e, want, err
}

// check demands that e is accepted, and returns the Verified.
func (k verifierKit) check(ctx context.Context, e attest.Attestation, want attest.Want) (*attest.Verified, error) {
	v, err := k.verifier.Verify(ctx, e, want)
	if err != nil {
		return nil, err
	}
	if v.IsZero() || v.Statement() == nil {
		return nil, errors.New("no error, and the zero Verified")
	}
	return v, nil
}

// refuses demands a reasoned refusal of e, with each of the codes.
func (k verifierKit) refuses(ctx context.Context, e attest.Attestation, want attest.Want, codes ...attest.Code) error {
	v, err := k.verifier.Verify(ctx, e, want)
	if err == nil {
		return errors.New("accepted")
	}
	if v != nil {
		return errors.New("a Verified together with an error")
	}
	if len(attest.Reasons(err)) == 0 {
		return fmt.Errorf("an error without a reason: %w", err)
	}
	for _, code := range codes {
		if err := demandCode(err, code); err != nil {
			return err
		}
	}
	return nil
}

func (k verifierKit) accepts(ctx context.Context) error {
	e, want, err := k.good(ctx, 1)
	if err != nil {
		return err
	}
	v, err := k.check(ctx, e, want)
	if err != nil {
		return err
	}
	if s, _ := statement(1); !bytes.Equal(v.Statement().Bytes(), s.Bytes()) {
		return fmt.Errorf("it says %q", v.Statement().Bytes())
	}
	return nil
}

func (k verifierKit) tellsFacts(ctx context.Context) error {
	e, want, err := k.good(ctx, 1)
	if err != nil {
		return err
	}
	v, err := k.check(ctx, e, want)
	if err != nil {
		return err
	}
	if v.Authority() == "" {
		return errors.New("no authority")
	}
	if v.Evidence() != digest.FromBytes(e.Body) {
		return fmt.Errorf("evidence %s, and not the SHA-256 digest of the body", v.Evidence())
	}
	seen := map[string]bool{}
	for _, s := range v.Signers() {
		if s.Principal() == "" || seen[s.Principal()] {
			return fmt.Errorf("a principal without name, or twice: %v", v.Signers())
		}
		seen[s.Principal()] = true
	}
	return nil
}

func (k verifierKit) openWants(ctx context.Context) error {
	e, want, err := k.good(ctx, 1)
	if err != nil {
		return err
	}
	for _, w := range []attest.Want{
		{Subjects: want.Subjects},
		{AnySubject: true},
		{AnySubject: true, PredicateTypes: []string{"https://example.com/other", predicateType}},
	} {
		if _, err := k.check(ctx, e, w); err != nil {
			return err
		}
	}
	return nil
}

func (k verifierKit) refusesStranger(ctx context.Context) error {
	s, want := statement(1)
	e, err := k.stranger.Attest(ctx, s)
	if err != nil {
		return fmt.Errorf("the stranger fails: %w", err)
	}
	return k.refuses(ctx, e, want)
}

// probes is how many places of a body the kit changes, and where it cuts.
const probes = 128

// stride returns the step that visits about probes places of n, and all of a
// short body.
func stride(n int) int { return max(1, n/probes) }

// refusesChanges flips bits all over the body. A format may hold bytes
// that mean nothing, such as hints; then everything that the Verified tells must
// be the same.
func (k verifierKit) refusesChanges(ctx context.Context) error {
	e, want, err := k.good(ctx, 1)
	if err != nil {
		return err
	}
	before, err := k.check(ctx, e, want)
	if err != nil {
		return err
	}
	for i := 0; i < len(e.Body); i += stride(len(e.Body)) {
		changed := attest.Attestation{MediaType: e.MediaType, Body: slices.Clone(e.Body)}
		changed.Body[i] ^= 1 << (i % 8)
		after, err := k.verifier.Verify(ctx, changed, want)
		if err != nil {
			if refused := k.refuses(ctx, changed, want); refused != nil {
				return fmt.Errorf("byte %d: %w", i, refused)
			}
			continue
		}
		if !sameFacts(before, after) {
			return fmt.Errorf("byte %d changed, and other facts were accepted", i)
		}
	}
	return nil
}

// sameFacts compares all but the digest of the evidence.
func sameFacts(a, b *attest.Verified) bool {
	return !b.IsZero() && a.Authority() == b.Authority() &&
		bytes.Equal(a.Statement().Bytes(), b.Statement().Bytes()) &&
		reflect.DeepEqual(a.Signers(), b.Signers()) &&
		reflect.DeepEqual(a.Times(), b.Times()) &&
		reflect.DeepEqual(a.Inclusions(), b.Inclusions())
}

func (k verifierKit) refusesCuts(ctx context.Context) error {
	e, want, err := k.good(ctx, 1)
	if err != nil {
		return err
	}
	for n := 0; n < len(e.Body); n += stride(len(e.Body)) {
		cut := attest.Attestation{MediaType: e.MediaType, Body: e.Body[:n:n]}
		if err := k.refuses(ctx, cut, want); err != nil {
			return fmt.Errorf("cut to %d of %d bytes: %w", n, len(e.Body), err)
		}
	}
	return nil
}

func (k verifierKit) refusesGarbage(ctx context.Context) error {
	e, want, err := k.good(ctx, 1)
	if err != nil {
		return err
	}
	for _, body := range [][]byte{
		nil, {}, {0}, []byte("null"), []byte("{}"), []byte("[]"), []byte(`""`), []byte("-----BEGIN"),
		bytes.Repeat([]byte{0xff}, 1000), bytes.Repeat([]byte{'['}, 100_000), slices.Concat(e.Body, e.Body),
	} {
		if err := k.refuses(ctx, attest.Attestation{MediaType: e.MediaType, Body: body}, want); err != nil {
			return fmt.Errorf("body %.20q: %w", body, err)
		}
	}
	return nil
}

func (k verifierKit) refusesForeign(ctx context.Context) error {
	e, want, err := k.good(ctx, 1)
	if err != nil {
		return err
	}
	for _, kind := range []string{"", "application/octet-stream", e.MediaType + "; charset=utf-8", e.MediaType + "x"} {
		foreign := attest.Attestation{MediaType: kind, Body: e.Body}
		if err := k.refuses(ctx, foreign, want, attest.CodeMediaType); err != nil {
			return fmt.Errorf("media type %q: %w", kind, err)
		}
	}
	return nil
}

func (k verifierKit) refusesZeroWant(ctx context.Context) error {
	e, _, err := k.good(ctx, 1)
	if err != nil {
		return err
	}
	onlyType := attest.Want{PredicateTypes: []string{predicateType}}
	return errors.Join(k.refuses(ctx, e, attest.Want{}, attest.CodeWantEmpty), k.refuses(ctx, e, onlyType, attest.CodeWantEmpty))
}

func (k verifierKit) refusesContradiction(ctx context.Context) error {
	e, want, err := k.good(ctx, 1)
	if err != nil {
		return err
	}
	want.AnySubject = true
	empty := attest.Want{Subjects: []digest.Set{{}}}
	return errors.Join(k.refuses(ctx, e, want), k.refuses(ctx, e, empty))
}

func (k verifierKit) refusesOtherSubject(ctx context.Context) error {
	e, _, err := k.good(ctx, 1)
	if err != nil {
		return err
	}
	_, other := statement(2)
	return k.refuses(ctx, e, other, attest.CodeWantSubject)
}

func (k verifierKit) demandsEachSubject(ctx context.Context) error {
	e, want, err := k.good(ctx, 1)
	if err != nil {
		return err
	}
	_, other := statement(2)
	want.Subjects = append(want.Subjects, other.Subjects...)
	return k.refuses(ctx, e, want, attest.CodeWantSubject)
}

func (k verifierKit) refusesOtherType(ctx context.Context) error {
	e, want, err := k.good(ctx, 1)
	if err != nil {
		return err
	}
	for _, kind := range []string{"https://example.com/other", predicateType + "/", predicateType[:len(predicateType)-1]} {
		want.PredicateTypes = []string{kind}
		if err := k.refuses(ctx, e, want, attest.CodeWantPredicateType); err != nil {
			return fmt.Errorf("want %s: %w", kind, err)
		}
	}
	return nil
}

func (k verifierKit) reportsAll(ctx context.Context) error {
	e, _, err := k.good(ctx, 1)
	if err != nil {
		return err
	}
	_, want := statement(2)
	want.PredicateTypes = []string{"https://example.com/other"}
	return k.refuses(ctx, e, want, attest.CodeWantSubject, attest.CodeWantPredicateType)
}

func (k verifierKit) honoursContext(ctx context.Context) error {
	e, want, err := k.good(ctx, 1)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := k.verifier.Verify(ctx, e, want); !errors.Is(err, context.Canceled) {
		return fmt.Errorf("the error does not wrap context.Canceled: %v", err)
	}
	return k.refuses(ctx, e, want)
}

func (k verifierKit) keepsBody(ctx context.Context) error {
	e, want, err := k.good(ctx, 1)
	if err != nil {
		return err
	}
	_, other := statement(2)
	before := slices.Clone(e.Body)
	for _, w := range []attest.Want{want, other, {}} {
		if v, err := k.verifier.Verify(ctx, e, w); v == nil && err == nil {
			return errors.New("neither a Verified nor an error")
		}
		if !bytes.Equal(before, e.Body) {
			return errors.New("the body differs after Verify")
		}
	}
	return nil
}

func (k verifierKit) forgetsBody(ctx context.Context) error {
	e, want, err := k.good(ctx, 1)
	if err != nil {
		return err
	}
	v, err := k.check(ctx, e, want)
	if err != nil {
		return err
	}
	clear(e.Body)
	s, _ := statement(1)
	if !bytes.Equal(v.Statement().Bytes(), s.Bytes()) || !bytes.Equal(v.Statement().Predicate(), s.Predicate()) {
		return errors.New("the statement changed with the body")
	}
	if err := k.refuses(ctx, e, want); err != nil {
		return fmt.Errorf("other bytes in the same memory: %w", err)
	}
	return nil
}

func (k verifierKit) repeatable(ctx context.Context) error {
	e, want, err := k.good(ctx, 1)
	if err != nil {
		return err
	}
	first, err := k.check(ctx, e, want)
	if err != nil {
		return err
	}
	second, err := k.check(ctx, e, want)
	if err != nil {
		return err
	}
	if !sameFacts(first, second) || first.Evidence() != second.Evidence() {
		return errors.New("the same evidence gave other facts")
	}
	return nil
}

func (k verifierKit) concurrent(ctx context.Context) error {
	e, want, err := k.good(ctx, 1)
	if err != nil {
		return err
	}
	_, other := statement(2)
	const callers = 16
	broken := make([]error, callers)
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					broken[i] = fmt.Errorf("panic: %v", p)
				}
			}()
			for range 8 {
				_, accepted := k.check(ctx, e, want)
				broken[i] = errors.Join(broken[i], accepted, k.refuses(ctx, e, other, attest.CodeWantSubject))
			}
		})
	}
	group.Wait()
	return errors.Join(broken...)
}
