package chain_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/chain"
)

// leaf returns the certificate of a bundle that an instance makes.
func leaf(t testing.TB, i *virtual.Instance, r virtual.Recipe) *x509.Certificate {
	t.Helper()
	r.Payload = []byte("x")
	var doc struct {
		Material struct {
			Certificate struct {
				Raw []byte `json:"rawBytes"`
			} `json:"certificate"`
		} `json:"verificationMaterial"`
	}
	require.NoError(t, json.Unmarshal(i.Bundle(t, r), &doc))
	c, err := x509.ParseCertificate(doc.Material.Certificate.Raw)
	require.NoError(t, err)
	return c
}

func authority(i *virtual.Instance, w chain.Window) chain.Authority {
	return chain.Authority{Name: "ca", Certificates: []*x509.Certificate{i.CA.Intermediate, i.CA.Root}, Window: w}
}

func TestAPathHoldsAtBothEdgesOfItsWindowAndNotBeyond(t *testing.T) {
	i := virtual.New(t)
	w := chain.Window{Start: i.Now, End: i.Now.Add(time.Minute)}
	a, err := chain.NewAuthorities(x509.ExtKeyUsageCodeSigning, authority(i, w))
	require.NoError(t, err)
	path, err := a.Path(leaf(t, i, virtual.Recipe{}))
	require.NoError(t, err)
	for at, ok := range map[time.Time]bool{
		w.Start: true, w.End: true, w.Start.Add(-1): false, w.End.Add(1): false,
	} {
		err := path.Check(at)
		assert.Equal(t, ok, err == nil, "%s: %v", at, err)
		if !ok {
			assert.ErrorIs(t, err, attest.Is(chain.CodeTime))
		}
	}
	index, name, err := path.Authority(i.Now)
	require.NoError(t, err)
	assert.Equal(t, 0, index)
	assert.Equal(t, "ca", name)
	assert.Equal(t, []*x509.Certificate{i.CA.Intermediate}, path.Issuers())
	assert.True(t, path.Leads(i.CA.Root))
	assert.False(t, path.Leads(i.TSA.Root))
}

func TestOneCertificateInTwoAuthoritiesHoldsInEitherWindow(t *testing.T) {
	i := virtual.New(t)
	early := authority(i, chain.Window{End: i.Now.Add(-time.Second)})
	late := authority(i, chain.Window{Start: i.Now.Add(time.Second)})
	late.Name = "late"
	a, err := chain.NewAuthorities(x509.ExtKeyUsageCodeSigning, early, late)
	require.NoError(t, err)
	path, err := a.Path(leaf(t, i, virtual.Recipe{}))
	require.NoError(t, err)
	require.NoError(t, path.Check(i.Now.Add(-time.Second)))
	_, name, err := path.Authority(i.Now.Add(time.Second))
	require.NoError(t, err)
	assert.Equal(t, "late", name)
	assert.ErrorIs(t, path.Check(i.Now), attest.Is(chain.CodeTime), "between the windows")
}

// certificates issues a root, an intermediate and a certificate for signing code,
// each changed before it is signed.
func certificates(t *testing.T, change ...func(*x509.Certificate)) (chainUp []*x509.Certificate, end *x509.Certificate) {
	t.Helper()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	parent, signer := (*x509.Certificate)(nil), (*ecdsa.PrivateKey)(nil)
	for i, name := range []string{"root", "intermediate", "leaf"} {
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		c := &x509.Certificate{
			SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: name}, BasicConstraintsValid: true,
			NotBefore: now, NotAfter: now.Add(time.Hour), IsCA: true, KeyUsage: x509.KeyUsageCertSign,
		}
		if name == "leaf" {
			c.IsCA, c.KeyUsage, c.ExtKeyUsage = false, x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
		}
		if i < len(change) && change[i] != nil {
			change[i](c)
		}
		if parent == nil {
			parent, signer = c, private
		}
		der, err := x509.CreateCertificate(rand.Reader, c, parent, private.Public(), signer)
		require.NoError(t, err)
		parsed, err := x509.ParseCertificate(der)
		require.NoError(t, err)
		if name == "leaf" {
			return chainUp, parsed
		}
		chainUp = append([]*x509.Certificate{parsed}, chainUp...)
		parent, signer = parsed, private
	}
	panic("not reached")
}

