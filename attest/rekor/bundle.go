package rekor

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// MessageBundle returns the bundle of an entry of kind hashedrekord, with which a
// sigstore.Verifier can verify the artifact (VerifyArtifact). The bundle is as
// little verified as the entry.
func (e *Entry) MessageBundle() (attest.Attestation, error) {
	l, err := e.logged()
	if err != nil {
		return attest.Attestation{}, err
	}
	if e.Kind != "hashedrekord" {
		return attest.Attestation{}, attest.Refuse(CodeKind, "entry", "hashedrekord", excerpt.Quote(e.Kind))
	}
	names := map[digest.Algorithm]string{digest.SHA256: "SHA2_256", digest.SHA384: "SHA2_384", digest.SHA512: "SHA2_512"}
	sum, err := hex.DecodeString(l.digest.Hex)
	if err != nil || names[l.digest.Algorithm] == "" {
		return attest.Attestation{}, attest.Refuse(CodeEntry, "entry", "a SHA-2 digest", excerpt.Quote(string(l.digest.Algorithm)))
	}
	return e.bundle(l, "messageSignature", map[string]any{
		"messageDigest": map[string]any{"algorithm": names[l.digest.Algorithm], "digest": sum}, "signature": l.signature,
	})
}

// EnvelopeBundle returns the bundle of an entry of kind dsse or intoto together
// with the payload that was signed, which the log does not keep, or keeps as
// Entry.Attestation. It refuses a payload that the entry is not about. The bundle
// is as little verified as the entry.
func (e *Entry) EnvelopeBundle(payloadType string, payload []byte) (attest.Attestation, error) {
	l, err := e.logged()
	if err != nil {
		return attest.Attestation{}, err
	}
	if e.Kind == "hashedrekord" {
		return attest.Attestation{}, attest.Refuse(CodeKind, "entry", "dsse or intoto", e.Kind)
	}
	if got := digest.FromBytes(payload); l.digest != got || l.payloadType != "" && l.payloadType != payloadType {
		return attest.Attestation{}, attest.Refuse(CodeOther, "payload", l.digest.String()+" "+excerpt.Quote(l.payloadType), got.String()+" "+excerpt.Quote(payloadType))
	}
	return e.bundle(l, "dsseEnvelope", map[string]any{
		"payload": payload, "payloadType": payloadType, "signatures": []any{map[string]any{"sig": l.signature}},
	})
}

// bundle writes a bundle of version 0.3.
func (e *Entry) bundle(l *logged, kind string, content any) (attest.Attestation, error) {
	material := map[string]any{}
	switch l.signer.Type {
	case "CERTIFICATE":
		material["certificate"] = map[string]any{"rawBytes": l.signer.Bytes}
	case "PUBLIC KEY":
		sum := sha256.Sum256(l.signer.Bytes)
		material["publicKey"] = map[string]any{"hint": base64.StdEncoding.EncodeToString(sum[:])}
	default:
		return attest.Attestation{}, attest.Refuse(CodeEntry, "entry", "a certificate or a key", excerpt.Quote(l.signer.Type))
	}
	entry := map[string]any{
		"logIndex": strconv.FormatInt(e.Index, 10), "logId": map[string]any{"keyId": e.LogID},
		"kindVersion":    map[string]any{"kind": e.Kind, "version": e.Version},
		"integratedTime": strconv.FormatInt(e.Time.Unix(), 10), "canonicalizedBody": e.Body,
	}
	if len(e.promise) > 0 {
		entry["inclusionPromise"] = map[string]any{"signedEntryTimestamp": e.promise}
	}
	if e.proof == nil {
		return attest.Attestation{}, attest.Refuse(CodeEntry, "entry", "an inclusion proof", "none")
	}
	entry["inclusionProof"] = e.proof
	material["tlogEntries"] = []any{entry}
	body, err := json.Marshal(map[string]any{"mediaType": sigstore.MediaTypeBundle03, "verificationMaterial": material, kind: content})
	if err != nil {
		return attest.Attestation{}, attest.Refuse(CodeEntry, "entry", "JSON", "").Because(err)
	}
	return attest.Attestation{MediaType: sigstore.MediaTypeBundle03, Body: body}, nil
}
