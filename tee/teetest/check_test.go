package teetest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/tee"
	"github.com/sealwright/sealwright/tee/teetest"
	"github.com/sealwright/sealwright/tee/teetest/faketpm"
	"github.com/sealwright/sealwright/tee/tpm2"
)

func backend(t testing.TB, holdKey bool) teetest.Backend {
	t.Helper()
	p, err := faketpm.New(faketpm.Config{Seed: "kit", HoldKey: holdKey, PCRs: map[int][]byte{0: make([]byte, 32), 7: bytes.Repeat([]byte{7}, 32)}})
	require.NoError(t, err)
	f, err := faketpm.New(faketpm.Config{Seed: "foreign"})
	require.NoError(t, err)
	v, err := tpm2.NewVerifier()
	require.NoError(t, err)
	return teetest.Backend{
		Quoter: p, Verifier: v, Params: p.Authority().Params(), SPKI: p.SPKI(), Forgeries: p.Forgeries(), Stride: 211,
		Foreign: teetest.Foreign{Quoter: f, Params: f.Authority().Params()},
	}
}

func Test_aSecondVerifierConforms(t *testing.T) {
	t.Parallel()
	b := backend(t, true)
	b.Verifier = naive{}
	// Its reasons are its own.
	for i := range b.Forgeries {
		b.Forgeries[i].Code = ""
	}
	require.NoError(t, teetest.Check(context.Background(), b))
}

// Test_forgetfulVerifiersAreCaught takes one check at a time out of a verifier
// that otherwise conforms.
func Test_forgetfulVerifiersAreCaught(t *testing.T) {
	t.Parallel()
	for _, check := range []string{
		"cancellation", "kind", "media type", "endorsement type", "usage", "chain",
		"supplied root", "validity", "certified key", "qualifying data", "certified name",
		"certified binding", "AK restricted", "AK fixed", "AK origin", "AK use",
		"AK scheme", "key restricted", "key fixed", "key origin", "key use",
		"quote signature", "quote hash", "quote magic", "quote type", "signer", "PCRs",
		"quote trailing bytes", "quote signature trailing bytes", "certification signature",
		"certification magic", "bank", "selection", "value length", "PCR digest",
	} {
		t.Run("a verifier that forgets "+check+" is caught", func(t *testing.T) {
			t.Parallel()
			b := backend(t, strings.HasPrefix(check, "key") || strings.HasPrefix(check, "certif"))
			b.Verifier = naive{check}
			for i := range b.Forgeries {
				b.Forgeries[i].Code = ""
			}
			err := teetest.Check(context.Background(), b)
			require.Error(t, err)
			t.Log(clausesOf(err))
		})
	}
}

func clausesOf(err error) []string {
	var out []string
	var v *teetest.Violation
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			out = append(out, clausesOf(e)...)
		}
	} else if errors.As(err, &v) {
		out = append(out, v.Clause)
	}
	return out
}

// wrapped is the genuine verifier with one bad habit.
type wrapped struct {
	tee.Verifier
	verify func(tee.Verifier, context.Context, *tee.Evidence, tee.Params) (*tee.Claims, error)
	kind   tee.Kind
}

func (w wrapped) Kind() tee.Kind {
	if w.kind != "" {
		return w.kind
	}
	return w.Verifier.Kind()
}

func (w wrapped) Verify(ctx context.Context, ev *tee.Evidence, p tee.Params) (*tee.Claims, error) {
	if w.verify == nil {
		return w.Verifier.Verify(ctx, ev, p)
	}
	return w.verify(w.Verifier, ctx, ev, p)
}

type verify = func(v tee.Verifier, ctx context.Context, ev *tee.Evidence, p tee.Params) (*tee.Claims, error)