func TestAnAuthorityThatMayNotIssueIsRefused(t *testing.T) {
	good, end := certificates(t)
	of := func(change ...func(*x509.Certificate)) []*x509.Certificate {
		up, _ := certificates(t, change...)
		return up
	}
	accept := func(a chain.Authority) (*chain.Authorities, error) {
		return chain.NewAuthorities(x509.ExtKeyUsageCodeSigning, a)
	}
	a, err := accept(chain.Authority{Name: "ca", Certificates: good})
	require.NoError(t, err)
	_, err = a.Path(end)
	require.NoError(t, err)
	_, err = a.Path(nil)
	require.ErrorIs(t, err, attest.Is(attest.CodeNil))
	_, err = a.Path(good[0])
	require.ErrorIs(t, err, attest.Is(chain.CodeLeafIsCA))

	now := good[0].NotBefore
	anyUsage := func(c *x509.Certificate) { c.KeyUsage = 0 }
	noAuthority := func(c *x509.Certificate) { c.IsCA, c.KeyUsage = false, 0 }
	for name, test := range map[string]struct {
		a    chain.Authority
		code attest.Code
	}{
		"no name":                              {chain.Authority{Certificates: good}, chain.CodeAuthority},
		"no certificates":                      {chain.Authority{Name: "ca"}, chain.CodeAuthority},
		"a nil certificate":                    {chain.Authority{Name: "ca", Certificates: []*x509.Certificate{good[0], nil}}, chain.CodeAuthority},
		"eleven certificates":                  {chain.Authority{Name: "ca", Certificates: slices.Repeat(good[1:], 11)}, chain.CodeAuthority},
		"a window that ends before it starts":  {chain.Authority{Name: "ca", Certificates: good, Window: chain.Window{Start: now, End: now.Add(-1)}}, chain.CodeAuthority},
		"no root":                              {chain.Authority{Name: "ca", Certificates: good[:1]}, chain.CodeAuthorityPath},
		"another order":                        {chain.Authority{Name: "ca", Certificates: []*x509.Certificate{good[1], good[0]}}, chain.CodeAuthorityPath},
		"a stranger's root":                    {chain.Authority{Name: "ca", Certificates: []*x509.Certificate{good[0], of()[1]}}, chain.CodeAuthorityPath},
		"a root that may not sign others":      {chain.Authority{Name: "ca", Certificates: of(anyUsage)[1:]}, chain.CodeAuthorityPath},
		"an intermediate that may not either":  {chain.Authority{Name: "ca", Certificates: of(nil, anyUsage)}, chain.CodeAuthorityPath},
		"an intermediate that is no authority": {chain.Authority{Name: "ca", Certificates: of(nil, noAuthority)}, chain.CodeAuthorityPath},
		"a root that constrains names": {chain.Authority{Name: "ca", Certificates: of(func(c *x509.Certificate) {
			c.PermittedURIDomains = []string{"example.com"}
		})}, chain.CodeAuthorityPath},
		"an intermediate for another usage": {chain.Authority{Name: "ca", Certificates: of(nil, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		})}, chain.CodeAuthorityPath},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := accept(test.a)
			require.ErrorIs(t, err, attest.Is(test.code))
		})
	}
}

func TestEveryFieldOfFulcioIsRead(t *testing.T) {
	i := virtual.New(t)
	c := leaf(t, i, virtual.Recipe{Certificate: func(c *x509.Certificate) {
		c.ExtraExtensions = nil
		for f := chain.FieldIssuer; f < chain.FieldCount; f++ {
			switch text := string(rune('a' + f)); {
			case f == chain.FieldOtherName:
			case f == chain.FieldIssuer:
				c.ExtraExtensions = append(c.ExtraExtensions, virtual.RawClaim(int(f), []byte("i")))
			case f <= chain.FieldGitHubRef:
				c.ExtraExtensions = append(c.ExtraExtensions, virtual.RawClaim(int(f), []byte(text)))
			default:
				c.ExtraExtensions = append(c.ExtraExtensions, virtual.Claim(t, int(f), text))
			}
		}
		c.ExtraExtensions = append(c.ExtraExtensions, virtual.RawClaim(99, []byte("unknown")))
	}})
	got, err := chain.ParseClaims(c)
	require.NoError(t, err)
	assert.Equal(t, "i", got.Issuer)
	assert.Equal(t, virtual.Subject, got.Name)
	assert.Equal(t, chain.NameURI, got.Kind)
	for f := chain.FieldGitHubTrigger; f < chain.FieldCount; f++ {
		if f != chain.FieldOtherName {
			assert.Equal(t, string(rune('a'+f)), got.Fields[f], "field %d", f)
		}
	}
}

func TestAnOtherNameIsReadAndPassesItsPath(t *testing.T) {
	i := virtual.New(t)
	text, err := asn1.MarshalWithParams("me!example.com", "utf8,explicit,tag:0")
	require.NoError(t, err)
	id, err := asn1.Marshal(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 7})
	require.NoError(t, err)
	other := asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: append(id, text...)}
	san, err := asn1.Marshal([]asn1.RawValue{other})
	require.NoError(t, err)
	c := leaf(t, i, virtual.Recipe{Certificate: func(c *x509.Certificate) {
		c.URIs = nil
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Critical: true, Value: san})
	}})
	unhandled := len(c.UnhandledCriticalExtensions)
	require.Equal(t, 1, unhandled)
	got, err := chain.ParseClaims(c)
	require.NoError(t, err)
	assert.Equal(t, "me!example.com", got.Name)
	assert.Equal(t, chain.NameOther, got.Kind)
	a, err := chain.NewAuthorities(x509.ExtKeyUsageCodeSigning, authority(i, chain.Window{}))
	require.NoError(t, err)
	_, err = a.Path(c)
	require.NoError(t, err)
	assert.Len(t, c.UnhandledCriticalExtensions, unhandled, "the certificate is not changed")
}

