package tee_test

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/tee"
	"github.com/sealwright/sealwright/tee/teetest"
	"github.com/sealwright/sealwright/tee/teetest/faketpm"
	"github.com/sealwright/sealwright/tee/tpm2"
)

func sha256Of(s string) digest.Digest {
	sum := sha256.Sum256([]byte(s))
	return digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(sum[:])}
}

func Test_goodEvidenceIsAffirmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := w.expect(t)
	ev := quote(t, w.tpm, want)
	r, err := w.appraiser(t).Appraise(context.Background(), want, ev)
	require.NoError(t, err)
	require.NoError(t, r.Err())
	assert.Equal(t, tee.StatusAffirming, r.Status())
	assert.Equal(t, want.At, r.At())
	assert.Equal(t, "fake", r.PolicyID())
	assert.Equal(t, ev.Binding, r.Binding())
	require.Len(t, r.Submods(), 1)
	s := r.Submods()[0]
	d, err := ev.Digest()
	require.NoError(t, err)
	assert.Equal(t, d, s.Evidence)
	assert.Empty(t, s.Reasons)
	assert.Equal(t, tee.Vector{
		tee.InstanceIdentity: tee.ClaimAffirmed, tee.Configuration: tee.ClaimAffirmed,
		tee.Executables: tee.ClaimApprovedBoot, tee.Hardware: tee.ClaimAffirmed,
	}, s.Vector, "a TPM encrypts no memory, so runtime-opaque makes no claim")
	assert.Len(t, s.Claims.Measurements, 8)

	s.Claims.Measurements[0].Value = digest.Digest{}
	assert.False(t, r.Submods()[0].Claims.Measurements[0].Value.IsZero(), "a result does not change")
}

// Test_bindingIsEnforced: evidence that is genuine, but about something else.
func Test_bindingIsEnforced(t *testing.T) {
	t.Parallel()
	other := func(b *tee.Binding) []byte {
		n := append([]byte{}, b.Nonce...)
		n[0] ^= 1
		return n
	}
	for name, c := range map[string]struct {
		code attest.Code
		edit func(*tee.Binding)
	}{
		"a wrong nonce is refused":                           {tee.CodeNonceMismatch, func(b *tee.Binding) { b.Nonce = other(b) }},
		"a truncated nonce is refused":                       {tee.CodeNonceMismatch, func(b *tee.Binding) { b.Nonce = b.Nonce[:16] }},
		"a swapped key is refused":                           {tee.CodeKeyMismatch, func(b *tee.Binding) { b.SPKI = spki(t, "another signer") }},
		"a missing key is refused":                           {tee.CodeKeyMismatch, func(b *tee.Binding) { b.SPKI = nil }},
		"a swapped statement is refused":                     {tee.CodeStatementMismatch, func(b *tee.Binding) { b.Statement = sha256Of("another") }},
		"evidence of another artifact is refused":            {tee.CodeStatementMismatch, func(b *tee.Binding) { b.Statement = digest.Digest{} }},
		"the build of another job is refused":                {tee.CodeBuildMismatch, func(b *tee.Binding) { b.BuildID = "job 2" }},
		"evidence for another purpose is refused":            {tee.CodePurposeMismatch, func(b *tee.Binding) { b.Purpose = "boot" }},
		"evidence for another audience is refused":           {tee.CodeAudienceMismatch, func(b *tee.Binding) { b.Audience = "somebody else" }},
		"fields that are split at another place are refused": {tee.CodeAudienceMismatch, func(b *tee.Binding) { b.Audience, b.BuildID = "relying partyj", "ob 1" }},
		"fields that change places are refused":              {tee.CodeAudienceMismatch, func(b *tee.Binding) { b.Audience, b.BuildID = b.BuildID, b.Audience }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			want := w.expect(t)
			ev := quote(t, w.tpm, want, c.edit)
			r, err := w.appraiser(t).Appraise(context.Background(), want, ev)
			requireRefused(t, r, err, c.code)
			require.Equal(t, tee.StatusContraindicated, r.Status())

			// The same evidence that lies about what it is bound to.
			ev.Binding = quote(t, w.tpm, want).Binding
			r, err = w.appraiser(t).Appraise(context.Background(), want, ev)
			requireRefused(t, r, err, tee.CodeReportData)

			// Nobody used up the challenge with it.
			_, err = w.appraiser(t).Appraise(context.Background(), want, quote(t, w.tpm, want))
			require.NoError(t, err)
		})
	}
}

