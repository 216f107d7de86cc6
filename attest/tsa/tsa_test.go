package tsa_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/tsa"
)

// token returns a time-stamp of an instance and what it stamps.
func token(t testing.TB, i *virtual.Instance, change func(*virtual.Stamp)) (der, message []byte) {
	t.Helper()
	var doc struct {
		Material struct {
			Data struct {
				List []struct {
					Signed []byte `json:"signedTimestamp"`
				} `json:"rfc3161Timestamps"`
			} `json:"timestampVerificationData"`
		} `json:"verificationMaterial"`
		Message struct {
			Signature []byte `json:"signature"`
		} `json:"messageSignature"`
	}
	body := i.Bundle(t, virtual.Recipe{Message: true, Payload: []byte("x"), Stamp: change})
	require.NoError(t, json.Unmarshal(body, &doc))
	return doc.Material.Data.List[0].Signed, doc.Message.Signature
}

// theirs is the verdict of an independent reader of CMS on a token.
func theirs(der []byte, cert *x509.Certificate) error {
	var response struct{ Status, Token asn1.RawValue }
	if _, err := asn1.Unmarshal(der, &response); err != nil {
		return err
	}
	cms, err := pkcs7.Parse(response.Token.FullBytes)
	if err != nil {
		return err
	}
	cms.Certificates = []*x509.Certificate{cert}
	return cms.Verify()
}

func authority(i *virtual.Instance, certs ...*x509.Certificate) tsa.Authority {
	return tsa.Authority{Name: "tsa", Certificates: append(certs, i.TSA.Intermediate, i.TSA.Root)}
}

func TestATokenIsVerifiedByConfiguredOrBroughtCertificate(t *testing.T) {
	i := virtual.New(t)
	configured, err := tsa.NewVerifier(authority(i, i.Stamper))
	require.NoError(t, err)
	brought, err := tsa.NewVerifier(authority(i))
	require.NoError(t, err)
	bring := func(s *virtual.Stamp) { s.Certificates = []*x509.Certificate{i.Stamper} }

	der, message := token(t, i, nil)
	got, err := configured.Verify(der, message)
	require.NoError(t, err)
	assert.True(t, i.Now.Equal(got.Time))
	assert.Equal(t, "tsa", got.Authority)
	_, err = brought.Verify(der, message)
	assert.ErrorIs(t, err, attest.Is(tsa.CodeSigner), "nobody told the certificate")

	der, message = token(t, i, bring)
	for _, v := range []*tsa.Verifier{configured, brought} {
		_, err = v.Verify(der, message)
		require.NoError(t, err)
	}
}

func TestACertificateThatATokenBringsMustLeadToTheAuthority(t *testing.T) {
	i, other := virtual.New(t), virtual.New(t)
	v, err := tsa.NewVerifier(authority(i))
	require.NoError(t, err)
	forged := func(first, second *x509.Certificate) func(*virtual.Stamp) {
		return func(s *virtual.Stamp) { s.Certificates = []*x509.Certificate{first, second} }
	}
	// The other instance's certificates have the same names and serial numbers.
	der, message := token(t, other, forged(other.Stamper, i.Stamper))
	_, err = v.Verify(der, message)
	assert.NotEmpty(t, attest.Reasons(err), "a forged certificate before the true one")
	der, message = token(t, other, forged(i.Stamper, other.Stamper))
	_, err = v.Verify(der, message)
	assert.ErrorIs(t, err, attest.Is(tsa.CodeSignature), "a forged certificate after the true one")
}

