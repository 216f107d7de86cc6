//lint:file-ignore SA1019 keys that nobody should use must be made before they can be refused

package key_test

import (
	"context"
	"crypto"
	"crypto/dsa"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/key"
)

func modulus(bits uint) *big.Int {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return n.SetBit(n, 0, 1)
}

func TestKeysThatAreRefused(t *testing.T) {
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	require.NoError(t, err)
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	require.NoError(t, err)
	tests := []struct {
		name string
		pub  crypto.PublicKey
		code attest.Code
	}{
		{"nil", nil, attest.CodeNil},
		{"a nil ECDSA key", (*ecdsa.PublicKey)(nil), attest.CodeNil},
		{"a nil RSA key", (*rsa.PublicKey)(nil), attest.CodeNil},
		{"an empty ECDSA key", &ecdsa.PublicKey{}, attest.CodeNil},
		{"an ECDSA key without point", &ecdsa.PublicKey{Curve: elliptic.P256()}, attest.CodeNil},
		{"an empty RSA key", &rsa.PublicKey{}, attest.CodeNil},
		{"a short Ed25519 key", ed25519.PublicKey(make([]byte, 31)), key.CodeMalformed},
		{"a nil Ed25519 key", ed25519.PublicKey(nil), key.CodeMalformed},
		{"a point off its curve", &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}, key.CodeMalformed},
		{"the point at infinity", &ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int), Y: new(big.Int)}, key.CodeMalformed},
		{"a negative coordinate", &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(-1), Y: big.NewInt(1)}, key.CodeMalformed},
		{"P-224", p224.Public(), key.CodeCurve},
		{"a home-made curve", &ecdsa.PublicKey{Curve: &elliptic.CurveParams{Name: "P-256"}, X: big.NewInt(1), Y: big.NewInt(1)}, key.CodeCurve},
		{"RSA of 1024 bits", &rsa.PublicKey{N: modulus(1024), E: 65537}, key.CodeRSASize},
		{"RSA of 2047 bits", &rsa.PublicKey{N: modulus(2047), E: 65537}, key.CodeRSASize},
		{"RSA of 8193 bits", &rsa.PublicKey{N: modulus(8193), E: 65537}, key.CodeRSASize},
		{"RSA with a negative modulus", &rsa.PublicKey{N: new(big.Int).Neg(modulus(2048)), E: 65537}, key.CodeRSASize},
		{"RSA with an even modulus", &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2047), E: 65537}, key.CodeMalformed},
		{"RSA with exponent 3", &rsa.PublicKey{N: modulus(2048), E: 3}, key.CodeRSAExponent},
		{"RSA with exponent 1", &rsa.PublicKey{N: modulus(2048), E: 1}, key.CodeRSAExponent},
		{"RSA with an even exponent", &rsa.PublicKey{N: modulus(2048), E: 65538}, key.CodeRSAExponent},
		{"DSA", &dsa.PublicKey{}, key.CodeType},
		{"X25519", x25519.PublicKey(), key.CodeType},
		{"an RSA key that is not a pointer", rsa.PublicKey{N: modulus(2048), E: 65537}, key.CodeType},
		{"bytes", []byte("key"), key.CodeType},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			refused(t, key.Check(test.pub), test.code)
			_, err := key.Fingerprint(test.pub)
			refused(t, err, test.code)
			_, err = key.MarshalPublicPEM(test.pub)
			refused(t, err, test.code)
			_, err = key.FromCryptoSigner(fixed{pub: test.pub})
			refused(t, err, test.code)
			assert.Error(t, key.Verify(test.pub, []byte("message"), make([]byte, 64)))
		})
	}
	require.NoError(t, key.Check(&rsa.PublicKey{N: modulus(2048), E: 65537}))
	require.NoError(t, key.Check(&rsa.PublicKey{N: modulus(8192), E: 65537}))
}