func spki(t testing.TB, seed string) []byte {
	der, err := x509.MarshalPKIXPublicKey(teetest.Key(seed).Public())
	require.NoError(t, err)
	return der
}

func Test_incompleteExpectationsAreErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code attest.Code
		edit func(*tee.Expect)
	}{
		"no nonce":      {tee.CodeNonceSize, func(e *tee.Expect) { e.Nonce = nil }},
		"a short nonce": {tee.CodeNonceSize, func(e *tee.Expect) { e.Nonce = e.Nonce[:15] }},
		"no purpose":    {tee.CodePurpose, func(e *tee.Expect) { e.Purpose = "" }},
		"no time":       {tee.CodeTime, func(e *tee.Expect) { e.At = time.Time{} }},
		"a foreign key": {tee.CodeBinding, func(e *tee.Expect) { e.Key = "a key" }},
		"a weak digest": {tee.CodeBinding, func(e *tee.Expect) {
			e.Statement = digest.Digest{Algorithm: digest.SHA1, Hex: "da39a3ee5e6b4b0d3255bfef95601890afd80709"}
		}},
	} {
		t.Run(name+" is an error", func(t *testing.T) {
			w := newWorld(t)
			want := w.expect(t)
			ev := quote(t, w.tpm, want)
			c.edit(&want)
			r, err := w.appraiser(t).Appraise(context.Background(), want, ev)
			require.ErrorIs(t, err, attest.Is(c.code))
			require.Nil(t, r)
		})
	}
}

func Test_noncesCountOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	t.Run("a reused nonce is refused", func(t *testing.T) {
		w := newWorld(t)
		want := w.expect(t)
		_, err := w.appraiser(t).Appraise(ctx, want, quote(t, w.tpm, want))
		require.NoError(t, err)
		r, err := w.appraiser(t).Appraise(ctx, want, quote(t, w.tpm, want))
		requireRefused(t, r, err, tee.CodeNonceReused)
	})
	t.Run("a nonce that nobody issued is refused", func(t *testing.T) {
		w := newWorld(t)
		want := w.expect(t)
		want.Nonce = make([]byte, 32)
		r, err := w.appraiser(t).Appraise(ctx, want, quote(t, w.tpm, want))
		requireRefused(t, r, err, tee.CodeNonceUnknown)
	})
	t.Run("a nonce that was issued to another audience is refused", func(t *testing.T) {
		w := newWorld(t)
		want := w.expect(t)
		want.Audience = "somebody else"
		r, err := w.appraiser(t).Appraise(ctx, want, quote(t, w.tpm, want))
		requireRefused(t, r, err, tee.CodeNonceAudience)
	})
	t.Run("an expired nonce is refused", func(t *testing.T) {
		w := newWorld(t)
		want := w.expect(t)
		w.clock.move(time.Minute)
		r, err := w.appraiser(t).Appraise(ctx, want, quote(t, w.tpm, want))
		requireRefused(t, r, err, tee.CodeNonceExpired)
	})
	t.Run("a nonce from the future is refused", func(t *testing.T) {
		w := newWorld(t)
		want := w.expect(t)
		w.clock.move(-time.Second)
		r, err := w.appraiser(t).Appraise(ctx, want, quote(t, w.tpm, want))
		requireRefused(t, r, err, tee.CodeNonceExpired)
	})
	t.Run("a policy that refuses uses up the nonce of authentic evidence", func(t *testing.T) {
		w := newWorld(t, func(w *world) { w.config.Policy.References[0].Allowed = []digest.Digest{sha256Of("x")} })
		want := w.expect(t)
		_, err := w.appraiser(t).Appraise(ctx, want, quote(t, w.tpm, want))
		require.ErrorIs(t, err, attest.Is(tee.CodeMeasurementUnknown))
		_, err = w.appraiser(t).Appraise(ctx, want, quote(t, w.tpm, want))
		require.ErrorIs(t, err, attest.Is(tee.CodeNonceReused))
	})
	t.Run("of many concurrent uses one is affirmed", func(t *testing.T) {
		w := newWorld(t)
		want := w.expect(t)
		a, ev := w.appraiser(t), quote(t, w.tpm, want)
		var affirmed atomic.Int32
		var group sync.WaitGroup
		for range 64 {
			group.Go(func() {
				if r, err := a.Appraise(ctx, want, ev); err == nil && r.Status() == tee.StatusAffirming {
					affirmed.Add(1)
				}
			})
		}
		group.Wait()
		require.EqualValues(t, 1, affirmed.Load())
	})
	t.Run("a store that fails refuses", func(t *testing.T) {
		w := newWorld(t)
		want := w.expect(t)
		w.config.Nonces = brokenStore{}
		r, err := w.appraiser(t).Appraise(ctx, want, quote(t, w.tpm, want))
		require.ErrorIs(t, err, errStore)
		require.Equal(t, tee.StatusContraindicated, r.Status())
	})
}

