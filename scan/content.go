package scan

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"github.com/sealwright/sealwright/attest/digest"
)

// A content is a file's bytes on their way to the sink, through the digest.
type content struct {
	r      io.Reader
	sha    hash.Hash
	size   int64
	n      int64
	more   bool  // the file has grown beyond its size
	failed error // a read error; the sink sees the end of the file
}

func newContent(r io.Reader, size int64) *content {
	return &content{r: r, sha: sha256.New(), size: size}
}

// Read gives at most size bytes. A read error ends the content, because it is
// the file's fault and not the sink's; the walk reports it.
func (c *content) Read(b []byte) (int, error) {
	if c.n == c.size || c.failed != nil {
		c.probe()
		return 0, io.EOF
	}
	if left := c.size - c.n; int64(len(b)) > left {
		b = b[:left]
	}
	n, err := c.r.Read(b)
	c.sha.Write(b[:n])
	c.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.failed = err
	}
	if err != nil {
		return n, io.EOF
	}
	return n, nil
}

// probe looks once whether anything follows the size that was announced.
func (c *content) probe() {
	if c.more || c.failed != nil {
		return
	}
	var one [1]byte
	n, _ := c.r.Read(one[:])
	c.more = n > 0
}

// sum returns the digest of what was read.
func (c *content) sum() digest.Digest {
	return digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(c.sha.Sum(nil))}
}
