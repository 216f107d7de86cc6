// Package faketpm is a TPM 2.0 platform in pure Go: it makes quotes that
// verify, under a throwaway root and with keys that are no secret. It has no
// commands; it exists so that whatever consumes evidence can be tested without
// a TPM, and so that forgeries can be made that no TPM would sign.
package faketpm

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	tpm "github.com/google/go-tpm/tpm2"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/tee"
	"github.com/sealwright/sealwright/tee/teetest"
	"github.com/sealwright/sealwright/tee/tpm2"
)

// Config makes a platform. The zero Config is valid.
type Config struct {
	// Seed decides every key: equal seeds are the same platform.
	Seed string
	// PCRs are the registers that are quoted, 32 bytes each; nil means PCR 0 to 7
	// with values that follow from their index.
	PCRs map[int][]byte
	// HoldKey makes the platform hold a signing key, certify it in each quote and
	// demand that bindings name it.
	HoldKey bool
	// Enrolled leaves the AK without certificate: the verifier needs Enrolment.
	Enrolled bool
}

// A Platform is a fake TPM. It implements tee.TEEQuoter, needs no clock and no
// randomness, and is safe for concurrent use: equal bindings give equal
// evidence.
type Platform struct {
	config    Config
	authority *teetest.Authority
	ak, key   *ecdsa.PrivateKey
	ekChain   [][]byte
	akChain   [][]byte
}

var _ tee.TEEQuoter = (*Platform)(nil)

// New returns the platform of a configuration.
func New(c Config) (*Platform, error) {
	if c.PCRs == nil {
		c.PCRs = map[int][]byte{}
		for i := range 8 {
			sum := sha256.Sum256(fmt.Appendf(nil, "fake PCR %d", i))
			c.PCRs[i] = sum[:]
		}
	}
	pcrs := map[int][]byte{}
	for i, v := range c.PCRs {
		pcrs[i] = bytes.Clone(v)
	}
	c.PCRs = pcrs
	a, err := teetest.NewAuthority(c.Seed)
	if err != nil {
		return nil, err
	}
	p := &Platform{config: c, authority: a, ak: teetest.Key(c.Seed + "/ak"), key: teetest.Key(c.Seed + "/key")}
	ek := teetest.Key(c.Seed + "/ek")
	if p.ekChain, err = a.Issue(teetest.Leaf{Public: ek.Public(), CommonName: "ek", Usages: []asn1.ObjectIdentifier{ekUsage()}, CriticalName: true}); err != nil {
		return nil, err
	}
	if p.akChain, err = a.Issue(p.leaf()); err != nil {
		return nil, err
	}
	return p, nil
}

// leaf is what the AK's certificate says.
func (p *Platform) leaf() teetest.Leaf {
	return teetest.Leaf{
		Public: p.ak.Public(), CommonName: "ak",
		Usages: []asn1.ObjectIdentifier{akUsage()}, CriticalName: true,
	}
}

func akUsage() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 23, 133, 8, 3} }
func ekUsage() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 23, 133, 8, 1} }

// Kind returns tpm2.Kind.
func (p *Platform) Kind() tee.Kind { return tpm2.Kind }

// Quote returns genuine evidence of the fake.
func (p *Platform) Quote(ctx context.Context, b tee.Binding) (*tee.Evidence, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if p.config.HoldKey {
		if spki := p.SPKI(); !bytes.Equal(b.SPKI, spki) {
			return nil, attest.Refuse(tpm2.CodeArgument, "Binding.SPKI", "the platform's key", "another key, or none")
		}
	}
	d, err := p.draft(b)
	if err != nil {
		return nil, err
	}
	ev, err := d.seal(p)
	if err != nil {
		return nil, err
	}
	if err := ev.Validate(); err != nil {
		return nil, err
	}
	return ev, nil
}

// Authority returns the throwaway authority that issues the AK's certificate.
func (p *Platform) Authority() *teetest.Authority { return p.authority }

// Roots returns the throwaway root.
func (p *Platform) Roots() []*x509.Certificate { return []*x509.Certificate{p.authority.Root()} }

// Verifier returns the verifier that knows the platform.
func (p *Platform) Verifier() (tee.Verifier, error) {
	if !p.config.Enrolled {
		return tpm2.NewVerifier()
	}
	return tpm2.NewVerifier(p.Enrolment())
}

// Enrolment returns the record that a verifier would keep of the AK.
func (p *Platform) Enrolment() tpm2.Enrolment {
	return tpm2.Enrolment{
		AKName:  nameOf(tpm.Marshal(signing(true, p.ak.PublicKey))),
		EKChain: p.ekChain, At: teetest.Now(),
	}
}

// References approve the platform's measurements.
func (p *Platform) References() []tee.Reference {
	var out []tee.Reference
	for _, i := range slices.Sorted(maps.Keys(p.config.PCRs)) {
		v := digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(p.config.PCRs[i])}
		out = append(out, tee.Reference{Kind: tpm2.Kind, Register: tpm2.Register, Index: i, Allowed: []digest.Digest{v}})
	}
	return out
}

// Signer returns the signing key that the platform holds.
func (p *Platform) Signer() attest.Signer { return signer{p.key} }

// SPKI returns the signing key's DER SubjectPublicKeyInfo if the platform holds
// one, else nil.
func (p *Platform) SPKI() []byte {
	if !p.config.HoldKey {
		return nil
	}
	der, err := x509.MarshalPKIXPublicKey(p.key.Public())
	if err != nil {
		return nil
	}
	return der
}

// Policy returns a policy that approves the platform, for tests.
func (p *Platform) Policy() tee.Policy {
	return tee.Policy{
		ID: "fake", Required: []tee.Kind{tpm2.Kind}, References: p.References(),
		HardwareKey: p.config.HoldKey, AllowThrowaway: true,
	}
}

type signer struct{ key *ecdsa.PrivateKey }

func (s signer) Public() crypto.PublicKey { return s.key.Public() }

func (s signer) Sign(ctx context.Context, message []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return teetest.SignASN1(s.key, message)
}
