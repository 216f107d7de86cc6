package teetest

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/sealwright/sealwright/tee"
)

type clause struct {
	name  string
	check func(*run) error
}

// clauses are the contract, one by one.
func clauses() []clause {
	return []clause{
		{"the kind is one and well formed", kindIsOne},
		{"the quoter gives evidence for the binding", quoterBinds},
		{"the quoter refuses a binding without nonce or purpose", quoterValidates},
		{"the quoter honours cancellation", quoterCancels},
		{"the quoter is safe for concurrent use", quoterConcurrent},
		{"claims tell what the hardware signed", claimsComplete},
		{"the binding that travels along changes no claim", bindingIgnored},
		{"the verifier honours cancellation", verifierCancels},
		{"incomplete parameters are refused", paramsValidated},
		{"throwaway roots are refused in production", throwawayRefused},
		{"only the given roots are trusted", foreignRefused},
		{"a root in the evidence is not trusted", suppliedRootRefused},
		{"evidence and endorsements of two platforms do not mix", spliceRefused},
		{"endorsements outside their validity are refused", validityChecked},
		{"missing endorsements change no claim", endorsementsDropped},
		{"nil and empty evidence is refused", emptyRefused},
		{"evidence of another kind is refused", otherKindRefused},
		{"truncated evidence is refused", truncationRefused},
		{"trailing bytes are refused", extensionRefused},
		{"a flipped bit is refused or changes no claim", flipsHarmless},
		{"forgeries are refused", forgeriesRefused},
		{"verification changes and keeps nothing", nothingShared},
		{"the verifier is safe for concurrent use", verifierConcurrent},
	}
}

func kindIsOne(r *run) error {
	k := r.Verifier.Kind()
	if k != r.Quoter.Kind() || k != r.valid.Kind || k != r.Verifier.Kind() {
		return fmt.Errorf("verifier %q, quoter %q, evidence %q", k, r.Quoter.Kind(), r.valid.Kind)
	}
	return k.Validate()
}

func quoterBinds(r *run) error {
	if !reflect.DeepEqual(r.valid.Binding, r.binding) {
		return errors.New("the evidence has another binding")
	}
	b, err := r.valid.Encode()
	if err != nil {
		return err
	}
	again, err := tee.DecodeEvidence(b)
	if err != nil {
		return err
	}
	return r.harmlessAccepted("decoded evidence", again)
}

// harmlessAccepted demands that ev is accepted with the same claims.
func (r *run) harmlessAccepted(what string, ev *tee.Evidence) error {
	c, err := r.Verifier.Verify(r.ctx, ev, r.Params)
	if err != nil {
		return fmt.Errorf("%s: refused: %w", what, err)
	}
	if !reflect.DeepEqual(c, r.claims) {
		return fmt.Errorf("%s: other claims", what)
	}
	return nil
}

func quoterValidates(r *run) error {
	for what, edit := range map[string]func(*tee.Binding){
		"no nonce":      func(b *tee.Binding) { b.Nonce = nil },
		"a short nonce": func(b *tee.Binding) { b.Nonce = b.Nonce[:tee.MinNonce-1] },
		"no purpose":    func(b *tee.Binding) { b.Purpose = "" },
	} {
		b := r.bind(1)
		edit(&b)
		if ev, err := r.Quoter.Quote(r.ctx, b); err == nil || ev != nil {
			return fmt.Errorf("%s: quoted", what)
		}
	}
	return nil
}

func quoterCancels(r *run) error {
	ctx, cancel := context.WithCancel(r.ctx)
	cancel()
	if ev, err := r.Quoter.Quote(ctx, r.bind(1)); !errors.Is(err, context.Canceled) || ev != nil {
		return fmt.Errorf("want context.Canceled, got %v", err)
	}
	return nil
}

// workers is how many goroutines the clauses about concurrency start.
const workers = 64