var errStore = errors.New("the store is down")

type brokenStore struct{}

func (brokenStore) Issue(context.Context, string) ([]byte, error) { return nil, errStore }
func (brokenStore) Consume(context.Context, string, []byte) error { return errStore }

// Test_forgeriesAreContraindicated: whatever a backend refuses, the appraiser
// refuses, and marks as a failure of the cryptography or of the chain.
func Test_forgeriesAreContraindicated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.appraiser(t)
	for _, f := range w.tpm.Forgeries() {
		t.Run(f.Name, func(t *testing.T) {
			want := w.expect(t)
			b, err := want.Binding()
			require.NoError(t, err)
			ev, err := f.Make(context.Background(), b)
			require.NoError(t, err)
			r, err := a.Appraise(context.Background(), want, ev)
			requireRefused(t, r, err, f.Code)
			require.Equal(t, tee.StatusContraindicated, r.Status())
			s := r.Submods()[0]
			require.Nil(t, s.Claims)
			wantClaim := tee.ClaimCryptoFailed
			if f.Code == tee.CodeChain {
				wantClaim = tee.ClaimUntrusted
			}
			require.Equal(t, wantClaim, s.Vector[tee.Hardware])
			require.NotEmpty(t, s.Reasons)
		})
	}
}

// toyWorld requires evidence of the toy chip only.
func toyWorld(w *world) {
	w.config.Policy = tee.Policy{
		Required: []tee.Kind{toyKind}, References: []tee.Reference{toyReference("firmware 1")}, AllowThrowaway: true,
	}
}

func Test_debugIsRefusedByDefault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, toyWorld)
	chip, err := newToyChip(w.maker, "chip", "firmware 1", 1)
	require.NoError(t, err)
	want := w.expect(t)
	r, err := w.appraiser(t).Appraise(context.Background(), want, quote(t, chip, want))
	requireRefused(t, r, err, tee.CodeDebug)
	require.Equal(t, tee.StatusContraindicated, r.Status())
	require.Equal(t, tee.ClaimContraindicated, r.Submods()[0].Vector[tee.Configuration])

	w.config.Policy.AllowDebug = true
	want = w.expect(t)
	_, err = w.appraiser(t).Appraise(context.Background(), want, quote(t, chip, want))
	require.NoError(t, err, "a policy may allow it")
}

// edited is a backend whose claims a test changes after verification.
type edited struct {
	tee.Verifier
	edit func(*tee.Claims)
}

func (e edited) Verify(ctx context.Context, ev *tee.Evidence, p tee.Params) (*tee.Claims, error) {
	c, err := e.Verifier.Verify(ctx, ev, p)
	if err == nil {
		e.edit(c)
	}
	return c, err
}

