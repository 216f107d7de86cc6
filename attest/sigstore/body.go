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

// body reads a body of a kind that readBody lists, and the kind that it tells.
func (r *reader) body(kind string, p part) (out *logged, head wireKind) {
	var f [3]part
	spec := place{key: "spec"}
	if !r.object(p, nil, f[:], "apiVersion", "kind", "spec") {
		return nil, head
	}
	head = wireKind{r.text(f[1], nil, "kind"), r.text(f[0], nil, "apiVersion")}
	switch kind {
	case "hashedrekord 0.0.1":
		out = r.hashedRekordV1(f[2], &spec)
	case "dsse 0.0.1":
		out = r.dsseV1(f[2], &spec)
	case "intoto 0.0.2":
		out = r.intotoV2(f[2], &spec)
	case "hashedrekord 0.0.2":
		out = r.hashedRekordV2(f[2], &spec)
	case "dsse 0.0.2":
		out = r.dsseV2(f[2], &spec)
	}
	return out, head
}

// hexDigest reads a digest as Rekor v1 writes it.
func (r *reader) hexDigest(p part, at *place) (d digest.Digest) {
	var f [2]part
	if r.object(p, at, f[:], "algorithm", "value") {
		d = digest.Digest{Algorithm: digest.Algorithm(r.text(f[0], at, "algorithm")), Hex: r.text(f[1], at, "value")}
	}
	return d
}

// hashedRekordV1 reads hashedrekord 0.0.1.
func (r *reader) hashedRekordV1(p part, at *place) *logged {
	var f, data, signature, key [2]part
	if !r.object(p, at, f[:], "data", "signature") {
		return nil
	}
	out := &logged{}
	if in := (place{up: at, key: "data"}); r.object(f[0], &in, data[:1], "hash") {
		out.digest = r.hexDigest(data[0], &place{up: &in, key: "hash"})
	}
	if in := (place{up: at, key: "signature"}); r.object(f[1], &in, signature[:], "content", "publicKey") {
		out.signature = r.bytes(signature[0], &in, "content")
		if in := (place{up: &in, key: "publicKey"}); r.object(signature[1], &in, key[:1], "content") {
			out.readPEM(r.bytes(key[0], &in, "content"))
		}
	}
	return out
}

// only returns the one element of an array and its place; ok is false if there is
// another number.
func (r *reader) only(p part, at *place) (e part, ok bool) {
	it := r.elements(p, at)
	if !it.Next() {
		return nil, false
	}
	e = it.Value()
	return e, !it.Next()
}

// dsseV1 reads dsse 0.0.1. The digest of the envelope is of the spelling that was
// uploaded, which nobody has.
func (r *reader) dsseV1(p part, at *place) *logged {
	var f [3]part
	if !r.object(p, at, f[:], "envelopeHash", "payloadHash", "signatures") {
		return nil
	}
	out := &logged{ofPayload: true, digest: r.hexDigest(f[1], &place{up: at, key: "payloadHash"})}
	r.hexDigest(f[0], &place{up: at, key: "envelopeHash"})
	list := place{up: at, key: "signatures"}
	one, ok := r.only(f[2], &list)
	if !ok {
		return nil
	}
	var s [2]part
	if in := (place{up: &list}); r.object(one, &in, s[:], "signature", "verifier") {
		out.signature = r.bytes(s[0], &in, "signature")
		out.readPEM(r.bytes(s[1], &in, "verifier"))
	}
	return out
}

// intotoV2 reads intoto 0.0.2, a kind of Rekor v1.
func (r *reader) intotoV2(p part, at *place) *logged {
	var f, c, e [3]part
	if !r.object(p, at, f[:1], "content") {
		return nil
	}
	content := place{up: at, key: "content"}
	if !r.object(f[0], &content, c[:], "envelope", "hash", "payloadHash") {
		return nil
	}
	r.hexDigest(c[1], &place{up: &content, key: "hash"})
	out := &logged{ofPayload: true, digest: r.hexDigest(c[2], &place{up: &content, key: "payloadHash"})}
	in := place{up: &content, key: "envelope"}
	if !r.object(c[0], &in, e[:2], "payloadType", "signatures") {
		return nil
	}
	out.payloadType = r.text(e[0], &in, "payloadType")
	list := place{up: &in, key: "signatures"}
	one, ok := r.only(e[1], &list)
	if !ok {
		return nil
	}
	var s [3]part
	if in := (place{up: &list}); r.object(one, &in, s[:], "keyid", "publicKey", "sig") {
		r.text(s[0], &in, "keyid")
		out.readPEM(r.bytes(s[1], &in, "publicKey"))
		out.signature = decodeTwice(r.bytes(s[2], &in, "sig"))
	}
	return out
}

