package tpm2

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/binary"
	"math/big"

	tpm "github.com/google/go-tpm/tpm2"

	"github.com/sealwright/sealwright/attest"
)

// maxStructure bounds one TPM structure: the largest that is accepted here, a
// public area, needs under 200 bytes; Marshal of anything longer is refused
// before it is parsed.
const maxStructure = 4096

// exact reads one TPM structure that fills b to the last byte. The library
// ignores what follows a structure and reads some malformed ones leniently, so
// the bytes must also be those that it would write itself.
func exact[T tpm.Marshallable, P interface {
	*T
	tpm.Unmarshallable
}](where string, b []byte) (*T, error) {
	if len(b) == 0 || len(b) > maxStructure {
		return nil, attest.Refuse(CodeTrailing, where, "a TPM structure", "nothing, or too much")
	}
	v, err := tpm.Unmarshal[T, P](b)
	if err != nil {
		return nil, attest.Refuse(CodeTrailing, where, "a TPM structure", "").Because(err)
	}
	if !bytes.Equal(tpm.Marshal(*v), b) {
		return nil, attest.Refuse(CodeTrailing, where, "the structure and nothing else", "bytes that a TPM does not write")
	}
	return v, nil
}

// A key is a public area that was checked: a P-256 key that signs with ECDSA
// and SHA-256, made by a TPM and never to leave it.
type key struct {
	public *ecdsa.PublicKey
	name   []byte // TPM 2.0 part 1, "Names": nameAlg ‖ H(public)
}

// parseKey reads the TPMT_PUBLIC of a signing key and demands its attributes.
// A restricted key signs only what the TPM itself made, so its signature over
// a TPM structure is the TPM's word; an unrestricted one signs anything.
func parseKey(where string, b []byte, restricted bool) (*key, error) {
	p, err := exact[tpm.TPMTPublic](where, b)
	if err != nil {
		return nil, err
	}
	if err := checkAttributes(where, p.ObjectAttributes, restricted); err != nil {
		return nil, err
	}
	pub, err := p256(where, p)
	if err != nil {
		return nil, err
	}
	return &key{pub, nameUnderSHA256(sha256.Sum256(b))}, nil
}

func checkAttributes(where string, a tpm.TPMAObject, restricted bool) error {
	for _, c := range []struct {
		name      string
		want, got bool
	}{
		{"sign", true, a.SignEncrypt},
		{"decrypt", false, a.Decrypt},
		{"restricted", restricted, a.Restricted},
		{"fixedTPM", true, a.FixedTPM},
		{"fixedParent", true, a.FixedParent},
		{"sensitiveDataOrigin", true, a.SensitiveDataOrigin},
		{"encryptedDuplication", false, a.EncryptedDuplication},
	} {
		if c.want != c.got {
			return attest.Refuse(CodeAttributes, where, c.name+" "+setOrClear(c.want), setOrClear(c.got))
		}
	}
	return nil
}

func setOrClear(b bool) string {
	if b {
		return "set"
	}
	return "clear"
}

// p256 demands the one algorithm that is accepted. A key without a scheme of
// its own would sign under whichever the caller names.
func p256(where string, p *tpm.TPMTPublic) (*ecdsa.PublicKey, error) {
	refuse := func(got string) error {
		return attest.Refuse(CodeAlgorithm, where, "ECDSA with P-256 and SHA-256, Name under SHA-256", got)
	}
	if p.Type != tpm.TPMAlgECC || p.NameAlg != tpm.TPMAlgSHA256 {
		return nil, refuse("another type or name algorithm")
	}
	parms, err := p.Parameters.ECCDetail()
	if err != nil {
		return nil, refuse(err.Error())
	}
	if parms.CurveID != tpm.TPMECCNistP256 || parms.Scheme.Scheme != tpm.TPMAlgECDSA || parms.KDF.Scheme != tpm.TPMAlgNull {
		return nil, refuse("another curve, scheme or key derivation")
	}
	scheme, err := parms.Scheme.Details.ECDSA()
	if err != nil || scheme.HashAlg != tpm.TPMAlgSHA256 {
		return nil, refuse("another hash")
	}
	point, err := p.Unique.ECC()
	if err != nil {
		return nil, refuse(err.Error())
	}
	pub, err := onP256(point)
	if err != nil {
		return nil, refuse("a point that is not on the curve")
	}
	return pub, nil
}