// RFC 3161 section 2.3: a certificate that stamps time has that usage alone, and
// critical.
func TestACertificateThatMayNotStampTimeIsRefused(t *testing.T) {
	i := virtual.New(t)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	usages := func(t *testing.T, critical bool, ids ...asn1.ObjectIdentifier) func(*x509.Certificate) {
		value, err := asn1.Marshal(ids)
		require.NoError(t, err)
		return func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: critical, Value: value}}
		}
	}
	stamping, signing := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}, asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 3}
	for name, test := range map[string]struct {
		change func(*x509.Certificate)
		ok     bool
	}{
		"time stamping alone":          {usages(t, true, stamping), true},
		"another usage beside":         {usages(t, true, stamping, signing), false},
		"an unknown usage beside":      {usages(t, true, stamping, asn1.ObjectIdentifier{1, 2, 3, 4}), false},
		"another usage":                {usages(t, true, signing), false},
		"a usage that is not critical": {usages(t, false, stamping), false},
		"no usage":                     {func(c *x509.Certificate) { c.ExtraExtensions = nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			cert := i.StampingCertificate(t, private, test.change)
			bound := sha256.Sum256(cert.Raw)
			der, message := token(t, i, func(s *virtual.Stamp) {
				s.Key, s.Signer, s.Bound, s.Certificates = private, cert, bound[:], []*x509.Certificate{cert}
			})
			for where, a := range map[string]tsa.Authority{"configured": authority(i, cert), "brought": authority(i)} {
				v, err := tsa.NewVerifier(a)
				require.NoError(t, err)
				_, err = v.Verify(der, message)
				if test.ok {
					require.NoError(t, err, where)
				} else {
					require.ErrorIs(t, err, attest.Is(tsa.CodeCertificate), where)
				}
			}
		})
	}
}

// rewrite returns a change of the DER of a constructed value's content.
func rewrite(change func(content []byte) []byte) func([]byte) []byte {
	return func(der []byte) []byte {
		in := cryptobyte.String(der)
		var content cryptobyte.String
		var tag cbasn1.Tag
		if !in.ReadAnyASN1(&content, &tag) {
			panic("no DER")
		}
		b := cryptobyte.NewBuilder(nil)
		b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(change(bytes.Clone(content))) })
		return b.BytesOrPanic()
	}
}

// extension is a TSTInfo's list of one extension.
func extension(critical bool) []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddASN1(cbasn1.Tag(1).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 3})
			if critical {
				b.AddASN1Boolean(true)
			}
			b.AddASN1OctetString(nil)
		})
	})
	return b.BytesOrPanic()
}

func TestWhatATSTInfoMayNotSayIsRefused(t *testing.T) {
	i := virtual.New(t)
	v, err := tsa.NewVerifier(authority(i, i.Stamper))
	require.NoError(t, err)
	utc := i.Now.UTC().Format("20060102150405") + "Z"
	at := func(text string) func([]byte) []byte {
		return func(content []byte) []byte {
			old := append([]byte{0x18, byte(len(utc))}, utc...)
			if !bytes.Contains(content, old) {
				panic("another time")
			}
			return bytes.Replace(content, old, append([]byte{0x18, byte(len(text))}, text...), 1)
		}
	}
	for name, test := range map[string]struct {
		change func([]byte) []byte
		ok     bool
	}{
		"nothing unusual":                  {func(b []byte) []byte { return b }, true},
		"an extension":                     {func(b []byte) []byte { return append(b, extension(false)...) }, true},
		"a critical extension":             {func(b []byte) []byte { return append(b, extension(true)...) }, false},
		"extensions that are none":         {func(b []byte) []byte { return append(b, 0xa1, 2, 5, 0) }, false},
		"a fraction of a second":           {at(utc[:14] + ".5Z"), true},
		"a fraction that ends in zero":     {at(utc[:14] + ".50Z"), false},
		"a time of another zone":           {at(utc[:14] + "+0100"), false},
		"a time of no zone":                {at(utc[:14]), false},
		"a fraction marked by a comma":     {at(utc[:14] + ",5Z"), false},
		"something behind the last member": {func(b []byte) []byte { return append(b, 5, 0) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			der, message := token(t, i, func(s *virtual.Stamp) { s.Info = rewrite(test.change) })
			_, err := v.Verify(der, message)
			if test.ok {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, attest.Is(tsa.CodeFormat))
			}
		})
	}
}

