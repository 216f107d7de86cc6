package tee_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/tee"
	"github.com/sealwright/sealwright/tee/teetest"
	"github.com/sealwright/sealwright/tee/teetest/faketpm"
)

// clock is a time that tests move.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time        { return teetest.Now().Add(time.Duration(c.offset.Load())) }
func (c *clock) move(by time.Duration) { c.offset.Add(int64(by)) }

// world is a relying party that trusts one fake TPM and one toy chip.
type world struct {
	clock  *clock
	tpm    *faketpm.Platform
	maker  *teetest.Authority
	chip   *toyChip
	nonces tee.NonceStore
	config tee.Config
}

// newWorld requires evidence of the TPM only; edit changes the configuration.
func newWorld(t testing.TB, edit ...func(*world)) *world {
	t.Helper()
	w := &world{clock: &clock{}}
	var err error
	w.tpm, err = faketpm.New(faketpm.Config{Seed: "world"})
	require.NoError(t, err)
	w.maker, err = teetest.NewAuthority("toy maker")
	require.NoError(t, err)
	w.chip, err = newToyChip(w.maker, "chip", "firmware 1", 0)
	require.NoError(t, err)
	w.nonces, err = tee.NewMemoryNonces(tee.MemoryNonces{Now: w.clock.now, TTL: time.Minute, Max: 10000})
	require.NoError(t, err)
	v, err := w.tpm.Verifier()
	require.NoError(t, err)
	w.config = tee.Config{
		Backends: []tee.Backend{
			{Verifier: v, Roots: w.tpm.Roots()},
			{Verifier: toyVerifier{}, Roots: w.maker.Params().Roots},
		},
		Policy: w.tpm.Policy(),
		Nonces: w.nonces,
	}
	for _, f := range edit {
		f(w)
	}
	return w
}

// toyReference approves the firmware.
func toyReference(firmware string) tee.Reference {
	return tee.Reference{Kind: toyKind, Register: "firmware", Allowed: []digest.Digest{sha256Of(firmware)}}
}

func (w *world) appraiser(t testing.TB) *tee.Appraiser {
	t.Helper()
	a, err := tee.NewAppraiser(w.config)
	require.NoError(t, err)
	return a
}

// expect returns an expectation with a fresh nonce.
func (w *world) expect(t testing.TB) tee.Expect {
	t.Helper()
	nonce, err := w.nonces.Issue(context.Background(), "relying party")
	require.NoError(t, err)
	return tee.Expect{
		Purpose: "build-provenance", Nonce: nonce, Key: teetest.Key("signer").Public(),
		Statement: sha256Of("statement"), Audience: "relying party", BuildID: "job 1", At: w.clock.now(),
	}
}

// quote returns evidence for exactly what want asks, after edit.
func quote(t testing.TB, q tee.TEEQuoter, want tee.Expect, edit ...func(*tee.Binding)) *tee.Evidence {
	t.Helper()
	b, err := want.Binding()
	require.NoError(t, err)
	for _, f := range edit {
		f(&b)
	}
	ev, err := q.Quote(context.Background(), b)
	require.NoError(t, err)
	return ev
}

// requireRefused demands a result that does not affirm and an error with code.
func requireRefused(t testing.TB, r *tee.Result, err error, code attest.Code) {
	t.Helper()
	require.ErrorIs(t, err, attest.Is(code))
	require.NotEqual(t, tee.StatusAffirming, r.Status())
	require.Error(t, r.Err())
}