func TestSignaturesByAnotherAlgorithmAreRefused(t *testing.T) {
	message := []byte("message")
	sum256, sum384, sum512 := sha256.Sum256(message), sha512.Sum384(message), sha512.Sum512(message)
	private := keys()
	pss := func(salt int, h crypto.Hash) crypto.SignerOpts { return &rsa.PSSOptions{SaltLength: salt, Hash: h} }
	tests := []struct {
		name, key string
		input     []byte
		opts      crypto.SignerOpts
	}{
		{"Ed25519ph", "Ed25519", sum512[:], &ed25519.Options{Hash: crypto.SHA512}},
		{"Ed25519ctx", "Ed25519", message, &ed25519.Options{Context: "DSSE"}},
		{"Ed25519 over a digest", "Ed25519", sum256[:], crypto.Hash(0)},
		{"P-256 with SHA-384", "P-256", sum384[:], crypto.SHA384},
		{"P-256 with SHA-512", "P-256", sum512[:], crypto.SHA512},
		{"P-384 with SHA-256", "P-384", sum256[:], crypto.SHA256},
		{"P-384 with SHA-512", "P-384", sum512[:], crypto.SHA512},
		{"P-521 with SHA-256", "P-521", sum256[:], crypto.SHA256},
		{"P-521 with SHA-384", "P-521", sum384[:], crypto.SHA384},
		{"RSA PKCS #1 v1.5", "RSA-2048", sum256[:], crypto.SHA256},
		{"RSA-PSS with SHA-512", "RSA-2048", sum512[:], pss(64, crypto.SHA512)},
		{"RSA-PSS with a salt of one byte", "RSA-2048", sum256[:], pss(1, crypto.SHA256)},
		{"RSA-PSS with a salt of 20 bytes", "RSA-2048", sum256[:], pss(20, crypto.SHA256)},
		{"RSA-PSS with the longest salt", "RSA-2048", sum256[:], pss(rsa.PSSSaltLengthAuto, crypto.SHA256)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sig, err := private[test.key].Sign(rand.Reader, test.input, test.opts)
			require.NoError(t, err)
			refused(t, key.Verify(private[test.key].Public(), message, sig), key.CodeSignature)
		})
	}
}

type pair struct{ R, S *big.Int }

func TestECDSAEncodings(t *testing.T) {
	private := keys()["P-256"]
	n := elliptic.P256().Params().N
	message := []byte("message")
	signer, err := key.FromCryptoSigner(private)
	require.NoError(t, err)
	sig, err := signer.Sign(t.Context(), message)
	require.NoError(t, err)
	var p pair
	_, err = asn1.Unmarshal(sig, &p)
	require.NoError(t, err)
	encode := func(r, s *big.Int) []byte {
		der, err := asn1.Marshal(pair{r, s})
		require.NoError(t, err)
		return der
	}

	twin := encode(p.R, new(big.Int).Sub(n, p.S))
	require.NoError(t, key.Verify(private.Public(), message, twin), "the other root is valid, as FIPS 186-5 has it")

	longForm := slices.Concat([]byte{0x30, 0x81, sig[1]}, sig[2:])
	padded := slices.Concat([]byte{0x30, sig[1] + 1, 0x02, sig[3] + 1, 0x00}, sig[4:])
	inside := slices.Concat([]byte{0x30, sig[1] + 2}, sig[2:], []byte{0x05, 0x00})
	raw := append(p.R.FillBytes(make([]byte, 32)), p.S.FillBytes(make([]byte, 32))...)
	for name, bad := range map[string][]byte{
		"a long form of the length":    longForm,
		"a padded integer":             padded,
		"an element after the pair":    inside,
		"trailing bytes":               append(slices.Clone(sig), 0),
		"the raw form of IEEE P1363":   raw,
		"a negative r":                 encode(new(big.Int).Neg(p.R), p.S),
		"r of zero":                    encode(new(big.Int), p.S),
		"s of zero":                    encode(p.R, new(big.Int)),
		"both zero":                    encode(new(big.Int), new(big.Int)),
		"r increased by the order":     encode(new(big.Int).Add(p.R, n), p.S),
		"s increased by the order":     encode(p.R, new(big.Int).Add(p.S, n)),
		"r and s of the order":         encode(n, n),
		"nothing":                      nil,
		"an indefinite length":         slices.Concat([]byte{0x30, 0x80}, sig[2:], []byte{0, 0}),
		"integers of a thousand bytes": encode(modulus(8000), modulus(8000)),
	} {
		refused(t, key.Verify(private.Public(), message, bad), key.CodeSignature, name)
	}
}

