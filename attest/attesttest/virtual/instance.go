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

// Host is the host name of an instance's logs and authorities unless it is made
// at another.
const Host = "virtual.example"

// Authority is an X.509 authority with the one key that it uses.
type Authority struct {
	Root, Intermediate *x509.Certificate
	key                *ecdsa.PrivateKey
}

// An Instance is a Sigstore instance. It is immutable and safe for concurrent
// use.
type Instance struct {
	Host   string    // of its logs and authorities
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

// New makes an instance at Host with keys of its own.
func New(t testing.TB) *Instance {
	t.Helper()
	return NewAt(t, Host)
}

// NewAt makes an instance at another host.
func NewAt(t testing.TB, host string) *Instance {
	t.Helper()
	i := &Instance{Host: host, Now: time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)}
	from, to := i.Now.Add(-24*time.Hour), i.Now.Add(24*time.Hour)
	i.CA = i.authority(t, "signing", x509.ExtKeyUsageCodeSigning, from, to)
	i.TSA = i.authority(t, "stamping", x509.ExtKeyUsageTimeStamping, from, to)
	i.CT, i.Log, i.Signer, i.stamper = newKey(t), newKey(t), newKey(t), newKey(t)
	i.Stamper = i.StampingCertificate(t, i.stamper, nil)
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
func (i *Instance) authority(t testing.TB, name string, usage x509.ExtKeyUsage, from, to time.Time) Authority {
	t.Helper()
	rootKey, key := newKey(t), newKey(t)
	template := func(serial int64, cn string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: cn, Organization: []string{i.Host}},
			NotBefore: i.Now.Add(-24 * time.Hour), NotAfter: i.Now.Add(24 * time.Hour),
			KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true,
		}
	}
	root := template(1, name+" root")
	root = i.issue(t, root, root, rootKey.Public(), rootKey)
	middle := template(2, name+" intermediate")
	middle.ExtKeyUsage = []x509.ExtKeyUsage{usage}
	middle.NotBefore, middle.NotAfter = from, to
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

func spki(t testing.TB, k crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(k.Public())
	check(t, err)
	return der
}

// id is the id of a log: the SHA-256 digest of its SubjectPublicKeyInfo.
func id(t testing.TB, k crypto.Signer) []byte {
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
		"tlogs":                  []any{log(i.Log, "https://"+i.Host)},
		"ctlogs":                 []any{log(i.CT, "https://ct."+i.Host)},
		"certificateAuthorities": []any{authority("https://ca."+i.Host, i.CA.Intermediate, i.CA.Root)},
		"timestampAuthorities":   []any{authority("https://tsa."+i.Host, i.Stamper, i.TSA.Intermediate, i.TSA.Root)},
	}
	if edit != nil {
		edit(root)
	}
	out, err := json.Marshal(root)
	check(t, err)
	return out
}

// With returns an edit of a trusted root that adds the logs and authorities of
// other instances.
func With(t testing.TB, others ...*Instance) func(root map[string]any) {
	t.Helper()
	return func(root map[string]any) {
		for _, o := range others {
			o.TrustedRoot(t, func(theirs map[string]any) {
				for _, list := range []string{"tlogs", "ctlogs", "certificateAuthorities", "timestampAuthorities"} {
					root[list] = append(root[list].([]any), theirs[list].([]any)...)
				}
			})
		}
	}
}

// LogID returns the id of a log: the SHA-256 digest of its key.
func LogID(t testing.TB, k crypto.Signer) []byte {
	t.Helper()
	return id(t, k)
}

// Between returns an authority for signing certificates whose intermediate is
// valid from one time to another only.
func (i *Instance) Between(t testing.TB, from, to time.Time) Authority {
	t.Helper()
	return i.authority(t, "signing", x509.ExtKeyUsageCodeSigning, from, to)
}

// StampingCertificate issues a certificate for timestamps under a key, which
// change changes before it is issued.
func (i *Instance) StampingCertificate(t testing.TB, k crypto.Signer, change func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	template := stampingTemplate(t, i.Now)
	if change != nil {
		change(template)
	}
	return i.issue(t, template, i.TSA.Intermediate, k.Public(), i.TSA.key)
}

// stampingTemplate is a certificate of critical usage time stamping alone
// (RFC 3161 section 2.3).
func stampingTemplate(t testing.TB, now time.Time) *x509.Certificate {
	t.Helper()
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	check(t, err)
	return &x509.Certificate{
		SerialNumber: big.NewInt(77), Subject: pkix.Name{CommonName: "stamper"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}},
	}
}
