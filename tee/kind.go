package tee

import (
	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Kind names a technology that can attest: "tpm2", "sev-snp", "tdx". The
// list is open: each backend package exports its own, and the core knows none.
type Kind string

// Validate reports whether k is 1 to 32 characters of a-z, 0-9 and '-',
// beginning with a letter.
func (k Kind) Validate() error {
	ok := len(k) >= 1 && len(k) <= 32 && k[0] >= 'a' && k[0] <= 'z'
	for _, c := range []byte(k) {
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	if !ok {
		return attest.Refuse(CodeKind, "Kind", "1 to 32 characters of a-z, 0-9, '-'", excerpt.Quote(string(k)))
	}
	return nil
}