func Test_claimsAreJudged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code   attest.Code
		status tee.Status
		edit   func(*tee.Claims)
	}{
		"debug that the backend did not look for is refused":      {tee.CodeDebug, tee.StatusContraindicated, func(c *tee.Claims) { c.Debug = tee.Unknown }},
		"a migratable environment is refused":                     {tee.CodeMigratable, tee.StatusContraindicated, func(c *tee.Claims) { c.Migratable = tee.Yes }},
		"a less privileged level is refused":                      {tee.CodePrivilege, tee.StatusContraindicated, func(c *tee.Claims) { c.Privilege = 1 }},
		"a TCB that is out of date is a warning":                  {tee.CodeTCB, tee.StatusWarning, func(c *tee.Claims) { c.TCB = tee.TCBOutOfDate }},
		"a revoked TCB is contraindicated":                        {tee.CodeTCB, tee.StatusContraindicated, func(c *tee.Claims) { c.TCB = tee.TCBRevoked }},
		"a TCB that the backend did not judge is contraindicated": {tee.CodeTCB, tee.StatusContraindicated, func(c *tee.Claims) { c.TCB = tee.TCBUnknown }},
		"a wrong launch digest is a warning":                      {tee.CodeMeasurementUnknown, tee.StatusWarning, func(c *tee.Claims) { c.Measurements[0].Value = sha256Of("evil") }},
		"the right digest in the wrong register is refused":       {tee.CodeMeasurementMissing, tee.StatusWarning, func(c *tee.Claims) { c.Measurements[0].Register = "other" }},
		"the right digest under the wrong index is refused":       {tee.CodeMeasurementMissing, tee.StatusWarning, func(c *tee.Claims) { c.Measurements[0].Index = 1 }},
		"a value that is not signed is refused":                   {tee.CodeMeasurementUnselected, tee.StatusWarning, func(c *tee.Claims) { c.Measurements[0].Selected = false }},
		"no measurement is refused":                               {tee.CodeMeasurementMissing, tee.StatusWarning, func(c *tee.Claims) { c.Measurements = nil }},
		"two values for one register are refused":                 {tee.CodeMeasurementMissing, tee.StatusWarning, func(c *tee.Claims) { c.Measurements = append(c.Measurements, c.Measurements[0]) }},
		"a digest of another algorithm is refused": {tee.CodeMeasurementMissing, tee.StatusWarning, func(c *tee.Claims) {
			c.Measurements[0].Value = digest.Digest{Algorithm: digest.SHA1, Hex: "da39a3ee5e6b4b0d3255bfef95601890afd80709"}
		}},
		"truncated report data is refused":                                  {tee.CodeDigestSize, tee.StatusContraindicated, func(c *tee.Claims) { c.ReportData = c.ReportData[:63] }},
		"half of the report data is refused":                                {tee.CodeReportData, tee.StatusContraindicated, func(c *tee.Claims) { c.ReportData = c.ReportData[:32] }},
		"zero-padded report data is refused":                                {tee.CodeReportData, tee.StatusContraindicated, func(c *tee.Claims) { clear(c.ReportData[32:]) }},
		"no report data is refused":                                         {tee.CodeDigestSize, tee.StatusContraindicated, func(c *tee.Claims) { c.ReportData = nil }},
		"endorsements that expired while a backend cached them are refused": {tee.CodeWindow, tee.StatusContraindicated, func(c *tee.Claims) { c.NotAfter = teetest.Now().Add(-time.Second) }},
		"endorsements that are not valid yet are refused":                   {tee.CodeWindow, tee.StatusContraindicated, func(c *tee.Claims) { c.NotBefore = teetest.Now().Add(time.Second) }},
		"a backend that gives no validity is refused":                       {tee.CodeBackendContract, tee.StatusContraindicated, func(c *tee.Claims) { c.NotAfter = time.Time{} }},
		"a certified key that is not the signer is refused":                 {tee.CodeKeyNotHeld, tee.StatusContraindicated, func(c *tee.Claims) { c.KeyPub = teetest.Key("other").Public() }},
		"a certified key without an encoding is refused":                    {tee.CodeBackendContract, tee.StatusContraindicated, func(c *tee.Claims) { c.KeyPub = "key" }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, toyWorld)
			w.config.Backends[1].Verifier = edited{toyVerifier{}, c.edit}
			want := w.expect(t)
			r, err := w.appraiser(t).Appraise(context.Background(), want, quote(t, w.chip, want))
			requireRefused(t, r, err, c.code)
			require.Equal(t, c.status, r.Status())
		})
	}
}