// after changes what the genuine verifier returns.
func after(f func(ev *tee.Evidence, c *tee.Claims, err error) (*tee.Claims, error)) verify {
	return func(v tee.Verifier, ctx context.Context, ev *tee.Evidence, p tee.Params) (*tee.Claims, error) {
		c, err := v.Verify(ctx, ev, p)
		return f(ev, c, err)
	}
}

// Test_badHabitsAreCaught: each is caught by the clause that is about it.
func Test_badHabitsAreCaught(t *testing.T) {
	t.Parallel()
	var mu, changing sync.Mutex
	var first *tee.Claims
	for name, c := range map[string]struct {
		clause string
		kind   tee.Kind
		verify verify
	}{
		"another kind": {clause: "the kind is one", kind: "other"},
		"accepts everything": {clause: "a flipped bit", verify: after(func(_ *tee.Evidence, c *tee.Claims, err error) (*tee.Claims, error) {
			if err != nil {
				return &tee.Claims{}, nil
			}
			return c, nil
		})},
		"refuses everything": {clause: "valid evidence is accepted", verify: func(tee.Verifier, context.Context, *tee.Evidence, tee.Params) (*tee.Claims, error) {
			return nil, refuse("everything")
		}},
		"says nothing": {clause: "valid evidence is accepted", verify: func(tee.Verifier, context.Context, *tee.Evidence, tee.Params) (*tee.Claims, error) {
			return nil, nil
		}},
		"claims beside an error": {clause: "truncated evidence", verify: after(func(_ *tee.Evidence, c *tee.Claims, err error) (*tee.Claims, error) {
			if err != nil {
				return &tee.Claims{}, err
			}
			return c, nil
		})},
		"refuses without a reason": {clause: "truncated evidence", verify: after(func(_ *tee.Evidence, c *tee.Claims, err error) (*tee.Claims, error) {
			if err != nil && !errors.Is(err, context.Canceled) {
				return nil, fmt.Errorf("bad evidence")
			}
			return c, err
		})},
		"believes the binding that travels along": {clause: "the binding that travels along", verify: after(func(ev *tee.Evidence, c *tee.Claims, err error) (*tee.Claims, error) {
			if err != nil {
				return nil, err
			}
			c.ReportData, err = ev.Binding.Digest(ev.Kind, 32)
			return c, err
		})},
		"does not look for debug": {clause: "claims tell", verify: after(func(_ *tee.Evidence, c *tee.Claims, err error) (*tee.Claims, error) {
			if err == nil {
				c.Debug = tee.Unknown
			}
			return c, err
		})},
		"gives no validity": {clause: "claims tell", verify: after(func(_ *tee.Evidence, c *tee.Claims, err error) (*tee.Claims, error) {
			if err == nil {
				c.NotAfter = c.NotBefore.AddDate(-1, 0, 0)
			}
			return c, err
		})},
		"accepts throwaway roots": {clause: "throwaway roots", verify: func(v tee.Verifier, ctx context.Context, ev *tee.Evidence, p tee.Params) (*tee.Claims, error) {
			p.AllowThrowaway = true
			return v.Verify(ctx, ev, p)
		}},
		// The lock hides the race from the race detector, not from the kit.
		"changes the evidence": {clause: "verification changes", verify: func(v tee.Verifier, ctx context.Context, ev *tee.Evidence, p tee.Params) (*tee.Claims, error) {
			changing.Lock()
			defer changing.Unlock()
			c, err := v.Verify(ctx, ev, p)
			if err == nil {
				ev.Endorsements = ev.Endorsements[:1]
			}
			return c, err
		}},
		"hands out the evidence's memory": {clause: "verification changes", verify: after(func(ev *tee.Evidence, c *tee.Claims, err error) (*tee.Claims, error) {
			if err == nil {
				c.HardwareID = ev.Raw
			}
			return c, err
		})},
		"panics on nil": {clause: "nil and empty", verify: func(v tee.Verifier, ctx context.Context, ev *tee.Evidence, p tee.Params) (*tee.Claims, error) {
			if ev.Kind == "" {
				return nil, refuse("kind")
			}
			return v.Verify(ctx, ev, p)
		}},
		"trims trailing bytes": {clause: "trailing bytes", verify: func(v tee.Verifier, ctx context.Context, ev *tee.Evidence, p tee.Params) (*tee.Claims, error) {
			c, err := v.Verify(ctx, ev, p)
			for n := len(ev.Raw) - 1; err != nil && n > 0 && n > len(ev.Raw)-3; n-- {
				cut := ev.Clone()
				cut.Raw = cut.Raw[:n]
				c, err = v.Verify(ctx, cut, p)
			}
			return c, err
		}},
		"remembers the first verdict": {clause: "only the given roots", verify: func(v tee.Verifier, ctx context.Context, ev *tee.Evidence, p tee.Params) (*tee.Claims, error) {
			mu.Lock()
			defer mu.Unlock()
			if first != nil && ctx.Err() == nil {
				return first, nil
			}
			c, err := v.Verify(ctx, ev, p)
			if err == nil {
				first = c
			}
			return c, err
		}},
	} {
		t.Run("a verifier that "+name+" is caught", func(t *testing.T) {
			t.Parallel()
			b := backend(t, true)
			b.Verifier = wrapped{b.Verifier, c.verify, c.kind}
			err := teetest.Check(context.Background(), b)
			require.Error(t, err)
			found := clausesOf(err)
			assert.Condition(t, func() bool {
				for _, f := range found {
					if strings.HasPrefix(f, c.clause) {
						return true
					}
				}
				return false
			}, "want the clause %q among %q", c.clause, found)
		})
	}
}