func TestAnEd25519ScalarThatIsNotReducedIsRefused(t *testing.T) {
	private := keys()["Ed25519"]
	message := []byte("message")
	sig, err := private.Sign(rand.Reader, message, crypto.Hash(0))
	require.NoError(t, err)
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := slices.Clone(sig[32:])
	slices.Reverse(s)
	sum := new(big.Int).Add(new(big.Int).SetBytes(s), order).FillBytes(make([]byte, 32))
	slices.Reverse(sum)
	refused(t, key.Verify(private.Public(), message, append(sig[:32:32], sum...)), key.CodeSignature)
}

func TestPEMThatIsRefused(t *testing.T) {
	der, err := x509.MarshalPKCS8PrivateKey(keys()["Ed25519"])
	require.NoError(t, err)
	block := func(kind string, der []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	good := block("PRIVATE KEY", der)
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	require.NoError(t, err)
	noSigner, err := x509.MarshalPKCS8PrivateKey(x25519)
	require.NoError(t, err)
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	require.NoError(t, err)
	badCurve, err := x509.MarshalPKCS8PrivateKey(p224)
	require.NoError(t, err)
	tests := []struct {
		name string
		data []byte
		code attest.Code
	}{
		{"nothing", nil, key.CodePEM},
		{"DER without PEM", der, key.CodePEM},
		{"a public key", block("PUBLIC KEY", der), key.CodePEM},
		{"a PKCS #1 key", block("RSA PRIVATE KEY", der), key.CodePEM},
		{"an encrypted key", block("ENCRYPTED PRIVATE KEY", der), key.CodePEM},
		{"two keys", append(slices.Clone(good), good...), key.CodePEM},
		{"text before the key", append([]byte("key:\n"), good...), key.CodePEM},
		{"text after the key", append(slices.Clone(good), "end"...), key.CodePEM},
		{"a cut-off key before a whole one", append(slices.Clone(good[:40]), append([]byte("\n"), good...)...), key.CodePEM},
		{"a cut-off key", good[:len(good)-8], key.CodePEM},
		{"a key with headers", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der, Headers: map[string]string{"a": "b"}}), key.CodePEM},
		{"a file too large", make([]byte, 65<<10), attest.CodeLimit},
		{"DER that is cut off", block("PRIVATE KEY", der[:10]), key.CodeMalformed},
		{"DER with trailing bytes", block("PRIVATE KEY", append(slices.Clone(der), 0)), key.CodeMalformed},
		{"a key that cannot sign", block("PRIVATE KEY", noSigner), key.CodeType},
		{"P-224", block("PRIVATE KEY", badCurve), key.CodeCurve},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			signer, err := key.ParsePrivatePEM(test.data)
			refused(t, err, test.code)
			assert.Nil(t, signer)
		})
	}

	p224Public, err := x509.MarshalPKIXPublicKey(p224.Public())
	require.NoError(t, err)
	for name, data := range map[string][]byte{"P-224": block("PUBLIC KEY", p224Public), "a private key": good, "garbage": block("PUBLIC KEY", der)} {
		pub, err := key.ParsePublicPEM(data)
		assert.Error(t, err, name)
		assert.NotEmpty(t, attest.Reasons(err), name)
		assert.Nil(t, pub, name)
	}
}

