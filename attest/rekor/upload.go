package rekor

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"path"

	"github.com/sigstore/rekor/pkg/generated/client/entries"
	"github.com/sigstore/rekor/pkg/generated/models"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// UploadDigest has the log include a signature of the artifact of a SHA-256,
// SHA-384 or SHA-512 digest, as hashedrekord 0.0.1. signer is the certificate or
// public key of the signature in PEM. It returns the log's entry, which it had
// already or made now; publishing cannot be undone.
func (l *Log) UploadDigest(ctx context.Context, artifact digest.Digest, signature, signer []byte) (*Entry, error) {
	block, err := signerOf(signer)
	if err != nil {
		return nil, err
	}
	if err := artifact.Validate(); err != nil || len(signature) == 0 {
		return nil, attest.Refuse(CodeUpload, "artifact", "a digest and its signature", "").Because(err)
	}
	version, algorithm := "0.0.1", string(artifact.Algorithm)
	return l.upload(ctx, &models.Hashedrekord{APIVersion: &version, Spec: models.HashedrekordV001Schema{
		Data: &models.HashedrekordV001SchemaData{Hash: &models.HashedrekordV001SchemaDataHash{Algorithm: &algorithm, Value: &artifact.Hex}},
		Signature: &models.HashedrekordV001SchemaSignature{Content: signature,
			PublicKey: &models.HashedrekordV001SchemaSignaturePublicKey{Content: signer}},
	}}, logged{digest: artifact, signature: signature, signer: block})
}

// UploadEnvelope has the log include a DSSE envelope with one signature, as dsse
// 0.0.1. The log keeps digests, not the payload. signer and result are as those of
// UploadDigest.
func (l *Log) UploadEnvelope(ctx context.Context, envelope, signer []byte) (*Entry, error) {
	block, err := signerOf(signer)
	if err != nil {
		return nil, err
	}
	var w struct {
		Payload     []byte `json:"payload"`
		PayloadType string `json:"payloadType"`
		Signatures  []struct {
			Signature []byte `json:"sig"`
			KeyID     string `json:"keyid"`
		} `json:"signatures"`
	}
	if err := strictjson.Unmarshal(envelope, &w, strictjson.Options{}); err != nil || len(w.Signatures) != 1 || len(w.Signatures[0].Signature) == 0 {
		return nil, attest.Refuse(CodeUpload, "envelope", "a DSSE envelope with one signature", "").Because(err)
	}
	version, text := "0.0.1", string(envelope)
	content := &models.DSSEV001SchemaProposedContent{Envelope: &text}
	content.Verifiers = append(content.Verifiers, signer)
	return l.upload(ctx, &models.DSSE{APIVersion: &version, Spec: models.DSSEV001Schema{ProposedContent: content}},
		logged{digest: digest.FromBytes(w.Payload), signature: w.Signatures[0].Signature, signer: block})
}

// signerOf reads the one PEM block of a signer.
func signerOf(text []byte) (*pem.Block, error) {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" && block.Type != "PUBLIC KEY" || len(bytes.TrimSpace(rest)) > 0 {
		return nil, attest.Refuse(CodeUpload, "signer", "one certificate or public key in PEM", "")
	}
	return block, nil
}

// upload proposes an entry, and demands that the log's is of what was proposed.
func (l *Log) upload(ctx context.Context, proposal models.ProposedEntry, want logged) (*Entry, error) {
	got, err := l.api.Entries.CreateLogEntryContext(ctx, entries.NewCreateLogEntryParamsWithHTTPClient(l.http).WithProposedEntry(proposal))
	var e *Entry
	if known, ok := errors.AsType[*entries.CreateLogEntryConflict](err); ok {
		e, err = l.ByID(ctx, ID(path.Base(string(known.Location))))
	} else if err != nil {
		return nil, classify(ctx, err)
	} else {
		e, err = read(got.Payload)
	}
	if err != nil {
		return nil, err
	}
	has, err := e.logged()
	if err != nil {
		return nil, err
	}
	if e.Kind != proposal.Kind() || has.digest != want.digest || !bytes.Equal(has.signature, want.signature) ||
		has.signer.Type != want.signer.Type || !bytes.Equal(has.signer.Bytes, want.signer.Bytes) {
		return nil, attest.Refuse(CodeOther, "entry", "the entry of what was uploaded", excerpt.Quote(string(e.Body)))
	}
	return e, nil
}
