package tuf_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/stretchr/testify/require"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/sealwright/sealwright/attest/tuf"
)

const base = "https://tuf.example/repository"

var now = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)

func in(days int) time.Time { return now.Add(time.Duration(days) * 24 * time.Hour) }

// repository is a TUF repository in memory, written with go-tuf's metadata API,
// with consistent snapshots and one key for each role.
type repository struct {
	t         testing.TB
	keys      map[string]ed25519.PrivateKey
	root      *metadata.Metadata[metadata.RootType]
	targets   *metadata.Metadata[metadata.TargetsType]
	snapshot  *metadata.Metadata[metadata.SnapshotType]
	timestamp *metadata.Metadata[metadata.TimestampType]
	files     map[string][]byte // by path
	asked     []string
	change    func(path string, body []byte) []byte // of answers
	initial   []byte
}

func roles() []string {
	return []string{metadata.ROOT, metadata.TARGETS, metadata.SNAPSHOT, metadata.TIMESTAMP}
}

func newRepository(t testing.TB) *repository {
	r := &repository{t: t, keys: map[string]ed25519.PrivateKey{}, files: map[string][]byte{},
		root: metadata.Root(in(365)), targets: metadata.Targets(in(90)), snapshot: metadata.Snapshot(in(30)), timestamp: metadata.Timestamp(in(7))}
	r.root.Signed.ConsistentSnapshot = true
	for _, role := range roles() {
		r.rotate(role)
	}
	r.put("hello.txt", []byte("hello"))
	r.publishRoot()
	r.initial = r.files["1.root.json"]
	r.publish()
	return r
}

// rotate gives a role a new key.
func (r *repository) rotate(role string) {
	r.t.Helper()
	if old := r.keys[role]; old != nil {
		k, err := metadata.KeyFromPublicKey(old.Public())
		require.NoError(r.t, err)
		id, err := k.ID()
		require.NoError(r.t, err)
		require.NoError(r.t, r.root.Signed.RevokeKey(id, role))
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(r.t, err)
	k, err := metadata.KeyFromPublicKey(public)
	require.NoError(r.t, err)
	require.NoError(r.t, r.root.Signed.AddKey(k, role))
	r.keys[role] = private
}

func signWith[T metadata.Roles](t testing.TB, m *metadata.Metadata[T], keys ...ed25519.PrivateKey) []byte {
	t.Helper()
	m.ClearSignatures()
	for _, k := range keys {
		s, err := signature.LoadSigner(k, crypto.Hash(0))
		require.NoError(t, err)
		_, err = m.Sign(s)
		require.NoError(t, err)
	}
	body, err := m.ToBytes(false)
	require.NoError(t, err)
	return body
}

// publishRoot publishes the root, also signed by the keys given.
func (r *repository) publishRoot(also ...ed25519.PrivateKey) {
	r.t.Helper()
	r.files[fmt.Sprintf("%d.root.json", r.root.Signed.Version)] = signWith(r.t, r.root, append(also, r.keys[metadata.ROOT])...)
}

// put makes a file a target.
func (r *repository) put(name string, body []byte) {
	r.t.Helper()
	info, err := metadata.TargetFile().FromBytes(name, body, "sha256")
	require.NoError(r.t, err)
	r.targets.Signed.Targets[name] = info
	sum := sha256.Sum256(body)
	r.files["targets/"+path.Join(path.Dir(name), hex.EncodeToString(sum[:])+"."+path.Base(name))] = body
}

// publish signs and publishes targets, snapshot and timestamp, as the next
// versions if they were published before.
func (r *repository) publish() {
	r.t.Helper()
	if r.files["timestamp.json"] != nil {
		r.targets.Signed.Version++
		r.snapshot.Signed.Version++
		r.timestamp.Signed.Version++
	}
	r.files[fmt.Sprintf("%d.targets.json", r.targets.Signed.Version)] = signWith(r.t, r.targets, r.keys[metadata.TARGETS])
	r.snapshot.Signed.Meta["targets.json"] = metadata.MetaFile(r.targets.Signed.Version)
	r.publishSnapshot()
}

func (r *repository) publishSnapshot() {
	r.t.Helper()
	r.files[fmt.Sprintf("%d.snapshot.json", r.snapshot.Signed.Version)] = signWith(r.t, r.snapshot, r.keys[metadata.SNAPSHOT])
	r.timestamp.Signed.Meta["snapshot.json"] = metadata.MetaFile(r.snapshot.Signed.Version)
	r.publishTimestamp()
}

func (r *repository) publishTimestamp() {
	r.t.Helper()
	r.files["timestamp.json"] = signWith(r.t, r.timestamp, r.keys[metadata.TIMESTAMP])
}

// RoundTrip implements http.RoundTripper.
func (r *repository) RoundTrip(q *http.Request) (*http.Response, error) {
	if err := q.Context().Err(); err != nil {
		return nil, err
	}
	name, ok := strings.CutPrefix(q.URL.String(), base+"/")
	body, found := r.files[name]
	r.asked = append(r.asked, name)
	if !ok || !found || q.Method != http.MethodGet {
		return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody}, nil
	}
	if r.change != nil {
		body = r.change(name, body)
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(string(body)))}, nil
}

func (r *repository) config(dir string) tuf.Config {
	return tuf.Config{Root: r.initial, Metadata: base, Dir: dir, Client: &http.Client{Transport: r}, Now: func() time.Time { return now }}
}

// source returns a Source of the repository with the directory given.
func (r *repository) source(dir string) *tuf.Source {
	r.t.Helper()
	s, err := tuf.New(r.config(dir))
	require.NoError(r.t, err)
	return s
}

func fetch(s *tuf.Source) (tuf.Target, error) { return s.Fetch(context.Background(), "hello.txt") }

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	return b
}
