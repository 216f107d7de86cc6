package main

import (
	"context"
	"embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/attest/sigstore/sign"
	"github.com/sealwright/sealwright/attest/tuf"
)

// roots are the TUF roots from which trust in the two public instances starts.
//
//go:embed root.json root-staging.json
var roots embed.FS

// maxFile bounds the bundles, keys and configurations that are read.
const maxFile = 32 << 20

var digestForm = regexp.MustCompile(`^sha256:[0-9a-fA-F]{64}$`)

// artifactOf returns the digests of a file, or the digest itself unless a file has
// that name.
func artifactOf(ctx context.Context, text string) ([]digest.Digest, error) {
	if _, err := os.Stat(text); err != nil && digestForm.MatchString(text) {
		return []digest.Digest{{Algorithm: digest.SHA256, Hex: strings.ToLower(strings.TrimPrefix(text, "sha256:"))}}, nil
	}
	return digests(ctx, text, digest.SHA256, digest.SHA384, digest.SHA512)
}

func digests(ctx context.Context, name string, algorithms ...digest.Algorithm) ([]digest.Digest, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMachine, err)
	}
	defer f.Close()
	sum, err := digest.Sum(ctx, f, digest.Options{Algorithms: algorithms})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMachine, err)
	}
	var out []digest.Digest
	for _, a := range algorithms {
		out = append(out, digest.Digest{Algorithm: a, Hex: sum.Digests[a]})
	}
	return out, nil
}

// read reads a file of bounded size.
func read(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMachine, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMachine, err)
	}
	if len(b) > maxFile {
		return nil, attest.Refuse(attest.CodeLimit, name, "at most "+strconv.Itoa(maxFile)+" bytes", "more")
	}
	return b, nil
}

func (m machine) trustedRoot(ctx context.Context, o options) (*sigstore.TrustedRoot, error) {
	text, err := m.document(ctx, o, o.trustedRoot, tuf.TrustedRoot)
	if err != nil {
		return nil, err
	}
	return sigstore.ParseTrustedRoot(text)
}

func (m machine) services(ctx context.Context, o options) (sign.Services, error) {
	text, err := m.document(ctx, o, o.config, tuf.SigningConfig)
	if err != nil {
		return sign.Services{}, err
	}
	c, err := sign.ParseSigningConfig(text)
	if err != nil {
		return sign.Services{}, err
	}
	return c.Select(m.now())
}

// document returns a file that was named, or else a target of the instance's TUF
// repository.
func (m machine) document(ctx context.Context, o options, file, target string) ([]byte, error) {
	if file != "" {
		return read(file)
	}
	name, root, url := "sigstore", "root.json", "https://tuf-repo-cdn.sigstore.dev"
	if o.staging {
		name, root, url = "sigstore-staging", "root-staging.json", "https://tuf-repo-cdn.sigstage.dev"
	}
	first, err := roots.ReadFile(root)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMachine, err)
	}
	dir, err := m.cache()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMachine, err)
	}
	dir = filepath.Join(dir, "sealwright-conformance", name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("%w: %w", errMachine, err)
	}
	s, err := tuf.New(tuf.Config{Root: first, Metadata: url, Dir: dir, Client: m.client, Now: m.now})
	if err != nil {
		return nil, err
	}
	t, err := s.Fetch(ctx, target)
	return t.Bytes, err
}
