package ledger_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/deploy/deploytest"
	"github.com/sealwright/sealwright/deploy/ledger"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
)

// signed returns a note of any text, signed by the key under the name.
func signed(t testing.TB, text, name string, key *deploytest.Authority) []byte {
	t.Helper()
	s, err := note.Sign(&note.Note{Text: text}, testSigner{t, name, key})
	require.NoError(t, err)
	return s
}

type testSigner struct {
	t    testing.TB
	name string
	key  *deploytest.Authority
}

func (s testSigner) Name() string                    { return s.name }
func (s testSigner) Sign(msg []byte) ([]byte, error) { return s.key.Sign(s.t.Context(), msg) }
func (s testSigner) KeyHash() uint32 {
	v, err := note.NewVerifier(vkey(s.t, s.name, s.key))
	require.NoError(s.t, err)
	return v.KeyHash()
}

func TestACheckpointIsReadByAnyReaderOfNotes(t *testing.T) {
	dir := filled(t, 5)
	v, err := note.NewVerifier(vkey(t, origin, logKey()))
	require.NoError(t, err)
	n, err := note.Open(dir.get("checkpoint"), note.VerifierList(v))
	require.NoError(t, err)
	lines := strings.Split(n.Text, "\n")
	require.Len(t, lines, 4)
	assert.Equal(t, []string{origin, "5"}, lines[:2])
	root, err := base64.StdEncoding.DecodeString(lines[2])
	require.NoError(t, err)
	c, err := ledger.ParseCheckpoint(dir.get("checkpoint"), trust())
	require.NoError(t, err)
	assert.Equal(t, c.Root[:], root)
	assert.Equal(t, uint64(5), c.Size)
}

func TestACheckpointIsRefusedWith(t *testing.T) {
	root := deploy.Hash{1}.String()
	loose := root[:42] + "B="
	good := signed(t, origin+"\n7\n"+root+"\n", origin, logKey())
	c, err := ledger.ParseCheckpoint(good, trust())
	require.NoError(t, err)
	require.Equal(t, uint64(7), c.Size)
	tests := []struct {
		name string
		note []byte
		code attest.Code
	}{
		{"another key", signed(t, origin+"\n7\n"+root+"\n", origin, deploytest.NewAuthority("mallory")), ledger.CodeCheckpointSignature},
		{"another name of the key", signed(t, origin+"\n7\n"+root+"\n", "example.com/other", logKey()), ledger.CodeCheckpointSignature},
		{"another origin", signed(t, "example.com/other\n7\n"+root+"\n", origin, logKey()), ledger.CodeCheckpointOrigin},
		{"a changed size", bytes.Replace(good, []byte("\n7\n"), []byte("\n8\n"), 1), ledger.CodeCheckpointSignature},
		{"no signature", good[:bytes.Index(good, []byte("\n\n"))+2], ledger.CodeCheckpointSignature},
		{"nothing", nil, ledger.CodeCheckpointSignature},
		{"a leading zero", signed(t, origin+"\n07\n"+root+"\n", origin, logKey()), ledger.CodeCheckpoint},
		{"a sign", signed(t, origin+"\n+7\n"+root+"\n", origin, logKey()), ledger.CodeCheckpoint},
		{"a negative size", signed(t, origin+"\n-7\n"+root+"\n", origin, logKey()), ledger.CodeCheckpoint},
		{"a size beyond 2^63", signed(t, origin+"\n9223372036854775808\n"+root+"\n", origin, logKey()), ledger.CodeCheckpoint},
		{"a short root", signed(t, origin+"\n7\nAAAA\n", origin, logKey()), ledger.CodeCheckpoint},
		{"a root with loose bits", signed(t, origin+"\n7\n"+loose+"\n", origin, logKey()), ledger.CodeCheckpoint},
		{"an extension line", signed(t, origin+"\n7\n"+root+"\nextra\n", origin, logKey()), ledger.CodeCheckpoint},
		{"two lines", signed(t, origin+"\n7\n", origin, logKey()), ledger.CodeCheckpoint},
		{"70,000 bytes", make([]byte, 70_000), ledger.CodeCheckpoint},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ledger.ParseCheckpoint(tt.note, trust())
			requireCode(t, err, tt.code)
		})
	}
}

func TestAWitnessMaySignACheckpointToo(t *testing.T) {
	text := origin + "\n7\n" + deploy.Hash{1}.String() + "\n"
	both, err := note.Sign(&note.Note{Text: text},
		testSigner{t, "witness.example", deploytest.NewAuthority("witness")}, testSigner{t, origin, logKey()})
	require.NoError(t, err)
	_, err = ledger.ParseCheckpoint(both, trust())
	require.NoError(t, err)
	_, err = ledger.ParseCheckpoint(signed(t, text, "witness.example", deploytest.NewAuthority("witness")), trust())
	requireCode(t, err, ledger.CodeCheckpointSignature)
}

// TestNoBitOfACheckpointIsLoose covers the two bits of base64 padding, which
// note.Open ignores.
func TestNoBitOfACheckpointIsLoose(t *testing.T) {
	good := filled(t, 3).get("checkpoint")
	for i := range good {
		for bit := range 8 {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << bit
			_, err := ledger.ParseCheckpoint(bad, trust())
			require.Error(t, err, "byte %d bit %d", i, bit)
			require.NotEmpty(t, attest.Reasons(err))
		}
	}
}

func TestConsistencyAtTheEdges(t *testing.T) {
	empty, err := ledger.ParseCheckpoint(func() []byte {
		dir := newMemDir()
		require.NoError(t, ledger.Create(t.Context(), config(dir)))
		return dir.get("checkpoint")
	}(), trust())
	require.NoError(t, err)
	three, err := ledger.ParseCheckpoint(filled(t, 3).get("checkpoint"), trust())
	require.NoError(t, err)
	require.NoError(t, ledger.CheckConsistency(empty, three, nil))
	require.NoError(t, ledger.CheckConsistency(three, three, nil))
	requireCode(t, ledger.CheckConsistency(three, empty, nil), ledger.CodeRollback)
	requireCode(t, ledger.CheckConsistency(three, three, []deploy.Hash{{}}), ledger.CodeFork)
	forged := empty
	forged.Root = deploy.Hash{1}
	requireCode(t, ledger.CheckConsistency(forged, three, nil), ledger.CodeFork)
	fork := three
	fork.Root[0] ^= 1
	requireCode(t, ledger.CheckConsistency(three, fork, nil), ledger.CodeFork)
	other := three
	other.Origin = "example.com/other"
	requireCode(t, ledger.CheckConsistency(three, other, nil), ledger.CodeCheckpointOrigin)
	requireCode(t, ledger.CheckConsistency(ledger.Checkpoint{}, ledger.Checkpoint{}, nil), ledger.CodeCheckpointOrigin)
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add(filled(f, 3).get("checkpoint"))
	f.Add([]byte("a\n1\nAAAA\n\n— a AAAAAAA=\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ledger.ParseCheckpoint(b, trust())
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		require.Equal(t, origin, c.Origin)
	})
}

// vkey returns the encoded verifier key of a log.
func vkey(t testing.TB, name string, key *deploytest.Authority) string {
	t.Helper()
	s, err := note.NewEd25519VerifierKey(name, key.Public().(ed25519.PublicKey))
	require.NoError(t, err)
	return s
}
