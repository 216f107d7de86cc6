package main

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/provenance/graph"
)

// authority names the trust in the keys of -trust.
const authority = "lineage/trust"

// maxFile bounds a file of attestations.
const maxFile = 64 << 20

// verifiers returns one for each kind of attestation, by its media type; none without
// keys.
func verifiers(path string, stderr io.Writer) (map[string]attest.Verifier, error) {
	if path == "" {
		return nil, nil
	}
	files := []string{path}
	if info, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("%w: -trust: %w", errMisuse, err)
	} else if info.IsDir() {
		if files, err = filepath.Glob(filepath.Join(path, "*.pem")); err != nil {
			return nil, fmt.Errorf("%w: -trust: %w", errMisuse, err)
		}
	}
	envelopes := dsse.Trust{Authority: authority, Threshold: 1}
	bundles := sigstore.KeyTrust{Authority: authority, Demand: sigstore.Demand{Logs: sigstore.None, Times: sigstore.None}}
	for _, file := range files {
		public, err := readKey(file)
		if err != nil {
			return nil, fmt.Errorf("%w: -trust: %s: %w", errMisuse, file, err)
		}
		if public == nil {
			fmt.Fprintf(stderr, "%s is no public key, and is not used\n", file)
			continue
		}
		name := strings.TrimSuffix(filepath.Base(file), ".pem")
		envelopes.Keys = append(envelopes.Keys, dsse.Key{Principal: name, Public: public})
		bundles.Keys = append(bundles.Keys, sigstore.Key{Principal: name, Public: public})
	}
	one, err := dsse.NewVerifier(envelopes)
	if err != nil {
		return nil, fmt.Errorf("%w: -trust: %w", errMisuse, err)
	}
	other, err := sigstore.NewKeyVerifier(bundles)
	if err != nil {
		return nil, fmt.Errorf("%w: -trust: %w", errMisuse, err)
	}
	return map[string]attest.Verifier{attest.MediaTypeDSSE: one, "bundle": other}, nil
}

// readKey returns a public key; nil if the file holds something else in PEM.
func readKey(file string) (crypto.PublicKey, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(text); block != nil && block.Type != "PUBLIC KEY" {
		return nil, nil
	}
	return key.ParsePublicPEM(text)
}

// A loader takes the attestations of a directory into a store.
type loader struct {
	ctx                                  context.Context
	store                                *graph.Store
	verify                               map[string]attest.Verifier
	stderr                               io.Writer
	verified, unverified, others, unread int
}

func (l *loader) load(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("%w: %w", errMachine, err)
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("%w: %w", errMachine, err)
		}
		if l.ctx.Err() != nil {
			return l.ctx.Err()
		}
		if !d.Type().IsRegular() {
			return nil
		}
		if info, err := d.Info(); err != nil || info.Size() > maxFile {
			l.others++
			return err
		}
		body, err := root.ReadFile(name)
		if err != nil {
			return fmt.Errorf("%w: %w", errMachine, err)
		}
		documents := [][]byte{body}
		if strings.HasSuffix(name, ".jsonl") {
			documents = bytes.Split(bytes.TrimSpace(body), []byte("\n"))
		}
		for _, document := range documents {
			if err := l.take(name, document); err != nil {
				return err
			}
		}
		return nil
	})
}

// kind tells what a document looks like, by its media type; "" if like no attestation.
// What it looks like is only where to begin: its own reader then judges every byte.
func kind(document []byte) string {
	var head struct {
		Type        string          `json:"_type"`
		PayloadType string          `json:"payloadType"`
		MediaType   string          `json:"mediaType"`
		Envelope    json.RawMessage `json:"dsseEnvelope"`
	}
	switch err := json.Unmarshal(document, &head); {
	case err != nil:
		return ""
	case head.Envelope != nil:
		return head.MediaType
	case head.PayloadType == attest.MediaTypeInToto:
		return attest.MediaTypeDSSE
	case strings.HasPrefix(head.Type, "https://in-toto.io/Statement/"):
		return attest.MediaTypeInToto
	}
	return ""
}

// namedAttestation reports whether a file's name says that it holds attestations, so
// that one that does not look like one must not be passed over.
func namedAttestation(name string) bool {
	for _, part := range []string{".dsse", ".intoto", ".sigstore", ".bundle", ".jsonl"} {
		if strings.Contains(filepath.Base(name), part) {
			return true
		}
	}
	return false
}

// take adds one document to the store: verified, if a trusted key signed it.
func (l *loader) take(name string, document []byte) error {
	mediaType := kind(document)
	if mediaType == "" && !namedAttestation(name) {
		l.others++
		return nil
	}
	a := attest.Attestation{MediaType: mediaType, Body: document}
	verifier := l.verify[mediaType]
	if strings.HasPrefix(mediaType, "application/vnd.dev.sigstore.bundle") {
		verifier = l.verify["bundle"]
	}
	if verifier != nil {
		if v, err := verifier.Verify(l.ctx, a, attest.Want{AnySubject: true}); err == nil {
			_, err := l.store.Add(l.ctx, v)
			l.verified++
			return l.judge(name, err)
		}
	}
	_, err := l.store.AddUnverified(l.ctx, a)
	l.unverified++
	return l.judge(name, err)
}

// judge counts an attestation that the store refuses, and passes on other errors.
func (l *loader) judge(name string, err error) error {
	if errors.Is(err, attest.Is(graph.CodeStatement)) { // whatever the cause
		l.unread++
		fmt.Fprintf(l.stderr, "%q cannot be read: %v\n", name, err)
		return nil
	}
	return err
}
