package oscal

import (
	"crypto/sha1"
	"encoding/hex"
	"strings"
)

// namespace is that of RFC 9562 for URLs.
const namespace = "\x6b\xa7\xb8\x11\x9d\xad\x11\xd1\x80\xb4\x00\xc0\x4f\xd4\x30\xc8"

// id returns the UUID, version 5, of a name that the parts make up. SHA-1 is what the
// version demands; nothing relies on it to resist collisions.
func id(parts ...string) string {
	h := sha1.Sum([]byte(namespace + "https://github.com/sealwright/sealwright/policy/oscal#" + strings.Join(parts, "\x00")))
	h[6], h[8] = h[6]&0x0f|0x50, h[8]&0x3f|0x80
	s := hex.EncodeToString(h[:16])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