// silent is a backend that breaks the contract.
type silent struct{ tee.Verifier }

func (silent) Verify(context.Context, *tee.Evidence, tee.Params) (*tee.Claims, error) {
	return nil, nil
}

func Test_backendThatSaysNothingIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, toyWorld)
	w.config.Backends[1].Verifier = silent{toyVerifier{}}
	want := w.expect(t)
	r, err := w.appraiser(t).Appraise(context.Background(), want, quote(t, w.chip, want))
	requireRefused(t, r, err, tee.CodeBackendContract)
	require.Equal(t, tee.StatusContraindicated, r.Status())
}

func Test_keyMustBeHeldByTheHardware(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, func(w *world) { w.config.Policy.HardwareKey = true })
	want := w.expect(t)
	r, err := w.appraiser(t).Appraise(ctx, want, quote(t, w.tpm, want))
	requireRefused(t, r, err, tee.CodeKeyNotHeld)

	holder, err := faketpm.New(faketpm.Config{Seed: "world", HoldKey: true})
	require.NoError(t, err)
	want = w.expect(t)
	want.Key = holder.Signer().Public()
	r, err = w.appraiser(t).Appraise(ctx, want, quote(t, holder, want))
	require.NoError(t, err)
	require.Equal(t, want.Key, r.Submods()[0].Claims.KeyPub)
}

func Test_kindsAreComplete(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	both := func(w *world) {
		w.config.Policy.Required = append(w.config.Policy.Required, toyKind)
		w.config.Policy.References = append(w.config.Policy.References, toyReference("firmware 1"))
	}
	t.Run("two kinds for one binding are affirmed", func(t *testing.T) {
		w := newWorld(t, both)
		want := w.expect(t)
		r, err := w.appraiser(t).Appraise(ctx, want, quote(t, w.tpm, want), quote(t, w.chip, want))
		require.NoError(t, err)
		require.Len(t, r.Submods(), 2)
		require.Equal(t, tee.ClaimAffirmed, r.Submods()[1].Vector[tee.RuntimeOpaque])
	})
	t.Run("a missing kind is refused", func(t *testing.T) {
		w := newWorld(t, both)
		want := w.expect(t)
		r, err := w.appraiser(t).Appraise(ctx, want, quote(t, w.tpm, want))
		requireRefused(t, r, err, tee.CodeKindMissing)
		require.Equal(t, tee.StatusContraindicated, r.Status())
	})
	t.Run("no evidence at all is refused", func(t *testing.T) {
		w := newWorld(t)
		r, err := w.appraiser(t).Appraise(ctx, w.expect(t))
		requireRefused(t, r, err, tee.CodeKindMissing)
	})
	t.Run("nil evidence is refused", func(t *testing.T) {
		w := newWorld(t)
		r, err := w.appraiser(t).Appraise(ctx, w.expect(t), nil)
		requireRefused(t, r, err, attest.CodeNil)
	})
	t.Run("a kind that comes twice is refused", func(t *testing.T) {
		w := newWorld(t)
		want := w.expect(t)
		ev := quote(t, w.tpm, want)
		r, err := w.appraiser(t).Appraise(ctx, want, ev, ev)
		requireRefused(t, r, err, tee.CodeKindTwice)
	})
	t.Run("a kind without a backend is refused beside good evidence", func(t *testing.T) {
		w := newWorld(t, func(w *world) { w.config.Backends = w.config.Backends[:1] })
		want := w.expect(t)
		r, err := w.appraiser(t).Appraise(ctx, want, quote(t, w.tpm, want), quote(t, w.chip, want))
		requireRefused(t, r, err, tee.CodeKindUnknown)
	})
	t.Run("a kind that was not required is judged and needs a reference", func(t *testing.T) {
		w := newWorld(t)
		want := w.expect(t)
		r, err := w.appraiser(t).Appraise(ctx, want, quote(t, w.tpm, want), quote(t, w.chip, want))
		requireRefused(t, r, err, tee.CodeSilent)
		require.Equal(t, tee.StatusNone, r.Status())
	})
	t.Run("two kinds with different nonces are refused", func(t *testing.T) {
		w := newWorld(t, both)
		want := w.expect(t)
		r, err := w.appraiser(t).Appraise(ctx, want, quote(t, w.tpm, want), quote(t, w.chip, w.expect(t)))
		requireRefused(t, r, err, tee.CodeNonceMismatch)
	})
	t.Run("evidence under the name of another kind is refused", func(t *testing.T) {
		w := newWorld(t, toyWorld)
		want := w.expect(t)
		ev := quote(t, w.tpm, want)
		ev.Kind = toyKind
		r, err := w.appraiser(t).Appraise(ctx, want, ev)
		requireRefused(t, r, err, tee.CodeMediaType)
		ev.MediaType = toyMediaType
		r, err = w.appraiser(t).Appraise(ctx, want, ev)
		requireRefused(t, r, err, codeToyReport)
	})
	t.Run("the roots of one kind do not vouch for another", func(t *testing.T) {
		w := newWorld(t, toyWorld)
		w.config.Backends[1].Roots = w.tpm.Roots()
		want := w.expect(t)
		r, err := w.appraiser(t).Appraise(ctx, want, quote(t, w.chip, want))
		requireRefused(t, r, err, tee.CodeChain)
	})
}