// RFC 5652 section 5.3: content type and message digest stand in the signed
// attributes, once, with one value, in the order of DER.
func TestSignedAttributesOfAnotherFormAreRefused(t *testing.T) {
	i := virtual.New(t)
	v, err := tsa.NewVerifier(authority(i, i.Stamper))
	require.NoError(t, err)
	for name, change := range map[string]func(kind, digest, rest []byte) []byte{
		"out of order":             func(kind, digest, rest []byte) []byte { return bytes.Join([][]byte{digest, kind, rest}, nil) },
		"without the content type": func(_, digest, rest []byte) []byte { return append(digest, rest...) },
		"without the digest":       func(kind, _, rest []byte) []byte { return append(kind, rest...) },
		"the digest twice":         func(kind, digest, rest []byte) []byte { return bytes.Join([][]byte{kind, digest, digest, rest}, nil) },
		"two digests in one": func(kind, digest, rest []byte) []byte {
			value := digest[len(digest)-34:] // OCTET STRING of 32 bytes
			double := bytes.Clone(digest)
			double[1] += 34
			double[len(digest)-35] += 34 // the SET
			return bytes.Join([][]byte{kind, double, value, rest}, nil)
		},
		"none": func(_, _, _ []byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			der, message := token(t, i, func(s *virtual.Stamp) {
				s.Attributes = rewrite(func(content []byte) []byte {
					rest := cryptobyte.String(content)
					var kind, digest cryptobyte.String
					require.True(t, rest.ReadASN1Element(&kind, cbasn1.SEQUENCE) && rest.ReadASN1Element(&digest, cbasn1.SEQUENCE))
					return change(bytes.Clone(kind), bytes.Clone(digest), bytes.Clone(rest))
				})
			})
			_, err := v.Verify(der, message)
			require.Error(t, err)
			codes := attest.Reasons(err)
			assert.Contains(t, []attest.Code{tsa.CodeFormat, tsa.CodeSignature}, codes[0].Code)
		})
	}
}

func TestWithoutAuthoritiesNoTokenIsWorthATime(t *testing.T) {
	i := virtual.New(t)
	none, err := tsa.NewVerifier()
	require.NoError(t, err)
	der, message := token(t, i, func(s *virtual.Stamp) {
		s.Certificates = []*x509.Certificate{i.Stamper, i.TSA.Intermediate, i.TSA.Root}
	})
	got, err := none.Verify(der, message)
	require.ErrorIs(t, err, attest.Is(tsa.CodeSigner))
	assert.Zero(t, got)
}

func TestNoBitOfATokenThatIsSignedCanChange(t *testing.T) {
	i := virtual.New(t)
	v, err := tsa.NewVerifier(authority(i, i.Stamper))
	require.NoError(t, err)
	der, message := token(t, i, nil)
	accepted := 0
	for bit := range len(der) * 8 {
		bad := append([]byte{}, der...)
		bad[bit/8] ^= 1 << (bit % 8)
		got, err := v.Verify(bad, message)
		if err == nil {
			accepted++
			require.True(t, i.Now.Equal(got.Time), "bit %d changes the time", bit)
			require.NoError(t, theirs(bad, i.Stamper), "pkcs7 refuses what is accepted, bit %d", bit)
		}
	}
	// CMS has parts that nobody signs and nobody reads: versions, the list of
	// digest algorithms, the outer content type (the signed one is read), the
	// kind of grant.
	assert.Less(t, accepted, len(der)*8/10)
	t.Logf("%d of %d bits are signed by nobody", accepted, len(der)*8)
}

func TestATokenNestedTooDeepOrNotInDERIsRefused(t *testing.T) {
	v, err := tsa.NewVerifier()
	require.NoError(t, err)
	for name, token := range map[string][]byte{
		"indefinite lengths": append(bytes.Repeat([]byte{0x30, 0x80}, 100), make([]byte, 200)...),
		"too deep":           nested(40),
	} {
		der := append([]byte{0x30, 0x82, byte((len(token) + 5) >> 8), byte(len(token) + 5), 0x30, 3, 2, 1, 0}, token...)
		_, err := v.Verify(der, nil)
		assert.ErrorIs(t, err, attest.Is(tsa.CodeFormat), name)
	}
}

// nested returns sequences in each other.
func nested(n int) []byte {
	out := []byte{}
	for range n {
		out = append([]byte{0x30, byte(len(out))}, out...)
	}
	return out
}

func FuzzVerify(f *testing.F) {
	i := virtual.New(f)
	v, err := tsa.NewVerifier(authority(i, i.Stamper))
	require.NoError(f, err)
	der, message := token(f, i, nil)
	f.Add(der)
	f.Fuzz(func(t *testing.T, der []byte) {
		got, err := v.Verify(der, message)
		if err == nil && !got.Time.Equal(i.Now) {
			t.Fatal("a time that nobody stamped")
		}
		if err == nil && theirs(der, i.Stamper) != nil {
			t.Fatalf("pkcs7 refuses what is accepted: %v", theirs(der, i.Stamper))
		}
		if err != nil && len(attest.Reasons(err)) == 0 {
			t.Fatalf("a refusal without reason: %v", err)
		}
	})
}

