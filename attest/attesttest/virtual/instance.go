package virtual

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"math/big"
	"testing"
	"time"
)

// Host is the host name of the instance's logs and authorities.
const Host = "virtual.example"

// Authority is an X.509 authority with the one key that it uses.
type Authority struct {
	Root, Intermediate *x509.Certificate
	key                *ecdsa.PrivateKey
}

// An Instance is a Sigstore instance. It is immutable and safe for concurrent
// use.
type Instance struct {
	Now    time.Time // when everything happens
	CA     Authority // issues signing certificates
	TSA    Authority // issues Stamper
	CT     *ecdsa.PrivateKey
	Log    *ecdsa.PrivateKey
	Signer *ecdsa.PrivateKey // signs artifacts
	// Stamper is the certificate of the timestamp authority's key.
	Stamper *x509.Certificate
	stamper *ecdsa.PrivateKey
}

// New makes an instance with keys of its own.
func New(t testing.TB) *Instance {
	t.Helper()
	i := &Instance{Now: time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)}
	i.CA = i.authority(t, "signing", x509.ExtKeyUsageCodeSigning)
	i.TSA = i.authority(t, "stamping", x509.ExtKeyUsageTimeStamping)
	i.CT, i.Log, i.Signer, i.stamper = newKey(t), newKey(t), newKey(t), newKey(t)
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	check(t, err)
	i.Stamper = i.issue(t, &x509.Certificate{
		SerialNumber: big.NewInt(77), Subject: pkix.Name{CommonName: "stamper"},
		NotBefore: i.Now.Add(-time.Hour), NotAfter: i.Now.Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}},
	}, i.TSA.Intermediate, i.stamper.Public(), i.TSA.key)
	return i
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	return k
}

// authority makes a root and an intermediate for one usage.
func (i *Instance) authority(t testing.TB, name string, usage x509.ExtKeyUsage) Authority {
	t.Helper()
	rootKey, key := newKey(t), newKey(t)
	template := func(serial int64, cn string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: cn, Organization: []string{Host}},
			NotBefore: i.Now.Add(-24 * time.Hour), NotAfter: i.Now.Add(24 * time.Hour),
			KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true,
		}
	}
	root := template(1, name+" root")
	root = i.issue(t, root, root, rootKey.Public(), rootKey)
	middle := template(2, name+" intermediate")
	middle.ExtKeyUsage = []x509.ExtKeyUsage{usage}
	return Authority{Root: root, Intermediate: i.issue(t, middle, root, key.Public(), rootKey), key: key}
}

func (i *Instance) issue(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	check(t, err)
	c, err := x509.ParseCertificate(der)
	check(t, err)
	return c
}

func spki(t testing.TB, k *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(k.Public())
	check(t, err)
	return der
}

// id is the id of a log: the SHA-256 digest of its SubjectPublicKeyInfo.
func id(t testing.TB, k *ecdsa.PrivateKey) []byte {
	t.Helper()
	sum := sha256.Sum256(spki(t, k))
	return sum[:]
}

// TrustedRoot returns the trusted_root.json of the instance. edit, if not nil,
// changes it before it is written.
func (i *Instance) TrustedRoot(t testing.TB, edit func(root map[string]any)) []byte {
	t.Helper()
	window := map[string]any{"start": i.Now.Add(-time.Hour), "end": i.Now.Add(time.Hour)}
	log := func(k *ecdsa.PrivateKey, url string) any {
		return map[string]any{
			"baseUrl": url, "hashAlgorithm": "SHA2_256", "logId": map[string]any{"keyId": id(t, k)},
			"publicKey": map[string]any{"rawBytes": spki(t, k), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": window},
		}
	}
	authority := func(uri string, certs ...*x509.Certificate) any {
		var raw []any
		for _, c := range certs {
			raw = append(raw, map[string]any{"rawBytes": c.Raw})
		}
		return map[string]any{"uri": uri, "certChain": map[string]any{"certificates": raw}, "validFor": window}
	}
	root := map[string]any{
		"mediaType":              "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
		"tlogs":                  []any{log(i.Log, "https://"+Host)},
		"ctlogs":                 []any{log(i.CT, "https://ct."+Host)},
		"certificateAuthorities": []any{authority("https://ca."+Host, i.CA.Intermediate, i.CA.Root)},
		"timestampAuthorities":   []any{authority("https://tsa."+Host, i.Stamper, i.TSA.Intermediate, i.TSA.Root)},
	}
	if edit != nil {
		edit(root)
	}
	out, err := json.Marshal(root)
	check(t, err)
	return out
}
