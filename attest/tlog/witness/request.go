package witness

import (
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/tlog"
)

// MaxRequest bounds a request in bytes.
const MaxRequest = tlog.MaxNote + (tlog.MaxProof+2)*64

// A Request asks a witness to cosign a checkpoint (C2SP tlog-witness,
// add-checkpoint).
type Request struct {
	// OldSize is the size of the newest checkpoint that the witness cosigned.
	OldSize uint64
	// Proof shows that the checkpoint extends that one; empty if OldSize is 0 or
	// the checkpoint's own size.
	Proof []tlog.Hash
	// Checkpoint is the signed note.
	Checkpoint []byte
}

// ParseRequest reads the body of a request: form only.
func ParseRequest(body []byte) (Request, error) {
	if len(body) > MaxRequest {
		return Request{}, attest.Refuse(CodeRequest, "request", "at most "+strconv.Itoa(MaxRequest)+" bytes", strconv.Itoa(len(body)))
	}
	head, checkpoint, ok := strings.Cut(string(body), "\n\n")
	if !ok {
		return Request{}, attest.Refuse(CodeRequest, "request", "an empty line before the checkpoint", "none")
	}
	lines := strings.Split(head, "\n")
	old, ok := strings.CutPrefix(lines[0], "old ")
	size, err := strconv.ParseUint(old, 10, 64)
	if !ok || err != nil || strconv.FormatUint(size, 10) != old || size > tlog.MaxSize {
		return Request{}, attest.Refuse(CodeRequest, "line 1", "old and a canonical size", strconv.Quote(lines[0][:min(len(lines[0]), 64)]))
	}
	proof, err := tlog.ParseHashes(lines[1:])
	if err != nil {
		return Request{}, attest.Refuse(CodeRequest, "proof", "base64 hashes", "").Because(err)
	}
	return Request{OldSize: size, Proof: proof, Checkpoint: []byte(checkpoint)}, nil
}

// Marshal writes the body of the request.
func (r Request) Marshal() []byte {
	var b strings.Builder
	b.WriteString("old " + strconv.FormatUint(r.OldSize, 10) + "\n")
	for _, h := range r.Proof {
		b.WriteString(h.String() + "\n")
	}
	b.WriteString("\n")
	b.Write(r.Checkpoint)
	return []byte(b.String())
}

// originOf reads which log a checkpoint claims to be of, unverified.
func originOf(signed []byte) (string, error) {
	text, _, ok := strings.Cut(string(signed), "\n\n")
	if !ok {
		return "", attest.Refuse(CodeRequest, "checkpoint", "a signed note", "no signatures")
	}
	c, err := tlog.ParseCheckpoint(text + "\n")
	if err != nil {
		return "", attest.Refuse(CodeRequest, "checkpoint", "a checkpoint", "").Because(err)
	}
	return c.Origin, nil
}
