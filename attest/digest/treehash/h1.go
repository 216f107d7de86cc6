package treehash

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"path"
	"strings"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// H1 returns the "h1:" hash of the Go module system (golang.org/x/mod/sumdb/
// dirhash, Hash1): the SHA-256 of one line for each file, its SHA-256 and its
// name, which is prefix and path joined. For the directory of a module the
// prefix is "module@version"; for its zip file, read with WalkFS, it is empty.
//
// The format knows neither modes nor empty directories: trees that differ in
// them have the same hash. Links, which it would follow, and names with a
// newline, which would read as two lines, are refused.
func (m *Manifest) H1(prefix string) (digest.Digest, error) {
	if err := m.Validate(); err != nil {
		return digest.Digest{}, err
	}
	if strings.Contains(prefix, "\n") {
		return digest.Digest{}, refuse(CodeNewline, "prefix", "no newline", excerpt.Quote(prefix))
	}
	h := sha256.New()
	for _, e := range m.Entries {
		if e.Kind == Link {
			return digest.Digest{}, refuse(CodeKind, excerpt.Quote(e.Path), "a file or a directory", "link")
		}
		if e.Kind == Dir {
			continue
		}
		if strings.Contains(e.Path, "\n") {
			return digest.Digest{}, refuse(CodeNewline, excerpt.Quote(e.Path), "no newline", "one")
		}
		h.Write([]byte(e.Digest.Hex + "  " + path.Join(prefix, e.Path) + "\n"))
	}
	return digest.Digest{Algorithm: digest.DirHash, Hex: hex.EncodeToString(h.Sum(nil))}, nil
}

// FormatH1 writes a DirHash digest as it stands in a go.sum file: "h1:" and
// base64.
func FormatH1(d digest.Digest) (string, error) {
	if err := d.Validate(); err != nil {
		return "", err
	}
	raw, err := hex.DecodeString(d.Hex)
	if err != nil || d.Algorithm != digest.DirHash {
		return "", refuse(CodeH1, "digest", string(digest.DirHash), excerpt.Quote(d.String()))
	}
	return "h1:" + base64.StdEncoding.EncodeToString(raw), nil
}

// ParseH1 is the inverse of FormatH1. It refuses base64 that is not canonical.
func ParseH1(s string) (digest.Digest, error) {
	text, ok := strings.CutPrefix(s, "h1:")
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if !ok || err != nil || len(raw) != sha256.Size || base64.StdEncoding.EncodeToString(raw) != text {
		return digest.Digest{}, because(refuse(CodeH1, "text", `"h1:" and 44 characters of base64`, excerpt.Quote(s)), err)
	}
	return digest.Digest{Algorithm: digest.DirHash, Hex: hex.EncodeToString(raw)}, nil
}
