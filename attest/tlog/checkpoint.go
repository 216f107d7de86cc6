package tlog

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// MaxSize bounds the trees that this package reads, in entries.
const MaxSize = 1 << 62

// A Hash is a node of the tree (RFC 6962 section 2.1); its String is base64.
type Hash = tlog.Hash

// LeafHash returns the hash of an entry.
func LeafHash(entry []byte) Hash { return tlog.RecordHash(entry) }

// EmptyRoot is the root of the tree without entries.
func EmptyRoot() Hash {
	root, _ := tlog.TreeHash(0, nil) // the empty tree reads nothing and cannot fail
	return root
}

// A Checkpoint is the head of a log's tree (C2SP tlog-checkpoint), without its
// signatures. One that ParseCheckpoint returns is well formed but unverified.
type Checkpoint struct {
	Origin string
	Size   uint64
	Root   Hash
	// Extensions are the lines after the root. A verifier does not know what they
	// say, and cosignatures with ML-DSA-44 do not cover them.
	Extensions []string
}

// ParseCheckpoint reads the text of a checkpoint: the signed note up to and with
// the newline before the empty line.
func ParseCheckpoint(text string) (Checkpoint, error) {
	var c Checkpoint
	body, ok := strings.CutSuffix(text, "\n")
	lines := strings.Split(body, "\n")
	if !ok || len(lines) < 3 {
		return c, attest.Refuse(CodeCheckpoint, "checkpoint", "three lines or more", excerpt.Quote(text))
	}
	size, err := number("checkpoint line 2", lines[1], MaxSize)
	if err != nil {
		return c, err
	}
	root, err := hash("checkpoint line 3", lines[2])
	if err != nil {
		return c, err
	}
	c = Checkpoint{Origin: lines[0], Size: size, Root: root}
	if len(lines) > 3 {
		c.Extensions = lines[3:]
	}
	return c, c.Validate()
}

// Validate reports whether c can be written: an origin and extension lines that
// are not empty and of one line of text each, a size of at most MaxSize, and for
// an empty tree its only root.
func (c Checkpoint) Validate() error {
	if !line(c.Origin) {
		return attest.Refuse(CodeCheckpoint, "origin", "a line of text", excerpt.Quote(c.Origin))
	}
	if c.Size > MaxSize {
		return attest.Refuse(CodeNumber, "size", "at most 2^62", strconv.FormatUint(c.Size, 10))
	}
	if c.Size == 0 && c.Root != EmptyRoot() {
		return attest.Refuse(CodeCheckpoint, "root", "the root of the empty tree", c.Root.String())
	}
	for i, extension := range c.Extensions {
		if !line(extension) {
			return attest.Refuse(CodeCheckpoint, "extension line "+strconv.Itoa(i+1), "a line of text", excerpt.Quote(extension))
		}
	}
	return nil
}

// Text returns what is signed; its form is the only one that ParseCheckpoint
// reads. It is meaningful only for a valid c.
func (c Checkpoint) Text() string {
	var b strings.Builder
	b.WriteString(c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" + c.Root.String() + "\n")
	for _, extension := range c.Extensions {
		b.WriteString(extension + "\n")
	}
	return b.String()
}

// line reports whether s is a line of text that a signed note can hold.
func line(s string) bool {
	return s != "" && utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return r < 0x20 }) < 0
}

// number reads a decimal number in its only form.
func number(where, s string, most uint64) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || strconv.FormatUint(n, 10) != s || n > most {
		return 0, attest.Refuse(CodeNumber, where, "a decimal number without leading zeros, at most "+strconv.FormatUint(most, 10), excerpt.Quote(s))
	}
	return n, nil
}

// hash reads a SHA-256 digest in canonical base64.
func hash(where, s string) (Hash, error) {
	b, err := decode64(where, s)
	if err != nil {
		return Hash{}, err
	}
	if len(b) != tlog.HashSize {
		return Hash{}, attest.Refuse(CodeBase64, where, "32 bytes", strconv.Itoa(len(b)))
	}
	return Hash(b), nil
}

// decode64 refuses what encoding/base64 would let pass: line breaks and bits
// beyond the last byte.
func decode64(where, s string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || base64.StdEncoding.EncodeToString(b) != s {
		return nil, attest.Refuse(CodeBase64, where, "canonical base64", excerpt.Quote(s))
	}
	return b, nil
}