// together runs f in many goroutines and returns the first error.
func together(f func(n int) error) error {
	var group sync.WaitGroup
	errs := make([]error, workers)
	for n := range workers {
		group.Go(func() { errs[n] = guard(func() error { return f(n) }) })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func quoterConcurrent(r *run) error {
	return together(func(n int) error {
		b := r.bind(n)
		ev, err := r.Quoter.Quote(r.ctx, b)
		if err != nil {
			return err
		}
		c, err := r.Verifier.Verify(r.ctx, ev, r.Params)
		if err != nil {
			return err
		}
		return reports(c, b, r.Verifier.Kind())
	})
}

// reports demands that c holds the digest of b.
func reports(c *tee.Claims, b tee.Binding, k tee.Kind) error {
	want, err := b.Digest(k, len(c.ReportData))
	if err != nil {
		return err
	}
	if !bytes.Equal(want, c.ReportData) {
		return errors.New("the report data is not the digest of the binding")
	}
	return nil
}

func claimsComplete(r *run) error {
	if err := reports(r.claims, r.binding, r.Verifier.Kind()); err != nil {
		return err
	}
	c := r.claims
	switch {
	case c.Debug == tee.Unknown || c.Migratable == tee.Unknown:
		return errors.New("nothing about debug mode or migration")
	case c.TCB == tee.TCBUnknown:
		return errors.New("nothing about the TCB")
	case c.NotBefore.IsZero() || c.NotAfter.IsZero() || c.NotBefore.After(r.Params.Time) || c.NotAfter.Before(r.Params.Time):
		return errors.New("the validity does not enclose the time of verification")
	case len(c.Measurements) == 0:
		return errors.New("no measurement")
	}
	for _, m := range c.Measurements {
		if err := m.Value.Validate(); err != nil {
			return fmt.Errorf("%s[%d]: %w", m.Register, m.Index, err)
		}
	}
	return nil
}

func bindingIgnored(r *run) error {
	ev := r.valid.Clone()
	ev.Binding = r.bind(2)
	return r.harmlessAccepted("evidence with another binding beside it", ev)
}

func verifierCancels(r *run) error {
	ctx, cancel := context.WithCancel(r.ctx)
	cancel()
	if c, err := r.Verifier.Verify(ctx, r.valid.Clone(), r.Params); !errors.Is(err, context.Canceled) || c != nil {
		return fmt.Errorf("want context.Canceled, got %v", err)
	}
	return nil
}

func paramsValidated(r *run) error {
	noTime, noRoots, nilRoot := r.Params, r.Params, r.Params
	noTime.Time = time.Time{}
	noRoots.Roots = nil
	nilRoot.Roots = []*x509.Certificate{nil}
	return errors.Join(
		r.refuse("the zero Params", r.valid.Clone(), tee.Params{}, tee.CodeTime),
		r.refuse("no time", r.valid.Clone(), noTime, tee.CodeTime),
		r.refuse("no roots", r.valid.Clone(), noRoots, tee.CodeRoots),
		r.refuse("a nil root", r.valid.Clone(), nilRoot, tee.CodeRoots),
	)
}

func throwawayRefused(r *run) error {
	p := r.Params
	if !p.AllowThrowaway {
		return nil
	}
	p.AllowThrowaway = false
	return r.refuse("a throwaway root", r.valid.Clone(), p, tee.CodeThrowaway)
}

func foreignRefused(r *run) error {
	both := r.Params
	both.Roots = slices.Concat(r.Foreign.Params.Roots, r.Params.Roots)
	c, err := r.Verifier.Verify(r.ctx, r.valid.Clone(), both)
	if err != nil || !reflect.DeepEqual(c, r.claims) {
		return fmt.Errorf("a second, unrelated root disturbs: %w", err)
	}
	return errors.Join(
		r.refuse("foreign evidence under own roots", r.foreign.Clone(), r.Params, ""),
		r.refuse("own evidence under foreign roots", r.valid.Clone(), r.Foreign.Params, ""),
	)
}

func suppliedRootRefused(r *run) error {
	ev := r.foreign.Clone()
	for _, root := range r.Foreign.Params.Roots {
		ev.Endorsements = append(ev.Endorsements, tee.Blob{MediaType: tee.MediaTypeCertificate, Body: root.Raw})
	}
	return r.refuse("foreign evidence that brings its root", ev, r.Params, "")
}

func spliceRefused(r *run) error {
	a, b := r.foreign.Clone(), r.valid.Clone()
	a.Endorsements = r.valid.Clone().Endorsements
	b.Endorsements = r.foreign.Clone().Endorsements
	err := r.refuse("foreign evidence with own endorsements", a, r.Params, "")
	if len(b.Endorsements) > 0 {
		err = errors.Join(err, r.harmless("own evidence with foreign endorsements", b))
	}
	return err
}

func validityChecked(r *run) error {
	early, late := r.Params, r.Params
	early.Time = r.claims.NotBefore.Add(-time.Second)
	late.Time = r.claims.NotAfter.Add(time.Second)
	return errors.Join(
		r.refuse("a second before NotBefore", r.valid.Clone(), early, ""),
		r.refuse("a second after NotAfter", r.valid.Clone(), late, ""),
	)
}

func endorsementsDropped(r *run) error {
	none := r.valid.Clone()
	none.Endorsements = nil
	if err := r.harmless("no endorsements", none); err != nil {
		return err
	}
	for i := range r.valid.Endorsements {
		ev := r.valid.Clone()
		ev.Endorsements = append(ev.Endorsements[:i], ev.Endorsements[i+1:]...)
		if err := r.harmless(fmt.Sprintf("without endorsement %d", i), ev); err != nil {
			return err
		}
	}
	return nil
}

func emptyRefused(r *run) error {
	empty := r.valid.Clone()
	empty.Raw = nil
	return errors.Join(
		r.refuse("nil evidence", nil, r.Params, ""),
		r.refuse("the zero Evidence", &tee.Evidence{}, r.Params, ""),
		r.refuse("evidence without bytes", empty, r.Params, ""),
	)
}

func otherKindRefused(r *run) error {
	kind, media := r.valid.Clone(), r.valid.Clone()
	kind.Kind = "other-" + kind.Kind[:1]
	media.MediaType = "application/vnd.example.other"
	return errors.Join(
		r.refuse("another kind", kind, r.Params, tee.CodeEvidenceKind),
		r.refuse("another media type", media, r.Params, tee.CodeMediaType),
	)
}

func truncationRefused(r *run) error {
	for n := range len(r.valid.Raw) {
		ev := r.valid.Clone()
		ev.Raw = ev.Raw[:n]
		if err := r.refuse(fmt.Sprintf("cut to %d of %d bytes", n, len(r.valid.Raw)), ev, r.Params, ""); err != nil {
			return err
		}
	}
	return nil
}

func extensionRefused(r *run) error {
	for _, tail := range [][]byte{{0}, {0xff}, r.valid.Raw} {
		ev := r.valid.Clone()
		ev.Raw = append(ev.Raw, tail...)
		if err := r.refuse(fmt.Sprintf("%d bytes appended", len(tail)), ev, r.Params, ""); err != nil {
			return err
		}
	}
	return nil
}

func flipsHarmless(r *run) error {
	ev := r.valid.Clone()
	regions := [][]byte{ev.Raw}
	for _, e := range ev.Endorsements {
		regions = append(regions, e.Body)
	}
	for n, region := range regions {
		for bit := 0; bit < 8*len(region); bit += max(1, r.Stride) {
			if err := r.ctx.Err(); err != nil {
				return err
			}
			region[bit/8] ^= 1 << (bit % 8)
			err := guard(func() error { return r.harmless(fmt.Sprintf("bit %d of part %d", bit, n), ev) })
			region[bit/8] ^= 1 << (bit % 8)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func forgeriesRefused(r *run) error {
	var errs []error
	for _, f := range r.Forgeries {
		ev, err := f.Make(r.ctx, r.binding)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: cannot be made: %w", f.Name, err))
			continue
		}
		errs = append(errs, r.refuse(f.Name, ev, r.Params, f.Code))
	}
	return errors.Join(errs...)
}

func nothingShared(r *run) error {
	ev := r.valid.Clone()
	c, err := r.Verifier.Verify(r.ctx, ev, r.Params)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(ev, r.valid.Clone()) {
		return errors.New("the evidence was changed")
	}
	for _, region := range append([][]byte{ev.Raw}, bodies(ev)...) {
		clear(region)
	}
	if !reflect.DeepEqual(c, r.claims) {
		return errors.New("claims share memory with the evidence")
	}
	clear(c.ReportData)
	clear(c.HardwareID)
	clear(c.Measurements)
	return r.harmlessAccepted("after the caller changed earlier claims", r.valid.Clone())
}

func bodies(ev *tee.Evidence) [][]byte {
	var out [][]byte
	for _, e := range ev.Endorsements {
		out = append(out, e.Body)
	}
	return out
}

func verifierConcurrent(r *run) error {
	shared, foreign := r.valid.Clone(), r.foreign.Clone()
	return together(func(n int) error {
		if n%2 == 1 {
			return r.refuse("foreign evidence among others", foreign, r.Params, "")
		}
		return r.harmlessAccepted("shared evidence", shared)
	})
}
