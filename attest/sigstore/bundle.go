package sigstore

import (
	"crypto/x509"
	"errors"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/chain"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// The media types of bundles that this package reads. Each is that of an
// attestation and stands inside of the bundle as well.
const (
	MediaTypeBundle01 = "application/vnd.dev.sigstore.bundle+json;version=0.1"
	MediaTypeBundle02 = "application/vnd.dev.sigstore.bundle+json;version=0.2"
	MediaTypeBundle03 = "application/vnd.dev.sigstore.bundle.v0.3+json"
	// MediaTypeBundle03Old is how some clients spell version 0.3.
	MediaTypeBundle03Old = "application/vnd.dev.sigstore.bundle+json;version=0.3"
)

// Bounds of a bundle.
const (
	maxEntries    = 32
	maxTimestamps = 32
	maxBundle     = 24 << 20 // a statement of 16 MiB in base64, and the rest
)

// bundle is a decoded bundle in the form that its version allows. Nothing in it
// is verified.
type bundle struct {
	version     int // 1, 2 or 3: the number after "0."
	leaf        *x509.Certificate
	above       []*x509.Certificate // that the bundle brings besides leaf
	hint        string              // of the key, where there is no leaf
	signature   []byte
	payloadType string
	payload     []byte        // of the envelope, nil for a message
	pae         []byte        // what the envelope's signature signs
	artifact    digest.Digest // what a message signature says to sign
	entries     []wireEntry
	timestamps  [][]byte
	envelope    bool
}

// versionOf returns the number after "0." of a media type, 0 for others.
func versionOf(mediaType string) int {
	switch mediaType {
	case MediaTypeBundle01:
		return 1
	case MediaTypeBundle02:
		return 2
	case MediaTypeBundle03, MediaTypeBundle03Old:
		return 3
	}
	return 0
}

// parse decodes a bundle and reports every fault of its form.
func parse(a attest.Attestation, limit int) (*bundle, error) {
	if limit == 0 {
		limit = maxBundle
	}
	r := &reader{code: CodeBundle}
	w := r.bundle(r.open(a.Body, strictjson.Options{Bytes: limit, Depth: 10, Values: 10_000}))
	if r.err != nil {
		return nil, r.err
	}
	b := &bundle{version: versionOf(w.MediaType)}
	var errs []error
	if b.version == 0 || b.version != versionOf(a.MediaType) {
		errs = append(errs, attest.Refuse(CodeVersion, "/mediaType", excerpt.Quote(a.MediaType), excerpt.Quote(w.MediaType)))
	}
	errs = append(errs, b.readContent(&w))
	if w.Material == nil {
		errs = append(errs, attest.Refuse(CodeMaterial, "/verificationMaterial", "one", "none"))
	} else {
		errs = append(errs, b.readMaterial(w.Material))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *bundle) readContent(w *wireBundle) error {
	switch {
	case w.Envelope != nil && w.Message == nil:
		return b.readEnvelope(w.Envelope)
	case w.Message != nil && w.Envelope == nil:
		return b.readMessage(w.Message)
	}
	return attest.Refuse(CodeContent, "", "either dsseEnvelope or messageSignature", "both or none")
}

// readEnvelope takes an envelope with the one signature that a bundle may have.
func (b *bundle) readEnvelope(e *wireEnvelope) error {
	if e.Count != 1 {
		return attest.Refuse(CodeContent, "/dsseEnvelope/signatures", "1 signature", strconv.Itoa(e.Count))
	}
	if len(e.Payload) == 0 || e.PayloadType == "" || len(e.Signature) == 0 {
		return attest.Refuse(CodeContent, "/dsseEnvelope", "payload, payloadType and sig", "an empty one")
	}
	b.envelope = true
	b.payload, b.payloadType, b.signature, b.pae = e.Payload, e.PayloadType, e.Signature, e.PAE
	return nil
}

// paeRoom bounds what DSSE's pre-authentication encoding puts before a payload.
func paeRoom(payloadType int) int { return len("DSSEv1 ") + 20 + 1 + payloadType + 1 + 20 + 1 }

// putPAE completes DSSE's pre-authentication encoding (DSSE v1, protocol.md) of
// the payload that stands in b behind room, and returns it: the end of b.
func putPAE(b []byte, room int, payloadType string) []byte {
	var numbers [2][20]byte
	kind := strconv.AppendInt(numbers[0][:0], int64(len(payloadType)), 10)
	size := strconv.AppendInt(numbers[1][:0], int64(len(b)-room), 10)
	start := room - len("DSSEv1 ") - len(kind) - 1 - len(payloadType) - 1 - len(size) - 1
	head := append(b[:start], "DSSEv1 "...)
	head = append(append(append(head, kind...), ' '), payloadType...)
	_ = append(append(append(head, ' '), size...), ' ')
	return b[start:]
}

func (b *bundle) readMessage(m *wireMessage) error {
	if m.Digest == nil || len(m.Signature) == 0 {
		return attest.Refuse(CodeContent, "/messageSignature", "messageDigest and signature", "an empty one")
	}
	d, ok := digestOf(m.Digest)
	if !ok {
		return attest.Refuse(CodeContent, "/messageSignature/messageDigest", "a SHA2_256, SHA2_384 or SHA2_512 digest", excerpt.Quote(m.Digest.Algorithm))
	}
	b.artifact, b.signature = d, m.Signature
	return nil
}

func (b *bundle) readMaterial(m *wireMaterial) error {
	err := b.readSigner(m)
	b.entries, b.timestamps = m.Entries, m.Timestamps
	if m.EntryCount > maxEntries {
		err = errors.Join(err, attest.Refuse(CodeLimits, "/verificationMaterial/tlogEntries", strconv.Itoa(maxEntries), strconv.Itoa(m.EntryCount)))
	}
	if m.StampCount > maxTimestamps {
		err = errors.Join(err, attest.Refuse(CodeLimits, "/verificationMaterial/timestampVerificationData", strconv.Itoa(maxTimestamps), strconv.Itoa(m.StampCount)))
	}
	return err
}

// readSigner takes the certificate or the hint of the key. A chain, which only
// versions 0.1 and 0.2 have, is read for its first certificate; the others add
// nothing to what is trusted and must stand in the trusted root.
func (b *bundle) readSigner(m *wireMaterial) error {
	where := "/verificationMaterial"
	kinds := 0
	for _, has := range [...]bool{m.Hint != nil, m.HasChain, m.Certificate != nil} {
		if has {
			kinds++
		}
	}
	if kinds != 1 {
		return attest.Refuse(CodeMaterial, where, "one of certificate, x509CertificateChain and publicKey", strconv.Itoa(kinds))
	}
	if m.Hint != nil {
		b.hint = *m.Hint
		return nil
	}
	raw := m.Chain
	if m.Certificate != nil {
		raw = [][]byte{m.Certificate}
	} else if b.version == 3 {
		return attest.Refuse(CodeMaterial, where, "a single certificate in a bundle of version 0.3", "x509CertificateChain")
	}
	if len(raw) == 0 || len(raw) > 10 {
		return attest.Refuse(CodeMaterial, where, "1 to 10 certificates", strconv.Itoa(len(raw)))
	}
	for i, der := range raw {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return attest.Refuse(chain.CodeCertificate, where, "certificates in DER", "").Because(err)
		}
		if i == 0 {
			b.leaf = c
		} else {
			b.above = append(b.above, c)
		}
	}
	return nil
}

// payloadDigest is the SHA-256 digest of the envelope's payload.
func (b *bundle) payloadDigest() digest.Digest { return digest.FromBytes(b.payload) }

// paeDigest is the digest of what the envelope's signature signs, which is the
// artifact of a Rekor v2 entry.
func (b *bundle) paeDigest(a digest.Algorithm) digest.Digest {
	return digestFrom(a, sumOf(a, b.pae))
}