func TestSCTsCountDistinctLogs(t *testing.T) {
	i := virtual.New(t)
	logs, err := chain.NewLogs(chain.Log{Name: "one", Public: i.CT.Public()}, chain.Log{Name: "two", Public: i.Log.Public()})
	require.NoError(t, err)
	issuers := []*x509.Certificate{i.CA.Intermediate}
	twice := leaf(t, i, virtual.Recipe{SCTs: func(s []*virtual.SCT) []*virtual.SCT { return append(s, s[0]) }})
	require.NoError(t, logs.Check(twice, issuers, 1))
	assert.ErrorIs(t, logs.Check(twice, issuers, 2), attest.Is(chain.CodeSCTThreshold), "one log twice is one")
	assert.ErrorIs(t, logs.Check(twice, []*x509.Certificate{i.TSA.Intermediate}, 1), attest.Is(chain.CodeSCTSignature), "another issuer")

	_, err = chain.NewLogs(chain.Log{Public: i.CT.Public()}, chain.Log{Public: i.CT.Public()})
	assert.ErrorIs(t, err, attest.Is(chain.CodeLog))

	broken := *twice
	broken.RawTBSCertificate = broken.RawTBSCertificate[:len(broken.RawTBSCertificate)-1]
	assert.ErrorIs(t, logs.Check(&broken, issuers, 1), attest.Is(chain.CodeSCT), "a certificate that is cut off")
}

func TestACertificateLogsKeyMustBeOneOfRFC6962(t *testing.T) {
	edwards, _, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	for name, public := range map[string]crypto.PublicKey{
		"no key": nil, "Ed25519": edwards, "an empty ECDSA key": &ecdsa.PublicKey{},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := chain.NewLogs(chain.Log{Name: "log", Public: public})
			require.ErrorIs(t, err, attest.Is(chain.CodeLog))
		})
	}
}

func TestANameThatIsNoneIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		name string
		ok   bool
	}{
		"a URI":              {"https://example.com/a", true},
		"the longest name":   {"https://example.com/" + strings.Repeat("a", 4096-20), true},
		"no character":       {"", false},
		"one character more": {"https://example.com/" + strings.Repeat("a", 4096-19), false},
	} {
		t.Run(name, func(t *testing.T) {
			san, err := asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(test.name)}})
			require.NoError(t, err)
			_, end := certificates(t, nil, nil, func(c *x509.Certificate) {
				c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Critical: true, Value: san}}
			})
			_, err = chain.ParseClaims(end)
			if test.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, attest.Is(chain.CodeName))
		})
	}
}

// FuzzParseClaims puts bytes where Fulcio's extensions and the name stand.
func FuzzParseClaims(f *testing.F) {
	f.Add(9, []byte{12, 1, 'a'})
	f.Add(1, []byte("https://issuer.example"))
	f.Add(7, []byte{0x30, 3, 0x86, 1, 'a'})
	f.Fuzz(func(t *testing.T, field int, value []byte) {
		id := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, field}
		if field == int(chain.FieldOtherName) {
			id = asn1.ObjectIdentifier{2, 5, 29, 17}
		}
		name := pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: []byte{0x30, 3, 0x86, 1, 'a'}}
		c := &x509.Certificate{Extensions: []pkix.Extension{{Id: id, Value: value}}}
		if field != int(chain.FieldOtherName) {
			c.Extensions = append(c.Extensions, name)
		}
		got, err := chain.ParseClaims(c)
		if err != nil {
			if got != (chain.Claims{}) || len(attest.Reasons(err)) == 0 {
				t.Fatal("claims with an error, or an error without reason")
			}
			return
		}
		if got.Name == "" || got.Kind == 0 {
			t.Fatal("claims without a name")
		}
	})
}

// FuzzSCTs puts bytes where a certificate's timestamps stand.
func FuzzSCTs(f *testing.F) {
	i := virtual.New(f)
	good := leaf(f, i, virtual.Recipe{})
	logs, err := chain.NewLogs(chain.Log{Name: "one", Public: i.CT.Public()})
	require.NoError(f, err)
	list := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}
	var value []byte
	for _, e := range good.Extensions {
		if e.Id.Equal(list) {
			value = e.Value
		}
	}
	f.Add(value, good.RawTBSCertificate)
	f.Fuzz(func(t *testing.T, value, tbs []byte) {
		c := *good
		c.RawTBSCertificate = tbs
		c.Extensions = []pkix.Extension{{Id: list, Value: value}}
		if err := logs.Check(&c, []*x509.Certificate{i.CA.Intermediate}, 1); err != nil && len(attest.Reasons(err)) == 0 {
			t.Fatalf("a refusal without reason: %v", err)
		}
	})
}
