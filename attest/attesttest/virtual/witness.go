package virtual

import (
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/attest/tlog"
)

// A Witness cosigns checkpoints (C2SP tlog-cosignature), whatever they say: it
// remembers nothing.
type Witness struct {
	Name string
	Now  time.Time // what it says when it signs
	// Line, if not nil, changes the finished signature line.
	Line func(line string) string

	signer *tlog.Signer
}

// NewWitness makes a witness with a key of its own.
func NewWitness(t testing.TB, name string) *Witness {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	check(t, err)
	held, err := key.FromCryptoSigner(private)
	check(t, err)
	s, err := tlog.NewSigner(name, tlog.CosignatureV1, held, nil)
	check(t, err)
	return &Witness{Name: name, Now: time.Unix(1_773_480_413, 0), signer: s}
}

// Key returns the key of the witness as a trust holds it.
func (w *Witness) Key() tlog.Key { return w.signer.Key() }

// cosign returns the witness's signature line for the text of a checkpoint; none
// for a text that is no checkpoint.
func (w *Witness) cosign(t testing.TB, text string) string {
	t.Helper()
	c, err := tlog.ParseCheckpoint(text)
	if err != nil {
		return ""
	}
	line, err := w.signer.Sign(t.Context(), c, w.Now)
	check(t, err)
	if w.Line != nil {
		line = w.Line(line)
	}
	return line
}

// Quorum returns witnesses of whom k must have cosigned.
func Quorum(t testing.TB, k int, witnesses ...*Witness) *tlog.Witnesses {
	t.Helper()
	trust := tlog.Trust{Quorum: "quorum", Groups: []tlog.Group{{Name: "quorum", Threshold: k}}}
	for _, w := range witnesses {
		trust.Witnesses = append(trust.Witnesses, tlog.Witness{Name: w.Name, Key: w.Key()})
		trust.Groups[0].Members = append(trust.Groups[0].Members, w.Name)
	}
	out, err := tlog.NewWitnesses(trust)
	check(t, err)
	return out
}
