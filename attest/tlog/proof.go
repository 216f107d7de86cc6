package tlog

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// MaxExtra bounds the extra data of a proof in bytes.
const MaxExtra = 1 << 20

// proofHeader is the first line of a proof.
const proofHeader = "c2sp.org/tlog-proof@v1"

// A Proof tells that an entry is in a log, offline (C2SP tlog-proof). One that
// ParseProof returns is well formed but unverified; Policy.Verify judges it.
type Proof struct {
	// Extra is data for the application. Nothing authenticates it.
	Extra  []byte
	Index  uint64
	Hashes []Hash
	// Checkpoint is the signed note.
	Checkpoint []byte
}

// ParseProof reads a proof.
func ParseProof(b []byte) (Proof, error) {
	if most := MaxNote + 2*MaxExtra; len(b) > most {
		return Proof{}, attest.Refuse(attest.CodeLimit, "proof", "at most "+strconv.Itoa(most)+" bytes", strconv.Itoa(len(b)))
	}
	head, checkpoint, ok := strings.Cut(string(b), "\n\n")
	if !ok {
		return Proof{}, attest.Refuse(CodeProof, "proof", "an empty line before the checkpoint", "none")
	}
	p := Proof{Checkpoint: []byte(checkpoint)}
	rest := strings.Split(head, "\n")
	if rest[0] != proofHeader {
		return Proof{}, attest.Refuse(CodeProof, "line 1", proofHeader, excerpt.Quote(rest[0]))
	}
	rest = rest[1:]
	var err error
	if len(rest) > 0 && strings.HasPrefix(rest[0], "extra ") {
		if p.Extra, err = extra(rest[0][len("extra "):]); err != nil {
			return Proof{}, err
		}
		rest = rest[1:]
	}
	if len(rest) == 0 || !strings.HasPrefix(rest[0], "index ") {
		return Proof{}, attest.Refuse(CodeProof, "index line", "index and a number", excerpt.Quote(strings.Join(rest[:min(len(rest), 1)], "")))
	}
	if p.Index, err = number("index line", rest[0][len("index "):], MaxSize-1); err != nil {
		return Proof{}, err
	}
	if p.Hashes, err = ParseHashes(rest[1:]); err != nil {
		return Proof{}, err
	}
	_, err = p.head()
	if err != nil {
		return Proof{}, err
	}
	return p, nil
}

func extra(encoded string) ([]byte, error) {
	b, err := decode64("extra line", encoded)
	if err != nil {
		return nil, err
	}
	if len(b) == 0 || len(b) > MaxExtra {
		return nil, attest.Refuse(CodeProof, "extra line", "1 to "+strconv.Itoa(MaxExtra)+" bytes", strconv.Itoa(len(b)))
	}
	return b, nil
}

// ParseHashes reads the lines of an inclusion or consistency proof: a base64 hash
// each, at most MaxProof.
func ParseHashes(lines []string) ([]Hash, error) {
	if len(lines) > MaxProof {
		return nil, attest.Refuse(CodeProofLength, "proof", "at most 63 hashes", strconv.Itoa(len(lines)))
	}
	hashes := make([]Hash, len(lines))
	for i, l := range lines {
		h, err := hash("hash "+strconv.Itoa(i+1), l)
		if err != nil {
			return nil, err
		}
		hashes[i] = h
	}
	return hashes, nil
}

// head reads the checkpoint in the proof, unverified.
func (p Proof) head() (Checkpoint, error) {
	n, err := parseNote(p.Checkpoint)
	if err != nil {
		return Checkpoint{}, err
	}
	return ParseCheckpoint(n.Text)
}

// Marshal writes the proof, in the only form that ParseProof reads.
func (p Proof) Marshal() ([]byte, error) {
	if err := checkSizes(0, len(p.Hashes)); err != nil {
		return nil, err
	}
	if p.Index >= MaxSize || len(p.Extra) > MaxExtra {
		return nil, attest.Refuse(CodeProof, "proof", "an index below 2^62 and at most "+strconv.Itoa(MaxExtra)+" bytes of extra data", "more")
	}
	if _, err := p.head(); err != nil {
		return nil, err
	}
	var b strings.Builder
	b.WriteString(proofHeader + "\n")
	if len(p.Extra) > 0 {
		b.WriteString("extra " + base64.StdEncoding.EncodeToString(p.Extra) + "\n")
	}
	b.WriteString("index " + strconv.FormatUint(p.Index, 10) + "\n")
	for _, h := range p.Hashes {
		b.WriteString(h.String() + "\n")
	}
	b.WriteString("\n")
	b.Write(p.Checkpoint)
	return []byte(b.String()), nil
}
