package tsa

import (
	"crypto/x509"
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/crypto/cryptobyte"
)

// RFC 5754 section 3.2: an identifier that names a digest is of that digest,
// whatever the digest of the content is.
func TestTheSignaturesIdentifierTellsItsDigest(t *testing.T) {
	for _, test := range []struct {
		algorithm, digest string
		want              x509.SignatureAlgorithm
	}{
		{oidRSA, oidSHA256, x509.SHA256WithRSA},
		{oidRSA, oidSHA512, x509.SHA512WithRSA},
		{oidRSASHA256, oidSHA512, x509.SHA256WithRSA},
		{oidRSASHA384, oidSHA256, x509.SHA384WithRSA},
		{oidRSASHA512, oidSHA256, x509.SHA512WithRSA},
		{oidECDSASHA384, oidSHA256, x509.ECDSAWithSHA384},
		{oidRSA, "\x2b\x0e\x03\x02\x1a", x509.UnknownSignatureAlgorithm}, // SHA-1
		{"\x2a", oidSHA256, x509.UnknownSignatureAlgorithm},
	} {
		s := signed{algorithm: cryptobyte.String(test.algorithm), digest: cryptobyte.String(test.digest)}
		assert.Equal(t, test.want, s.signatureAlgorithm())
	}
}