// careless is a quoter with one bad habit.
type careless struct {
	tee.TEEQuoter
	quote func(q tee.TEEQuoter, ctx context.Context, b tee.Binding) (*tee.Evidence, error)
}

func (c careless) Quote(ctx context.Context, b tee.Binding) (*tee.Evidence, error) {
	return c.quote(c.TEEQuoter, ctx, b)
}

func Test_carelessQuotersAreCaught(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		clause string
		quote  func(q tee.TEEQuoter, ctx context.Context, b tee.Binding) (*tee.Evidence, error)
	}{
		"fills in a missing nonce": {"the quoter refuses", func(q tee.TEEQuoter, ctx context.Context, b tee.Binding) (*tee.Evidence, error) {
			if len(b.Nonce) < tee.MinNonce {
				b.Nonce = make([]byte, 32)
			}
			return q.Quote(ctx, b)
		}},
		"ignores cancellation": {"the quoter honours", func(q tee.TEEQuoter, ctx context.Context, b tee.Binding) (*tee.Evidence, error) {
			return q.Quote(context.WithoutCancel(ctx), b)
		}},
		"binds something else": {"claims tell", func(q tee.TEEQuoter, ctx context.Context, b tee.Binding) (*tee.Evidence, error) {
			mine := b
			mine.BuildID = "mine"
			ev, err := q.Quote(ctx, mine)
			if err == nil {
				ev.Binding = b
			}
			return ev, err
		}},
		"tells another binding": {"the quoter gives", func(q tee.TEEQuoter, ctx context.Context, b tee.Binding) (*tee.Evidence, error) {
			ev, err := q.Quote(ctx, b)
			if err == nil {
				ev.Binding.BuildID = "another"
			}
			return ev, err
		}},
	} {
		t.Run("a quoter that "+name+" is caught", func(t *testing.T) {
			t.Parallel()
			b := backend(t, true)
			b.Quoter = careless{b.Quoter, c.quote}
			found := strings.Join(clausesOf(teetest.Check(context.Background(), b)), "\n")
			require.Contains(t, found, c.clause)
		})
	}
}

func Test_checkStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.Error(t, teetest.Check(ctx, backend(t, true)))
	require.Error(t, teetest.Check(context.Background(), teetest.Backend{}))
}