// opinion is a rule with fixed findings.
type opinion struct {
	findings []tee.Finding
	err      error
}

func (o opinion) Judge(context.Context, *tee.Evidence, *tee.Claims) ([]tee.Finding, error) {
	return o.findings, o.err
}

func Test_rulesOnlyWorsen(t *testing.T) {
	t.Parallel()
	reason := attest.Reason{Code: "test.rule.finding"}
	for name, c := range map[string]struct {
		rule   opinion
		edit   func(*tee.Policy)
		status tee.Status
		code   attest.Code
	}{
		"a finding that affirms another aspect leaves the result affirming": {
			rule: opinion{findings: []tee.Finding{{Aspect: tee.FileSystem, Claim: tee.ClaimAffirmed}}}, status: tee.StatusAffirming,
		},
		"a warning is a warning": {
			rule: opinion{findings: []tee.Finding{{Aspect: tee.FileSystem, Claim: tee.ClaimUnsafe, Reason: reason}}}, status: tee.StatusWarning, code: reason.Code,
		},
		"a contraindication contraindicates": {
			rule: opinion{findings: []tee.Finding{{Aspect: tee.Executables, Claim: tee.ClaimContraindicated, Reason: reason}}}, status: tee.StatusContraindicated, code: reason.Code,
		},
		"a finding that makes no claim is no approval": {
			rule: opinion{findings: []tee.Finding{{Aspect: tee.Executables, Claim: tee.ClaimNone, Reason: reason}}}, status: tee.StatusNone, code: reason.Code,
		},
		"a rule that cannot judge contraindicates": {rule: opinion{err: errors.New("no log")}, status: tee.StatusContraindicated, code: tee.CodeRule},
		"an aspect that does not exist contraindicates": {
			rule: opinion{findings: []tee.Finding{{Aspect: 99, Claim: tee.ClaimAffirmed}}}, status: tee.StatusContraindicated, code: tee.CodeRule,
		},
		"an approval does not outweigh a wrong measurement": {
			rule:   opinion{findings: []tee.Finding{{Aspect: tee.Executables, Claim: tee.ClaimAffirmed}}},
			edit:   func(p *tee.Policy) { p.References[0].Allowed = []digest.Digest{sha256Of("x")} },
			status: tee.StatusWarning, code: tee.CodeMeasurementUnknown,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.config.Policy.Rules = []tee.Rule{c.rule}
			if c.edit != nil {
				c.edit(&w.config.Policy)
			}
			want := w.expect(t)
			r, err := w.appraiser(t).Appraise(context.Background(), want, quote(t, w.tpm, want))
			require.Equal(t, c.status, r.Status())
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			requireRefused(t, r, err, c.code)
		})
	}
}

