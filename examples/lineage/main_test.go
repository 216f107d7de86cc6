package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/graph"
	"github.com/sealwright/sealwright/provenance/slsa"
)

func artifact(name string) attest.Descriptor {
	return attest.Descriptor{Name: name, Digest: digest.FromBytes([]byte(name)).Set()}
}

func builds(t *testing.T, output string, inputs ...string) *attest.Statement {
	t.Helper()
	b := &provenance.Build{
		BuildType: "https://example.com/type", External: json.RawMessage(`{}`),
		Builder: provenance.Builder{ID: "https://example.com/builder"}, Outputs: []attest.Descriptor{artifact(output)},
	}
	for _, in := range inputs {
		b.Inputs = append(b.Inputs, provenance.Input{Role: provenance.RoleSource, Descriptor: artifact(in)})
	}
	s, err := slsa.Encode(b)
	require.NoError(t, err)
	return s
}

// evidence writes a directory: app from lib, signed by a trusted key; lib from source,
// signed by a stranger; source from dust, signed by nobody.
func evidence(t *testing.T) (dir, trust string) {
	t.Helper()
	dir, trust = t.TempDir(), t.TempDir()
	write := func(path string, b []byte) { require.NoError(t, os.WriteFile(path, b, 0o644)) }
	sign := func(name string, s *attest.Statement) attest.Attestation {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		require.NoError(t, err)
		signer, err := key.FromCryptoSigner(private)
		require.NoError(t, err)
		public, err := key.MarshalPublicPEM(signer.Public())
		require.NoError(t, err)
		if name == "friend" {
			write(filepath.Join(trust, name+".pem"), public)
		}
		attestor, err := dsse.NewAttestor(signer)
		require.NoError(t, err)
		a, err := attestor.Attest(context.Background(), s)
		require.NoError(t, err)
		return a
	}
	write(filepath.Join(dir, "one.dsse.json"), sign("friend", builds(t, "app", "lib")).Body)
	lines := append(sign("stranger", builds(t, "lib", "source")).Body, '\n')
	write(filepath.Join(dir, "two.intoto.jsonl"), append(lines, builds(t, "source", "dust").Bytes()...))
	write(filepath.Join(dir, "app"), []byte("app"))
	write(filepath.Join(dir, "other.json"), []byte(`{"a":1}`))
	write(filepath.Join(trust, "root.pem"), []byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"))
	return dir, trust
}

// ask runs the program.
func ask(t *testing.T, args ...string) (out, told string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	err := run(context.Background(), args, &stdout, &stderr)
	return stdout.String(), stderr.String(), status(err)
}

func TestOnlyWhatATrustedKeySignedIsDrawnUnlessAskedFor(t *testing.T) {
	dir, trust := evidence(t)
	args := []string{"-dir", dir, "-trust", trust, "-artifact", filepath.Join(dir, "app")}
	out, told, code := ask(t, args...)
	require.Equal(t, 0, code, told)
	assert.Contains(t, told, "1 verified, 2 unverified, 2 other files, 0 not readable")
	assert.Contains(t, told, "root.pem is no public key")
	assert.Contains(t, out, "lib sha256:")
	assert.Contains(t, out, "signed by friend")
	assert.Contains(t, out, "only statements that are not believed tell")
	assert.NotContains(t, out, "dust")
	assert.NotContains(t, out, "UNVERIFIED")

	out, _, code = ask(t, append(args, "-unverified")...)
	require.Equal(t, 0, code)
	assert.Contains(t, out, "dust")
	assert.Equal(t, 2, strings.Count(out, "UNVERIFIED"), out)

	out, _, code = ask(t, "-dir", dir, "-unverified", "-impact", "-digest", digest.FromBytes([]byte("dust")).String())
	require.Equal(t, 0, code)
	assert.Contains(t, out, "      app sha256:", "three hops deep")
}

func TestEveryForm(t *testing.T) {
	dir, trust := evidence(t)
	for form, begin := range map[string]string{"-dot": "digraph lineage {", "-mermaid": "flowchart LR", "-json": "{"} {
		out, told, code := ask(t, "-dir", dir, "-trust", trust, "-artifact", filepath.Join(dir, "app"), form)
		require.Equal(t, 0, code, told)
		assert.True(t, strings.HasPrefix(out, begin), out)
	}
	out, _, _ := ask(t, "-dir", dir, "-trust", trust, "-artifact", filepath.Join(dir, "app"), "-json")
	var a graph.Document
	require.NoError(t, json.Unmarshal([]byte(out), &a))
	assert.Equal(t, "friend", a.Statements[0].Signers[0].Subject)
}

func TestWhatContainsAComponentIsDrawn(t *testing.T) {
	dir := t.TempDir()
	bill, err := attest.NewStatement("https://cyclonedx.org/bom", json.RawMessage(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[
		{"name":"log4j","purl":"pkg:maven/log4j@2","hashes":[{"alg":"SHA-256","content":"`+digest.FromBytes([]byte("log4j")).Hex+`"}]}]}`), artifact("lib"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bom.json"), bill.Bytes(), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "app.json"), builds(t, "app", "lib").Bytes(), 0o644))

	out, told, code := ask(t, "-dir", dir, "-unverified", "-component", "pkg:maven/log4j@2")
	require.Equal(t, 0, code, told)
	assert.Contains(t, out, "pkg:maven/log4j@2\n  lib sha256:")
	assert.Contains(t, out, "contained in, UNVERIFIED")
	assert.Contains(t, out, "    app sha256:", "and what was built from that")
	byDigest, _, code := ask(t, "-dir", dir, "-unverified", "-impact", "-digest", digest.FromBytes([]byte("log4j")).String())
	require.Equal(t, 0, code)
	assert.Contains(t, byDigest, "log4j sha256:")
	assert.Contains(t, byDigest, "    app sha256:")
	out, _, code = ask(t, "-dir", dir, "-unverified", "-artifact", filepath.Join(dir, "bom.json"))
	assert.Equal(t, 1, code, out)
	out, _, _ = ask(t, "-dir", dir, "-unverified", "-digest", digest.FromBytes([]byte("app")).String())
	assert.Contains(t, out, "    log4j sha256:")
	assert.Contains(t, out, "/predicate/components/0")
	_, _, code = ask(t, "-dir", dir, "-unverified", "-component", "pkg:maven/other@1")
	assert.Equal(t, 1, code)
}

func TestExitCodesTellWhatWentWrong(t *testing.T) {
	dir, trust := evidence(t)
	app := filepath.Join(dir, "app")
	for _, c := range []struct {
		name string
		args []string
		code int
	}{
		{"help", []string{"-h"}, 0},
		{"an artifact that nobody tells about", []string{"-dir", dir, "-trust", trust, "-digest", digest.FromBytes(nil).String()}, 1},
		{"an artifact that only strangers tell about", []string{"-dir", dir, "-trust", trust, "-digest", digest.FromBytes([]byte("lib")).String()}, 1},
		{"a weak digest", []string{"-dir", dir, "-trust", trust, "-digest", "sha1:" + strings.Repeat("a", 40)}, 1},
		{"no artifact", []string{"-dir", dir, "-trust", trust}, 2},
		{"nobody to believe", []string{"-dir", dir, "-artifact", app}, 2},
		{"two forms", []string{"-dir", dir, "-trust", trust, "-artifact", app, "-dot", "-json"}, 2},
		{"a limit below zero", []string{"-dir", dir, "-trust", trust, "-artifact", app, "-depth", "-1"}, 2},
		{"a malformed digest", []string{"-dir", dir, "-trust", trust, "-digest", "sha256:x"}, 2},
		{"trust without a key", []string{"-dir", dir, "-trust", t.TempDir(), "-artifact", app}, 2},
		{"a limit", []string{"-dir", dir, "-unverified", "-depth", "1", "-artifact", app}, 3},
		{"no directory", []string{"-dir", filepath.Join(dir, "none"), "-trust", trust, "-artifact", app}, 4},
		{"no file", []string{"-dir", dir, "-trust", trust, "-artifact", filepath.Join(dir, "none")}, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, told, code := ask(t, c.args...)
			assert.Equal(t, c.code, code, told)
			assert.LessOrEqual(t, strings.Count(told, "no statement tells"), 1)
		})
	}
	for name, body := range map[string]string{
		"x.dsse.json":   `{"payloadType":"application/vnd.in-toto+json","payload":"e30="}`,
		"cut.dsse.json": `{"payloadType":"appl`,
		"old.json":      `{"_type":"https://in-toto.io/Statement/v0.1"}`,
	} {
		t.Run("an attestation that cannot be read is not passed over: "+name, func(t *testing.T) {
			dir, trust := evidence(t)
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(body), 0o644))
			out, told, code := ask(t, "-dir", dir, "-trust", trust, "-artifact", filepath.Join(dir, "app"))
			assert.Equal(t, 3, code)
			assert.Contains(t, told, name)
			assert.Contains(t, out, "lib", "what can be drawn is drawn")
		})
	}
}