// decodeTwice decodes the signature of an intoto entry, which is base64 of base64;
// one that is not canonical is no signature.
func decodeTwice(encoded []byte) []byte {
	out := make([]byte, base64.StdEncoding.DecodedLen(len(encoded)))
	n, err := base64.StdEncoding.Decode(out, encoded)
	if again := base64.StdEncoding.AppendEncode(nil, out[:n]); err != nil || !bytes.Equal(again, encoded) {
		return nil
	}
	return out[:n]
}

// signatureV2 reads a signature in Rekor v2.
func (r *reader) signatureV2(p part, at *place, out *logged) {
	var f, v [3]part
	if !r.object(p, at, f[:2], "content", "verifier") {
		return
	}
	out.signature = r.bytes(f[0], at, "content")
	in := place{up: at, key: "verifier"}
	if !r.object(f[1], &in, v[:], "keyDetails", "x509Certificate", "publicKey") {
		return
	}
	out.details = r.text(v[0], &in, "keyDetails")
	certificate := r.raw(v[1], &place{up: &in, key: "x509Certificate"}, "rawBytes")
	public := r.raw(v[2], &place{up: &in, key: "publicKey"}, "rawBytes")
	switch hasCertificate, hasKey := !v[1].IsNull(), !v[2].IsNull(); {
	case hasCertificate && !hasKey:
		out.signer, out.certificate = certificate, true
	case hasKey && !hasCertificate:
		out.signer = public
	}
}

// hashedRekordV2 reads hashedrekord 0.0.2.
func (r *reader) hashedRekordV2(p part, at *place) *logged {
	var f, e [2]part
	in := place{up: at, key: "hashedRekordV002"}
	if !r.object(p, at, f[:1], in.key) || !r.object(f[0], &in, e[:], "data", "signature") {
		return nil
	}
	out := &logged{v2: true}
	out.digest, _ = digestOf(r.digest(e[0], &place{up: &in, key: "data"}))
	r.signatureV2(e[1], &place{up: &in, key: "signature"}, out)
	return out
}

// dsseV2 reads dsse 0.0.2.
func (r *reader) dsseV2(p part, at *place) *logged {
	var f, e [2]part
	in := place{up: at, key: "dsseV002"}
	if !r.object(p, at, f[:1], in.key) || !r.object(f[0], &in, e[:], "payloadHash", "signatures") {
		return nil
	}
	out := &logged{v2: true, ofPayload: true}
	out.digest, _ = digestOf(r.digest(e[0], &place{up: &in, key: "payloadHash"}))
	list := place{up: &in, key: "signatures"}
	one, ok := r.only(e[1], &list)
	if !ok {
		return nil
	}
	r.signatureV2(one, &place{up: &list}, out)
	return out
}

// readBody reads the body of an entry of the kind that the bundle tells; the
// body must tell the same.
func readBody(e *wireEntry, where string) (*logged, error) {
	kind := e.Kind.Kind + " " + e.Kind.Version
	switch kind {
	case "hashedrekord 0.0.1", "dsse 0.0.1", "intoto 0.0.2", "hashedrekord 0.0.2", "dsse 0.0.2":
	default:
		return nil, attest.Refuse(CodeEntryKind, where+"/kindVersion", "hashedrekord, dsse or intoto of a known version", excerpt.Quote(kind))
	}
	r := &reader{code: CodeEntryBody, where: where + "/canonicalizedBody"}
	out, head := r.body(kind, r.open(e.Body, strictjson.Options{Bytes: 1 << 20, Depth: 8, Values: 1000}))
	if r.err != nil {
		return nil, r.err
	}
	if out == nil {
		return nil, attest.Refuse(CodeEntryBody, r.where, "exactly one signature", "")
	}
	if head != e.Kind {
		return nil, attest.Refuse(CodeEntryKind, r.where, excerpt.Quote(kind), excerpt.Quote(head.Kind+" "+head.Version))
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
	if _, details := s.scheme.prehash(s.public); l.v2 && l.details != details {
		errs = append(errs, attest.Refuse(CodeEntrySigner, body, strconv.Quote(details), excerpt.Quote(l.details)))
	}
	var want digest.Digest
	switch {
	case l.ofPayload && b.envelope && l.digest.Algorithm == digest.SHA256:
		want = b.payloadDigest()
	case !l.ofPayload && !b.envelope:
		want = b.artifact
	case !l.ofPayload && b.envelope && l.v2:
		algorithm, _ := s.scheme.prehash(s.public)
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