// fixed is a remote signer that answers as it is told.
type fixed struct {
	pub  crypto.PublicKey
	sign func(digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

func (f fixed) Public() crypto.PublicKey { return f.pub }
func (f fixed) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return f.sign(digest, opts)
}

func TestAFaultyRemoteSignerReturnsNothing(t *testing.T) {
	for name, private := range keys() {
		t.Run(name, func(t *testing.T) {
			honest := func(digest []byte, opts crypto.SignerOpts) ([]byte, error) {
				return private.Sign(rand.Reader, digest, opts)
			}
			faults := map[string]func([]byte, crypto.SignerOpts) ([]byte, error){
				"garbage": func([]byte, crypto.SignerOpts) ([]byte, error) { return make([]byte, 64), nil },
				"nothing": func([]byte, crypto.SignerOpts) ([]byte, error) { return nil, nil },
				"one flipped bit": func(d []byte, o crypto.SignerOpts) ([]byte, error) {
					sig, err := honest(d, o)
					sig[len(sig)-1] ^= 1
					return sig, err
				},
				"a signature of something else": func(d []byte, o crypto.SignerOpts) ([]byte, error) {
					d = slices.Clone(d)
					d[0] ^= 1
					return honest(d, o)
				},
			}
			for fault, sign := range faults {
				signer, err := key.FromCryptoSigner(fixed{private.Public(), sign})
				require.NoError(t, err)
				sig, err := signer.Sign(t.Context(), []byte("message"))
				refused(t, err, key.CodeFault, fault)
				assert.Nil(t, sig)
			}
			signer, err := key.FromCryptoSigner(fixed{private.Public(), honest})
			require.NoError(t, err)
			sig, err := signer.Sign(t.Context(), []byte("message"))
			require.NoError(t, err)
			require.NoError(t, key.Verify(private.Public(), []byte("message"), sig))
		})
	}
}

func TestSignersRefuse(t *testing.T) {
	_, err := key.FromCryptoSigner(nil)
	refused(t, err, attest.CodeNil)
	_, err = key.FromCryptoSigner((*ecdsa.PrivateKey)(nil))
	refused(t, err, attest.CodeNil)
	_, err = key.FromCryptoSigner((*rsa.PrivateKey)(nil))
	refused(t, err, attest.CodeNil)
	_, err = key.FromCryptoSigner(ed25519.PrivateKey(nil))
	refused(t, err, key.CodeMalformed)

	private := keys()["P-256"]
	broken := errors.New("the device is locked")
	signer, err := key.FromCryptoSigner(fixed{private.Public(), func([]byte, crypto.SignerOpts) ([]byte, error) { return nil, broken }})
	require.NoError(t, err)
	_, err = signer.Sign(t.Context(), nil)
	refused(t, err, key.CodeSigner)
	assert.ErrorIs(t, err, broken)
}

func TestSignHonoursItsContext(t *testing.T) {
	private := keys()["P-256"]
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	signer, err := key.FromCryptoSigner(fixed{private.Public(), func(d []byte, o crypto.SignerOpts) ([]byte, error) {
		calls++
		cancel()
		return private.Sign(rand.Reader, d, o)
	}})
	require.NoError(t, err)
	for range 2 {
		sig, err := signer.Sign(ctx, []byte("message"))
		refused(t, err, attest.CodeCanceled)
		assert.ErrorIs(t, err, context.Canceled)
		assert.Nil(t, sig)
	}
	assert.Equal(t, 1, calls, "a context that has ended reaches no key")
}

func TestCodesAreCatalogued(t *testing.T) {
	seen := map[attest.Code]bool{}
	for _, code := range key.Codes() {
		assert.Regexp(t, `^attest\.key\.[a-z0-9-]+$`, string(code))
		assert.False(t, seen[code], code)
		seen[code] = true
	}
	assert.Len(t, seen, 9)
}