func TestASigningTimeMustLieInTheCertificatesValidity(t *testing.T) {
	i := virtual.New(t)
	v, err := tsa.NewVerifier(authority(i, i.Stamper))
	require.NoError(t, err)
	for name, test := range map[string]struct {
		at time.Time
		ok bool
	}{
		"in it":     {i.Now, true},
		"before it": {i.Stamper.NotBefore.Add(-time.Second), false},
		"after it":  {i.Stamper.NotAfter.Add(time.Second), false},
	} {
		t.Run(name, func(t *testing.T) {
			der, message := token(t, i, func(s *virtual.Stamp) {
				s.Attributes = rewrite(func(content []byte) []byte { return withSigningTime(t, content, test.at) })
			})
			_, err := v.Verify(der, message)
			if test.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, attest.Is(tsa.CodeSignature))
		})
	}
}

// withSigningTime adds the attribute of RFC 5652 section 11.3 where DER has it.
func withSigningTime(t testing.TB, attributes []byte, at time.Time) []byte {
	t.Helper()
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5})
		b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddASN1UTCTime(at) })
	})
	all := [][]byte{b.BytesOrPanic()}
	for rest := cryptobyte.String(attributes); !rest.Empty(); {
		var one cryptobyte.String
		require.True(t, rest.ReadASN1Element(&one, cbasn1.SEQUENCE))
		all = append(all, one)
	}
	slices.SortFunc(all, bytes.Compare)
	return bytes.Join(all, nil)
}

// unsigned returns a response with an unsigned attribute beside the signature:
// nothing that is signed changes.
func unsigned(t testing.TB, der, attribute []byte) []byte {
	t.Helper()
	var set cryptobyte.Builder
	set.AddASN1(cbasn1.Tag(1).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddBytes(attribute) })
	// ContentInfo, its content, SignedData, its signers, the signer.
	return appendAt(t, der, set.BytesOrPanic(), 1, 1, 0, -1, 0)
}

// appendAt appends to the content of the element at a path of indexes, of which -1
// is the last.
func appendAt(t testing.TB, der, extra []byte, path ...int) []byte {
	t.Helper()
	in := cryptobyte.String(der)
	var content cryptobyte.String
	var tag cbasn1.Tag
	require.True(t, in.ReadAnyASN1(&content, &tag))
	var out cryptobyte.Builder
	out.AddASN1(tag, func(b *cryptobyte.Builder) {
		if len(path) == 0 {
			b.AddBytes(content)
			b.AddBytes(extra)
			return
		}
		for i := 0; !content.Empty(); i++ {
			var element cryptobyte.String
			require.True(t, content.ReadAnyASN1Element(&element, &tag))
			if i == path[0] || path[0] < 0 && content.Empty() {
				element = appendAt(t, element, extra, path[1:]...)
			}
			b.AddBytes(element)
		}
	})
	return out.BytesOrPanic()
}

func TestWhatNobodySignedMustStillBeWellFormed(t *testing.T) {
	i := virtual.New(t)
	v, err := tsa.NewVerifier(authority(i, i.Stamper))
	require.NoError(t, err)
	der, message := token(t, i, nil)
	attribute := func(value []byte) []byte {
		var b cryptobyte.Builder
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 3})
			b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(value) })
		})
		return b.BytesOrPanic()
	}
	var large cryptobyte.Builder
	large.AddASN1OctetString(make([]byte, tsa.MaxBytes))
	for name, test := range map[string]struct {
		attribute []byte
		ok        bool
	}{
		"an attribute":                {attribute([]byte{4, 0}), true},
		"a number for an attribute":   {[]byte{2, 1, 0}, false},
		"one nested deeper than 24":   {attribute(nested(24)), false},
		"one of an indefinite length": {attribute([]byte{0x30, 0x80, 0, 0}), false},
		"one of 64 KiB":               {attribute(large.BytesOrPanic()), false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := v.Verify(unsigned(t, der, test.attribute), message)
			if test.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, attest.Is(tsa.CodeFormat))
		})
	}
}
