package deploy

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/sealwright/sealwright/attest/digest"
)

// netstrings collects text as a sequence of netstrings, which is injective: no
// two sequences give the same bytes.
type netstrings struct{ buf []byte }

func (w *netstrings) text(parts ...string) {
	for _, s := range parts {
		w.buf = strconv.AppendInt(w.buf, int64(len(s)), 10)
		w.buf = append(w.buf, ':')
		w.buf = append(w.buf, s...)
		w.buf = append(w.buf, ',')
	}
}

// sum returns the SHA-256 digest of what was collected.
func (w *netstrings) sum() digest.Digest {
	sum := sha256.Sum256(w.buf)
	return digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(sum[:])}
}