// onP256 refuses points off the curve and at infinity.
func onP256(p *tpm.TPMSECCPoint) (*ecdsa.PublicKey, error) {
	const size = 32
	if len(p.X.Buffer) > size || len(p.Y.Buffer) > size {
		return nil, attest.Refuse(CodeAlgorithm, "point", "coordinates of 32 bytes", "longer ones")
	}
	uncompressed := make([]byte, 1+2*size)
	uncompressed[0] = 4
	copy(uncompressed[1+size-len(p.X.Buffer):], p.X.Buffer)
	copy(uncompressed[1+2*size-len(p.Y.Buffer):], p.Y.Buffer)
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), uncompressed)
}

// verify checks the TPMT_SIGNATURE of k over message.
func (k *key) verify(where string, message, signature []byte) error {
	s, err := exact[tpm.TPMTSignature](where, signature)
	if err != nil {
		return err
	}
	if s.SigAlg != tpm.TPMAlgECDSA {
		return attest.Refuse(CodeAlgorithm, where, "ECDSA", "another signature scheme")
	}
	sig, err := s.Signature.ECDSA()
	if err != nil || sig.Hash != tpm.TPMAlgSHA256 {
		return attest.Refuse(CodeAlgorithm, where, "SHA-256", "another hash").Because(err)
	}
	sum := sha256.Sum256(message)
	r, t := new(big.Int).SetBytes(sig.SignatureR.Buffer), new(big.Int).SetBytes(sig.SignatureS.Buffer)
	if !ecdsa.Verify(k.public, sum[:], r, t) {
		return attest.Refuse(CodeSignature, where, "a signature by the attestation key", "one that does not verify")
	}
	return nil
}

// parseAttest verifies the AK's signature over a TPMS_ATTEST and demands that
// a TPM made it, that it is of the wanted type, that it names the AK as its
// signer, and that its qualifying data has the width of a binding's digest.
func (k *key) parseAttest(where string, b, signature []byte, kind tpm.TPMST) (*tpm.TPMSAttest, error) {
	if err := k.verify(where+".signature", b, signature); err != nil {
		return nil, err
	}
	a, err := exact[tpm.TPMSAttest](where, b)
	if err != nil {
		return nil, err
	}
	if a.Magic != tpm.TPMGeneratedValue {
		return nil, attest.Refuse(CodeMagic, where, "TPM_GENERATED_VALUE", "another value")
	}
	if a.Type != kind {
		return nil, attest.Refuse(CodeType, where, typeName(kind), typeName(a.Type))
	}
	if !k.isSigner(a.QualifiedSigner.Buffer) {
		return nil, attest.Refuse(CodeName, where+".qualifiedSigner", "the Qualified Name of the attestation key as a primary key", "another")
	}
	if len(a.ExtraData.Buffer) != sha256.Size {
		return nil, attest.Refuse(CodeQualifyingData, where, "32 bytes", "another length")
	}
	return a, nil
}

// isSigner reports whether qualified is the Qualified Name of k as a primary
// key of the endorsement or the owner hierarchy: nameAlg ‖ H(hierarchy ‖ Name)
// (TPM 2.0 part 1, "Qualified Names"). The AK's certificate covers only its
// point; this ties the rest of its public area, attributes first of all, to
// what it signed. A certified AK cannot sign a structure that names another.
func (k *key) isSigner(qualified []byte) bool {
	for _, hierarchy := range []tpm.TPMHandle{tpm.TPMRHEndorsement, tpm.TPMRHOwner} {
		sum := sha256.Sum256(append(binary.BigEndian.AppendUint32(nil, uint32(hierarchy)), k.name...))
		if bytes.Equal(qualified, nameUnderSHA256(sum)) {
			return true
		}
	}
	return false
}

func nameUnderSHA256(sum [sha256.Size]byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(tpm.TPMAlgSHA256)), sum[:]...)
}

func typeName(t tpm.TPMST) string {
	switch t {
	case tpm.TPMSTAttestQuote:
		return "TPM_ST_ATTEST_QUOTE"
	case tpm.TPMSTAttestCertify:
		return "TPM_ST_ATTEST_CERTIFY"
	}
	return "another TPM_ST"
}