func Test_appraiserIsConstructedStrictly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code attest.Code
		edit func(*tee.Config)
	}{
		"the zero Config is refused":                {attest.CodeNil, func(c *tee.Config) { *c = tee.Config{} }},
		"a policy that requires nothing is refused": {tee.CodeConfig, func(c *tee.Config) { c.Policy.Required = nil }},
		"a policy without references is refused":    {tee.CodeConfig, func(c *tee.Config) { c.Policy.References = nil }},
		"a reference that allows nothing is refused": {tee.CodeConfig, func(c *tee.Config) {
			c.Policy.References[0].Allowed = nil
		}},
		"a reference of the SHA-1 bank is refused": {tee.CodeConfig, func(c *tee.Config) {
			c.Policy.References[0].Allowed = []digest.Digest{{Algorithm: digest.SHA1, Hex: "da39a3ee5e6b4b0d3255bfef95601890afd80709"}}
		}},
		"a nil rule is refused":                      {tee.CodeConfig, func(c *tee.Config) { c.Policy.Rules = []tee.Rule{nil} }},
		"a required kind without backend is refused": {tee.CodeConfig, func(c *tee.Config) { c.Backends = c.Backends[1:] }},
		"two backends for one kind are refused":      {tee.CodeConfig, func(c *tee.Config) { c.Backends = append(c.Backends, c.Backends[0]) }},
		"a backend without roots is refused":         {tee.CodeRoots, func(c *tee.Config) { c.Backends[0].Roots = nil }},
		"a nil verifier is refused":                  {attest.CodeNil, func(c *tee.Config) { c.Backends[0].Verifier = nil }},
		"throwaway roots are refused in production":  {tee.CodeThrowaway, func(c *tee.Config) { c.Policy.AllowThrowaway = false }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.edit(&w.config)
			a, err := tee.NewAppraiser(w.config)
			require.ErrorIs(t, err, attest.Is(c.code))
			require.Nil(t, a)
		})
	}
}

func Test_zeroResultRefuses(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*tee.Result{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tee.StatusNone, r.Status())
			require.ErrorIs(t, r.Err(), attest.Is(tee.CodeResultZero))
			require.Empty(t, r.Submods())
			require.Zero(t, r.Binding())
			require.True(t, r.At().IsZero())
			require.Empty(t, r.PolicyID())
		})
	}
}

func Test_cancellationIsAnErrorWithoutResult(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := w.expect(t)
	ev := quote(t, w.tpm, want)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r, err := w.appraiser(t).Appraise(ctx, want, ev)
	require.ErrorIs(t, err, context.Canceled)
	require.Nil(t, r)

	// In the middle of a verification.
	ctx, cancel = context.WithCancel(context.Background())
	w.config.Backends[0].Verifier = edited{w.config.Backends[0].Verifier, func(*tee.Claims) { cancel() }}
	r, err = w.appraiser(t).Appraise(ctx, want, ev)
	require.ErrorIs(t, err, context.Canceled)
	require.Nil(t, r)

	_, err = newWorldAppraiser(t, w).Appraise(context.Background(), want, ev)
	require.NoError(t, err, "the nonce is still good")
}

// newWorldAppraiser returns an appraiser with the genuine TPM backend.
func newWorldAppraiser(t testing.TB, w *world) *tee.Appraiser {
	t.Helper()
	v, err := tpm2.NewVerifier()
	require.NoError(t, err)
	w.config.Backends[0].Verifier = v
	return w.appraiser(t)
}

func Test_appraisalIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.appraiser(t)
	var group sync.WaitGroup
	for n := range 64 {
		want := w.expect(t)
		ev := quote(t, w.tpm, want)
		if n%2 == 1 {
			want.BuildID = "another"
		}
		group.Go(func() {
			r, err := a.Appraise(context.Background(), want, ev)
			if n%2 == 0 {
				assert.NoError(t, err)
				return
			}
			assert.ErrorIs(t, err, attest.Is(tee.CodeBuildMismatch))
			assert.Equal(t, tee.StatusContraindicated, r.Status())
		})
	}
	group.Wait()
}
