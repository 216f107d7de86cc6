package sigstore

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// logged is what the body of a log entry says, whatever its kind.
type logged struct {
	v2          bool
	signature   []byte
	signer      []byte // DER of a certificate or a SubjectPublicKeyInfo
	certificate bool
	details     string // v2: the name of the signer's algorithm
	digest      digest.Digest
	ofPayload   bool   // the digest is of an envelope's payload, not of what is signed
	payloadType string // told by intoto entries
}

type bodyHead struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
}

// hexDigest is a digest as Rekor v1 writes it.
type hexDigest struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"value"`
}

func (h hexDigest) digest() digest.Digest {
	return digest.Digest{Algorithm: digest.Algorithm(h.Algorithm), Hex: h.Value}
}

// hashedRekordV1 is hashedrekord 0.0.1.
type hashedRekordV1 struct {
	bodyHead
	Spec struct {
		Data struct {
			Hash hexDigest `json:"hash"`
		} `json:"data"`
		Signature struct {
			Content   []byte `json:"content"`
			PublicKey struct {
				Content []byte `json:"content"` // PEM
			} `json:"publicKey"`
		} `json:"signature"`
	} `json:"spec"`
}

// dsseV1 is dsse 0.0.1. The digest of the envelope is of the spelling that was
// uploaded, which nobody has.
type dsseV1 struct {
	bodyHead
	Spec struct {
		EnvelopeHash hexDigest `json:"envelopeHash"`
		PayloadHash  hexDigest `json:"payloadHash"`
		Signatures   []struct {
			Signature []byte `json:"signature"`
			Verifier  []byte `json:"verifier"` // PEM
		} `json:"signatures"`
	} `json:"spec"`
}

// intotoV2 is intoto 0.0.2, a kind of Rekor v1.
type intotoV2 struct {
	bodyHead
	Spec struct {
		Content struct {
			Envelope struct {
				PayloadType string `json:"payloadType"`
				Signatures  []struct {
					KeyID     string `json:"keyid"`
					PublicKey []byte `json:"publicKey"` // PEM
					Signature []byte `json:"sig"`       // base64 once more
				} `json:"signatures"`
			} `json:"envelope"`
			Hash        hexDigest `json:"hash"`
			PayloadHash hexDigest `json:"payloadHash"`
		} `json:"content"`
	} `json:"spec"`
}

// signatureV2 is a signature in Rekor v2.
type signatureV2 struct {
	Content  []byte `json:"content"`
	Verifier struct {
		Details     string           `json:"keyDetails"`
		Certificate *wireCertificate `json:"x509Certificate"`
		PublicKey   *wireCertificate `json:"publicKey"`
	} `json:"verifier"`
}

type hashedRekordV2 struct {
	bodyHead
	Spec struct {
		Entry struct {
			Data      wireDigest  `json:"data"`
			Signature signatureV2 `json:"signature"`
		} `json:"hashedRekordV002"`
	} `json:"spec"`
}

type dsseV2 struct {
	bodyHead
	Spec struct {
		Entry struct {
			PayloadHash wireDigest    `json:"payloadHash"`
			Signatures  []signatureV2 `json:"signatures"`
		} `json:"dsseV002"`
	} `json:"spec"`
}

// readBody reads the body of an entry of the kind that the bundle tells; the
// body must tell the same.
func readBody(e *wireEntry, where string) (*logged, error) {
	var (
		out  *logged
		head bodyHead
		err  error
	)
	read := func(v any) bool {
		err = decode(CodeEntryBody, where+"/canonicalizedBody", e.Body, v, strictjson.Options{Bytes: 1 << 20, Depth: 8, Values: 1000})
		return err == nil
	}
	kind := e.Kind.Kind + " " + e.Kind.Version
	switch kind {
	case "hashedrekord 0.0.1":
		var b hashedRekordV1
		if read(&b) {
			head, out = b.bodyHead, &logged{signature: b.Spec.Signature.Content, digest: b.Spec.Data.Hash.digest()}
			out.readPEM(b.Spec.Signature.PublicKey.Content)
		}
	case "dsse 0.0.1":
		var b dsseV1
		if read(&b) && len(b.Spec.Signatures) == 1 {
			s := b.Spec.Signatures[0]
			head, out = b.bodyHead, &logged{signature: s.Signature, digest: b.Spec.PayloadHash.digest(), ofPayload: true}
			out.readPEM(s.Verifier)
		}
	case "intoto 0.0.2":
		var b intotoV2
		if c := &b.Spec.Content; read(&b) && len(c.Envelope.Signatures) == 1 {
			s := c.Envelope.Signatures[0]
			head, out = b.bodyHead, &logged{digest: c.PayloadHash.digest(), ofPayload: true, payloadType: c.Envelope.PayloadType}
			out.signature, _ = base64.StdEncoding.Strict().DecodeString(string(s.Signature))
			out.readPEM(s.PublicKey)
		}
	case "hashedrekord 0.0.2":
		var b hashedRekordV2
		if read(&b) {
			head, out = b.bodyHead, &logged{v2: true}
			out.readV2(b.Spec.Entry.Signature, b.Spec.Entry.Data)
		}
	case "dsse 0.0.2":
		var b dsseV2
		if read(&b) && len(b.Spec.Entry.Signatures) == 1 {
			head, out = b.bodyHead, &logged{v2: true, ofPayload: true}
			out.readV2(b.Spec.Entry.Signatures[0], b.Spec.Entry.PayloadHash)
		}
	default:
		return nil, attest.Refuse(CodeEntryKind, where+"/kindVersion", "hashedrekord, dsse or intoto of a known version", excerpt.Quote(kind))
	}
	if err != nil {
		return nil, err
	}
	if out == nil {
		return nil, attest.Refuse(CodeEntryBody, where+"/canonicalizedBody", "exactly one signature", "")
	}
	if head.Kind != e.Kind.Kind || head.APIVersion != e.Kind.Version {
		return nil, attest.Refuse(CodeEntryKind, where+"/canonicalizedBody", excerpt.Quote(kind), excerpt.Quote(head.Kind+" "+head.APIVersion))
	}
	return out, nil
}

// readPEM takes the one certificate or key of a PEM text. Anything else leaves
// no signer, which equals nobody.
func (l *logged) readPEM(text []byte) {
	block, rest := pem.Decode(text)
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		return
	}
	switch block.Type {
	case "CERTIFICATE":
		l.signer, l.certificate = block.Bytes, true
	case "PUBLIC KEY":
		l.signer = block.Bytes
	}
}

func (l *logged) readV2(s signatureV2, d wireDigest) {
	l.signature, l.details = s.Content, s.Verifier.Details
	l.digest, _ = digestOf(&d)
	switch v := s.Verifier; {
	case v.Certificate != nil && v.PublicKey == nil:
		l.signer, l.certificate = v.Certificate.Raw, true
	case v.PublicKey != nil && v.Certificate == nil:
		l.signer = v.PublicKey.Raw
	}
}

// bind reports, by a nil error, that the entry logs this bundle: the signature,
// its signer, and the digest of what is signed. It reports every field that is
// another's.
func (l *logged) bind(b *bundle, s *signer, where string) (errs []error) {
	body := where + "/canonicalizedBody"
	if len(l.signature) == 0 || !bytes.Equal(l.signature, b.signature) {
		errs = append(errs, attest.Refuse(CodeEntrySignature, body, "the bundle's signature", "another"))
	}
	der := s.spki
	if s.leaf != nil {
		der = s.leaf.Raw
	}
	if l.certificate != (s.leaf != nil) || len(l.signer) == 0 || !bytes.Equal(l.signer, der) {
		errs = append(errs, attest.Refuse(CodeEntrySigner, body, "the bundle's certificate or key", "another"))
	}
	if _, details := prehash(s.public); l.v2 && l.details != details {
		errs = append(errs, attest.Refuse(CodeEntrySigner, body, strconv.Quote(details), excerpt.Quote(l.details)))
	}
	var want digest.Digest
	switch {
	case l.ofPayload && b.envelope && l.digest.Algorithm == digest.SHA256:
		want = b.payloadDigest()
	case !l.ofPayload && !b.envelope:
		want = b.artifact
	case !l.ofPayload && b.envelope && l.v2:
		algorithm, _ := prehash(s.public)
		want = b.paeDigest(algorithm)
	default:
		return append(errs, attest.Refuse(CodeEntryKind, where, "an entry that can log this content", "another"))
	}
	if l.digest != want || want.IsZero() {
		errs = append(errs, attest.Refuse(CodeEntryDigest, body, want.String(), excerpt.Quote(l.digest.String())))
	}
	if l.payloadType != "" && l.payloadType != b.payloadType {
		errs = append(errs, attest.Refuse(CodeEntryDigest, body, excerpt.Quote(b.payloadType), excerpt.Quote(l.payloadType)))
	}
	return errs
}
