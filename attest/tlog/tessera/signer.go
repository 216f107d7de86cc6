package tessera

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/tlog"
)

// noteSigner lends a tlog.Signer to Tessera, which knows golang.org/x/mod's
// note.Signer.
type noteSigner struct {
	ctx    context.Context // that of the log; the interface has none
	signer *tlog.Signer
}

func (n noteSigner) Name() string    { return n.signer.Key().Name }
func (n noteSigner) KeyHash() uint32 { return n.signer.Key().ID() }

// Sign signs the text of a checkpoint, and nothing else.
func (n noteSigner) Sign(text []byte) ([]byte, error) {
	c, err := tlog.ParseCheckpoint(string(text))
	if err != nil {
		return nil, err
	}
	line, err := n.signer.Sign(n.ctx, c, time.Time{})
	if err != nil {
		return nil, err
	}
	fields := strings.Fields(line)
	signature, err := base64.StdEncoding.DecodeString(fields[len(fields)-1])
	if err != nil || len(signature) < 4 {
		return nil, attest.Refuse(tlog.CodeSigner, "signature", "a line with a key id and a signature", "another").Because(err)
	}
	return signature[4:], nil
}
