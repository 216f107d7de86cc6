package attesttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/sealwright/sealwright/attest"
)

// TestAttestor holds a against the contract of attest.Attestor, one subtest for
// each clause. v must be a Verifier that trusts a.
func TestAttestor(t *testing.T, a attest.Attestor, v attest.Verifier) {
	t.Helper()
	testAll(t, attestorClauses(a, v))
}

// CheckAttestor does what TestAttestor does and returns the clauses that a
// breaks, each as a *Violation, joined; nil if there is none. Run it under the
// race detector: some breaches show only there.
func CheckAttestor(ctx context.Context, a attest.Attestor, v attest.Verifier) error {
	return checkAll(ctx, attestorClauses(a, v))
}

func attestorClauses(a attest.Attestor, v attest.Verifier) []clause {
	k := attestorKit{a, v}
	return []clause{
		{"evidence has a media type and a body", k.selfDescribing},
		{"a Verifier with the matching trust accepts the evidence", k.accepted},
		{"exactly the statement's bytes are signed", k.exact},
		{"a nil statement is refused with " + string(attest.CodeNil), k.refusesNil},
		{"the zero Statement is refused", k.refusesZero},
		{"a context that has ended is honoured", k.honoursContext},
		{"evidence of one statement does not pass for another", k.distinct},
		{"concurrent use is safe", k.concurrent},
	}
}

type attestorKit struct {
	attestor attest.Attestor
	verifier attest.Verifier
}

func (k attestorKit) selfDescribing(ctx context.Context) error {
	s, _ := statement(1)
	e, err := k.attestor.Attest(ctx, s)
	switch {
	case err != nil:
		return err
	case e.MediaType == "":
		return errors.New("no media type")
	case len(e.Body) == 0:
		return errors.New("no body")
	}
	return nil
}

// roundTrip attests and verifies the n-th statement.
func (k attestorKit) roundTrip(ctx context.Context, n int) (*attest.Statement, error) {
	s, want := statement(n)
	e, err := k.attestor.Attest(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("Attest: %w", err)
	}
	verified, err := k.verifier.Verify(ctx, e, want)
	if err != nil {
		return nil, fmt.Errorf("Verify: %w", err)
	}
	if verified.IsZero() {
		return nil, errors.New("Verify returned the zero Verified")
	}
	return verified.Statement(), nil
}

func (k attestorKit) accepted(ctx context.Context) error {
	_, err := k.roundTrip(ctx, 1)
	return err
}

func (k attestorKit) exact(ctx context.Context) error {
	// Space that a round trip through a decoder would drop.
	plain, want := statement(1)
	spaced, err := attest.ParseStatement(append([]byte(" "), plain.Bytes()...), attest.Limits{})
	if err != nil {
		return err
	}
	for _, s := range []*attest.Statement{plain, spaced} {
		e, err := k.attestor.Attest(ctx, s)
		if err != nil {
			return err
		}
		verified, err := k.verifier.Verify(ctx, e, want)
		if err != nil {
			return err
		}
		if got := verified.Statement().Bytes(); !bytes.Equal(got, s.Bytes()) {
			return fmt.Errorf("statement %q was signed as %q", s.Bytes(), got)
		}
	}
	return nil
}

// refusal reports evidence that came with an error, or no error.
func refusal(e attest.Attestation, err error) error {
	if err == nil {
		return errors.New("no error")
	}
	if e.MediaType != "" || e.Body != nil {
		return errors.New("evidence together with an error")
	}
	if len(attest.Reasons(err)) == 0 {
		return fmt.Errorf("an error without a reason: %w", err)
	}
	return nil
}

func (k attestorKit) refusesNil(ctx context.Context) error {
	e, err := k.attestor.Attest(ctx, nil)
	return errors.Join(refusal(e, err), demandCode(err, attest.CodeNil))
}

func (k attestorKit) refusesZero(ctx context.Context) error {
	return refusal(k.attestor.Attest(ctx, new(attest.Statement)))
}

func (k attestorKit) honoursContext(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	s, _ := statement(1)
	e, err := k.attestor.Attest(ctx, s)
	if !errors.Is(err, context.Canceled) {
		return fmt.Errorf("the error does not wrap context.Canceled: %v", err)
	}
	return refusal(e, err)
}

func (k attestorKit) distinct(ctx context.Context) error {
	first, _ := statement(1)
	_, other := statement(2)
	e, err := k.attestor.Attest(ctx, first)
	if err != nil {
		return err
	}
	_, err = k.verifier.Verify(ctx, e, other)
	return demandCode(err, attest.CodeWantSubject)
}

func (k attestorKit) concurrent(ctx context.Context) error {
	const callers = 16
	broken := make([]error, callers)
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() { broken[i] = k.own(ctx, i) })
	}
	group.Wait()
	return errors.Join(broken...)
}

// own reports a round trip from which another statement comes back.
func (k attestorKit) own(ctx context.Context, n int) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	for range 8 {
		got, err := k.roundTrip(ctx, n)
		if err != nil {
			return err
		}
		if s, _ := statement(n); !bytes.Equal(got.Bytes(), s.Bytes()) {
			return fmt.Errorf("statement %d came back as %q", n, got.Bytes())
		}
	}
	return nil
}
