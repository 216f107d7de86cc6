package tuf_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/attest/tuf"
)

func TestATargetIsFetchedWithItsExpiry(t *testing.T) {
	r := newRepository(t)
	s := r.source(t.TempDir())
	got, err := fetch(s)
	require.NoError(t, err)
	assert.Equal(t, []byte("hello"), got.Bytes)
	assert.True(t, in(7).Equal(got.Expires), "the timestamp expires first")

	r.put("hello.txt", []byte("changed"))
	r.put("a/b.txt", []byte("below"))
	r.publish()
	got, err = fetch(s)
	require.NoError(t, err)
	assert.Equal(t, []byte("changed"), got.Bytes)
	got, err = s.Fetch(t.Context(), "a/b.txt")
	require.NoError(t, err)
	assert.Equal(t, []byte("below"), got.Bytes)
}

func TestATrustedRootComesVerifiedAndParsed(t *testing.T) {
	r, i := newRepository(t), virtual.New(t)
	r.put(tuf.TrustedRoot, i.TrustedRoot(t, nil))
	r.publish()
	s := r.source(t.TempDir())
	root, expires, err := s.TrustedRoot(t.Context())
	require.NoError(t, err)
	assert.True(t, in(7).Equal(expires))
	_, err = sigstore.NewVerifier(sigstore.Trust{Authority: "test:tuf", Root: root,
		Identities: []sigstore.Identity{{Issuer: sigstore.Exactly("a"), Subject: sigstore.Exactly("b")}}})
	require.NoError(t, err)

	r.put(tuf.TrustedRoot, []byte("{}"))
	r.publish()
	_, _, err = s.TrustedRoot(t.Context())
	assert.ErrorIs(t, err, attest.Is(sigstore.CodeRootVersion))
}

func TestATargetThatIsKnownIsNotAskedForAgain(t *testing.T) {
	r := newRepository(t)
	s := r.source(t.TempDir())
	for range 2 {
		_, err := fetch(s)
		require.NoError(t, err)
	}
	targets := 0
	for _, name := range r.asked {
		if strings.HasPrefix(name, "targets/") {
			targets++
		}
	}
	assert.Equal(t, 1, targets)
}

func TestAStaleRootIsWhereTrustStartsButNotWhereItEnds(t *testing.T) {
	r := newRepository(t)
	r.root.Signed.Expires = in(-400)
	r.publishRoot()
	r.initial = r.files["1.root.json"]
	_, err := fetch(r.source(t.TempDir()))
	assert.ErrorIs(t, err, attest.Is(tuf.CodeExpired), "nobody renewed it")
	r.root.Signed.Version, r.root.Signed.Expires = 2, in(300)
	r.publishRoot()
	_, err = fetch(r.source(t.TempDir()))
	require.NoError(t, err)
}

func TestWhoWaitsForItsTurnCanGiveUp(t *testing.T) {
	r := newRepository(t)
	c, entered, leave := r.config(t.TempDir()), make(chan struct{}), make(chan struct{})
	var first sync.Once
	c.Client = &http.Client{Transport: roundTrip(func(q *http.Request) (*http.Response, error) {
		first.Do(func() { close(entered); <-leave })
		return r.RoundTrip(q)
	})}
	s, err := tuf.New(c)
	require.NoError(t, err)
	var group sync.WaitGroup
	group.Go(func() {
		_, err := fetch(s)
		assert.NoError(t, err)
	})
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = s.Fetch(ctx, "hello.txt")
	assert.ErrorIs(t, err, attest.Is(attest.CodeCanceled))
	close(leave)
	group.Wait()
}

func TestANewRootIsFollowedAndRemembered(t *testing.T) {
	r, dir := newRepository(t), t.TempDir()
	old := r.keys[metadata.ROOT]
	r.root.Signed.Version = 2
	r.rotate(metadata.ROOT)
	r.rotate(metadata.TIMESTAMP)
	r.publishRoot(old)
	r.publish()
	_, err := fetch(r.source(dir))
	require.NoError(t, err)
	assert.Equal(t, r.files["2.root.json"], read(t, filepath.Join(dir, "root.json")))
	r.asked = nil
	_, err = fetch(r.source(dir))
	require.NoError(t, err)
	assert.Equal(t, "3.root.json", r.asked[0], "the walk starts from the remembered root")
}

// attacks are what a repository, or who stands before it, may do after a first
// good fetch.
func attacks() map[string]struct {
	code attest.Code
	do   func(r *repository)
} {
	type attack = struct {
		code attest.Code
		do   func(r *repository)
	}
	edit := func(name string, change func([]byte) []byte) func(*repository) {
		return func(r *repository) {
			r.publish()
			r.change = func(path string, body []byte) []byte {
				if strings.HasSuffix(path, name) {
					return change(body)
				}
				return body
			}
		}
	}
	return map[string]attack{
		"expired timestamp":         {tuf.CodeExpired, func(r *repository) { r.timestamp.Signed.Expires = in(-1); r.publish() }},
		"expired snapshot":          {tuf.CodeExpired, func(r *repository) { r.snapshot.Signed.Expires = in(-1); r.publish() }},
		"expired targets":           {tuf.CodeExpired, func(r *repository) { r.targets.Signed.Expires = in(-1); r.publish() }},
		"expired root":              {tuf.CodeExpired, func(r *repository) { r.root.Signed.Version, r.root.Signed.Expires = 2, in(-1); r.publishRoot() }},
		"rollback of the timestamp": {tuf.CodeVersion, func(r *repository) { r.timestamp.Signed.Version = 1; r.publishTimestamp() }},
		"rollback of the snapshot":  {tuf.CodeVersion, func(r *repository) { r.timestamp.Signed.Version++; r.snapshot.Signed.Version = 1; r.publishSnapshot() }},
		"rollback of the targets":   {tuf.CodeVersion, rollTargetsBack},
		"rollback of the root":      {tuf.CodeVersion, func(r *repository) { r.files["2.root.json"] = r.files["1.root.json"] }},
		"a version that is skipped": {tuf.CodeVersion, func(r *repository) {
			r.root.Signed.Version = 3
			r.publishRoot()
			r.files["2.root.json"] = r.files["3.root.json"]
		}},
		"mixed states":               {tuf.CodeVersion, func(r *repository) { r.publish(); r.files["3.targets.json"] = r.files["2.targets.json"] }},
		"a mixed snapshot":           {tuf.CodeVersion, func(r *repository) { r.publish(); r.files["3.snapshot.json"] = r.files["2.snapshot.json"] }},
		"a timestamp by another key": {tuf.CodeSignature, func(r *repository) { r.keys[metadata.TIMESTAMP] = r.keys[metadata.SNAPSHOT]; r.publish() }},
		"targets by another key":     {tuf.CodeSignature, func(r *repository) { r.keys[metadata.TARGETS] = r.keys[metadata.TIMESTAMP]; r.publish() }},
		"a root by its new key alone": {tuf.CodeSignature, func(r *repository) {
			r.root.Signed.Version = 2
			r.rotate(metadata.ROOT)
			r.publishRoot()
		}},
		"a root by its old key alone": {tuf.CodeSignature, func(r *repository) {
			old := r.keys[metadata.ROOT]
			r.root.Signed.Version = 2
			r.rotate(metadata.ROOT)
			r.files["2.root.json"] = signWith(r.t, r.root, old)
		}},
		"one signature twice for a threshold of two":   {tuf.CodeMetadata, twice},
		"one key under two ids for a threshold of two": {tuf.CodeKey, twoIDs},
		"a changed target": {tuf.CodeDigest, func(r *repository) {
			r.put("hello.txt", []byte("new"))
			edit("hello.txt", func([]byte) []byte { return []byte("xxx") })(r)
		}},
		"a target that is cut off": {tuf.CodeDigest, func(r *repository) {
			r.put("hello.txt", []byte("new"))
			edit("hello.txt", func(b []byte) []byte { return b[:1] })(r)
		}},
		"a target that never ends": {tuf.CodeSize, func(r *repository) {
			r.put("hello.txt", []byte("new"))
			edit("hello.txt", func(b []byte) []byte { return bytes.Repeat(b, 100) })(r)
		}},
		"a timestamp that never ends": {tuf.CodeSize, edit("timestamp.json", func(b []byte) []byte { return append(b, bytes.Repeat([]byte(" "), 1<<20)...) })},
		"a root that never ends": {tuf.CodeSize, func(r *repository) {
			r.root.Signed.Version = 2
			r.publishRoot()
			edit("root.json", func(b []byte) []byte { return append(b, make([]byte, 1<<20)...) })(r)
		}},
		"metadata that are no JSON": {tuf.CodeMetadata, edit("timestamp.json", func([]byte) []byte { return []byte("<html>") })},
		"a repeated key in metadata": {tuf.CodeMetadata, edit("timestamp.json", func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"version":`), []byte(`"version":1,"version":`), 1)
		})},
		"trailing bytes in metadata": {tuf.CodeMetadata, edit("timestamp.json", func(b []byte) []byte { return append(b, "{}"...) })},
		"metadata of another role": {tuf.CodeMetadata, func(r *repository) {
			r.publish()
			r.files["timestamp.json"] = r.files["3.snapshot.json"]
		}},
		"no such target":        {tuf.CodeTarget, func(r *repository) { delete(r.targets.Signed.Targets, "hello.txt"); r.publish() }},
		"a target of terabytes": {tuf.CodeSize, func(r *repository) { r.targets.Signed.Targets["hello.txt"].Length = 1 << 40; r.publish() }},
		"no timestamp":          {tuf.CodeStatus, func(r *repository) { delete(r.files, "timestamp.json") }},
		"a delegation to a key that is none": {tuf.CodeMetadata, func(r *repository) {
			r.targets.Signed.Delegations = &metadata.Delegations{
				Keys:  map[string]*metadata.Key{"x": {Type: "ed25519", Scheme: "ed25519", Value: metadata.KeyVal{PublicKey: "00"}}},
				Roles: []metadata.DelegatedRole{{Name: "role", KeyIDs: []string{"x"}, Threshold: 1, Paths: []string{"*"}}},
			}
			r.publish()
		}},
		"a target that is null": {tuf.CodeMetadata, func(r *repository) { r.targets.Signed.Targets["hello.txt"] = nil; r.publish() }},
		"a snapshot that is null": {tuf.CodeMetadata, func(r *repository) {
			r.timestamp.Signed.Version++
			r.timestamp.Signed.Meta["snapshot.json"] = nil
			r.publishTimestamp()
		}},
		"a target without digest": {tuf.CodeMetadata, func(r *repository) { r.targets.Signed.Targets["hello.txt"].Hashes = nil; r.publish() }},
		"a role named as a path":  {tuf.CodeName, delegateTo("../../etc/role")},
		"a hidden role":           {tuf.CodeName, delegateTo(".role")},
		"a role without metadata": {tuf.CodeTarget, func(r *repository) {
			delete(r.targets.Signed.Targets, "hello.txt")
			delegateTo("absent")(r)
		}},
	}
}

func rollTargetsBack(r *repository) {
	r.snapshot.Signed.Version++
	r.timestamp.Signed.Version++
	r.snapshot.Signed.Meta["targets.json"] = metadata.MetaFile(1)
	r.publishSnapshot()
}

// twice demands two keys of the timestamp and signs with one of them two times.
func twice(r *repository) {
	first := r.keys[metadata.TIMESTAMP]
	public, second, err := ed25519.GenerateKey(nil)
	require.NoError(r.t, err)
	k, err := metadata.KeyFromPublicKey(public)
	require.NoError(r.t, err)
	require.NoError(r.t, r.root.Signed.AddKey(k, metadata.TIMESTAMP))
	r.root.Signed.Roles[metadata.TIMESTAMP].Threshold = 2
	r.root.Signed.Version = 2
	r.publishRoot()
	r.publish()
	r.files["timestamp.json"] = signWith(r.t, r.timestamp, second)
	one := r.timestamp.Signatures[0]
	signWith(r.t, r.timestamp, first)
	r.timestamp.Signatures = []metadata.Signature{one, one}
	body, err := r.timestamp.ToBytes(false)
	require.NoError(r.t, err)
	r.files["timestamp.json"] = body
}

// twoIDs puts the timestamp's key under a second id and demands both.
func twoIDs(r *repository) {
	role := r.root.Signed.Roles[metadata.TIMESTAMP]
	first := role.KeyIDs[0]
	k := r.root.Signed.Keys[first]
	again := metadata.Key{Type: k.Type, Scheme: k.Scheme, Value: k.Value, UnrecognizedFields: map[string]any{"x": "y"}}
	second, err := again.ID()
	require.NoError(r.t, err)
	require.NotEqual(r.t, first, second)
	r.root.Signed.Keys[second] = &again
	role.KeyIDs, role.Threshold = append(role.KeyIDs, second), 2
	r.root.Signed.Version = 2
	r.publishRoot()
	r.publish()
	one := r.timestamp.Signatures[0]
	two := one
	two.KeyID = second
	r.timestamp.Signatures = []metadata.Signature{one, two}
	body, err := r.timestamp.ToBytes(false)
	require.NoError(r.t, err)
	r.files["timestamp.json"] = body
}

func delegateTo(role string) func(*repository) {
	return func(r *repository) {
		k, err := metadata.KeyFromPublicKey(r.keys[metadata.TARGETS].Public())
		require.NoError(r.t, err)
		id, err := k.ID()
		require.NoError(r.t, err)
		r.targets.Signed.Delegations = &metadata.Delegations{
			Keys:  map[string]*metadata.Key{id: k},
			Roles: []metadata.DelegatedRole{{Name: role, KeyIDs: []string{id}, Threshold: 1, Paths: []string{"*"}}},
		}
		r.publish()
	}
}

func TestAnAttackIsRefusedWithItsReason(t *testing.T) {
	for name, a := range attacks() {
		t.Run(name, func(t *testing.T) {
			r, dir := newRepository(t), t.TempDir()
			r.publish()
			s := r.source(dir)
			_, err := fetch(s)
			require.NoError(t, err)
			a.do(r)
			for _, again := range []*tuf.Source{s, r.source(dir)} {
				got, err := fetch(again)
				require.ErrorIs(t, err, attest.Is(a.code))
				assert.Zero(t, got)
			}
		})
	}
}

// endless is the body of an answer that never ends, and counts what is read of it.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) { e.read += int64(len(p)); return len(p), nil }
func (e *endless) Close() error               { return nil }

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(q *http.Request) (*http.Response, error) { return f(q) }

// The length of a snapshot is the timestamp's to tell, and that of targets the
// snapshot's: whoever holds such a key must not choose what memory a fetch takes.
func TestALengthThatMetadataTellDoesNotLiftTheBound(t *testing.T) {
	for name, huge := range map[string]func(r *repository){
		"snapshot.json": func(r *repository) {
			r.timestamp.Signed.Meta["snapshot.json"].Length = math.MaxInt64
			r.publishTimestamp()
		},
		"targets.json": func(r *repository) {
			r.snapshot.Signed.Meta["targets.json"].Length = math.MaxInt64 - 1
			r.publishSnapshot()
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, body := newRepository(t), &endless{}
			huge(r)
			c := r.config(t.TempDir())
			c.Client = &http.Client{Transport: transport(func(q *http.Request) (*http.Response, error) {
				resp, err := r.RoundTrip(q)
				if err == nil && strings.HasSuffix(q.URL.Path, "."+name) {
					resp.Body = body
				}
				return resp, err
			})}
			s, err := tuf.New(c)
			require.NoError(t, err)
			_, err = fetch(s)
			require.ErrorIs(t, err, attest.Is(tuf.CodeSize))
			assert.Less(t, body.read, int64(32<<20))
		})
	}
}

func TestAFrozenRepositoryIsRefusedWhenItsTimestampExpires(t *testing.T) {
	r, dir := newRepository(t), t.TempDir()
	at := now
	c := r.config(dir)
	c.Now = func() time.Time { return at }
	s, err := tuf.New(c)
	require.NoError(t, err)
	got, err := fetch(s)
	require.NoError(t, err)
	at = got.Expires.Add(-time.Second)
	_, err = fetch(s)
	require.NoError(t, err)
	at = got.Expires.Add(time.Second)
	_, err = fetch(s)
	assert.ErrorIs(t, err, attest.Is(tuf.CodeExpired))
}

func TestARepositoryCannotGoBackToKeysThatItHasGivenUp(t *testing.T) {
	r, dir := newRepository(t), t.TempDir()
	oldStamp := r.keys[metadata.TIMESTAMP]
	r.root.Signed.Version = 2
	r.rotate(metadata.TIMESTAMP)
	r.publishRoot()
	r.publish()
	_, err := fetch(r.source(dir))
	require.NoError(t, err)
	// Who has the old timestamp key hides the root that revokes it.
	delete(r.files, "2.root.json")
	r.keys[metadata.TIMESTAMP] = oldStamp
	r.publish()
	_, err = fetch(r.source(dir))
	assert.ErrorIs(t, err, attest.Is(tuf.CodeSignature))
	_, err = fetch(r.source(t.TempDir()))
	require.NoError(t, err, "an empty directory remembers nothing")
}

func TestAnInitialRootThatIsNoneIsRefused(t *testing.T) {
	r := newRepository(t)
	unsigned := signWith(t, r.root)
	for name, root := range map[string][]byte{
		"none": nil, "no JSON": []byte("x"), "another role": r.files["timestamp.json"], "unsigned": unsigned,
		"changed": bytes.Replace(r.initial, []byte("2027"), []byte("2037"), 1),
	} {
		c := r.config(t.TempDir())
		c.Root = root
		_, err := tuf.New(c)
		assert.ErrorIs(t, err, attest.Is(tuf.CodeRoot), name)
	}
	_, err := tuf.New(tuf.Config{Metadata: "file:///x"})
	assert.Len(t, codes(err, tuf.CodeConfig), 5)
}

func codes(err error, code attest.Code) (out []attest.Reason) {
	for _, r := range attest.Reasons(err) {
		if r.Code == code {
			out = append(out, r)
		}
	}
	return out
}

func TestADirectoryThatCannotBeReadRefusesEveryFetch(t *testing.T) {
	r, dir := newRepository(t), t.TempDir()
	_, err := fetch(r.source(dir))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "root.json"), []byte("x"), 0o600))
	_, err = fetch(r.source(dir))
	assert.ErrorIs(t, err, attest.Is(tuf.CodeLocal))
	require.NoError(t, os.Truncate(filepath.Join(dir, "root.json"), 1<<40))
	_, err = fetch(r.source(dir))
	assert.ErrorIs(t, err, attest.Is(tuf.CodeLocal), "a terabyte is not read")
	_, err = fetch(r.source(filepath.Join(dir, "absent")))
	assert.ErrorIs(t, err, attest.Is(tuf.CodeLocal))
}

func TestATargetThatWasChangedOnDiskIsFetchedAgain(t *testing.T) {
	r, dir := newRepository(t), t.TempDir()
	_, err := fetch(r.source(dir))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "targets", "hello.txt"), []byte("evil!"), 0o600))
	got, err := fetch(r.source(dir))
	require.NoError(t, err)
	assert.Equal(t, []byte("hello"), got.Bytes)
}

func TestANameThatIsAPathIsRefused(t *testing.T) {
	s := newRepository(t).source(t.TempDir())
	for _, name := range []string{"", ".", "..", "../x", "/x", "a/../b", "a//b", `a\b`, "a?b", "a#b", "a%2fb", "c:x"} {
		_, err := s.Fetch(t.Context(), name)
		assert.ErrorIs(t, err, attest.Is(tuf.CodeName), name)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestATransportThatFailsIsToldAndAContextEndsAFetch(t *testing.T) {
	r := newRepository(t)
	c := r.config(t.TempDir())
	c.Client = &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("down") })}
	s, err := tuf.New(c)
	require.NoError(t, err)
	_, err = fetch(s)
	assert.ErrorIs(t, err, attest.Is(tuf.CodeTransport))
	c.Client = &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 503, Body: http.NoBody}, nil
	})}
	s, err = tuf.New(c)
	require.NoError(t, err)
	_, err = fetch(s)
	assert.ErrorIs(t, err, attest.Is(tuf.CodeStatus))

	ctx, cancel := context.WithCancel(t.Context())
	c.Client = &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) { cancel(); return nil, context.Canceled })}
	s, err = tuf.New(c)
	require.NoError(t, err)
	for range 2 {
		_, err = s.Fetch(ctx, "hello.txt")
		assert.ErrorIs(t, err, attest.Is(attest.CodeCanceled))
		assert.ErrorIs(t, err, context.Canceled)
	}
}

func TestMoreNewRootsThanAreFollowedAtOnceAreRefusedOnce(t *testing.T) {
	r, dir := newRepository(t), t.TempDir()
	for range 64 {
		r.root.Signed.Version++
		r.publishRoot()
	}
	_, err := fetch(r.source(dir))
	assert.ErrorIs(t, err, attest.Is(tuf.CodeRotations))
	_, err = fetch(r.source(dir))
	require.NoError(t, err, "the second fetch goes on where the first ended")
}

func TestASourceIsSafeForConcurrentUse(t *testing.T) {
	s := newRepository(t).source(t.TempDir())
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			got, err := fetch(s)
			assert.NoError(t, err)
			assert.Equal(t, []byte("hello"), got.Bytes)
		})
	}
	group.Wait()
}

func TestATimestampWithAChangedBitIsRefused(t *testing.T) {
	r := newRepository(t)
	good := r.files["timestamp.json"]
	for bit := range len(good) * 8 {
		if bit%29 != 0 {
			continue
		}
		bad := bytes.Clone(good)
		bad[bit/8] ^= 1 << (bit % 8)
		r.files["timestamp.json"] = bad
		_, err := fetch(r.source(t.TempDir()))
		if err == nil { // hexadecimal digits have two spellings
			require.True(t, strings.EqualFold(string(bad), string(good)) && bit/8 < bytes.Index(good, []byte(`"signed"`)), "bit %d of %s", bit, good)
			continue
		}
		require.NotEmpty(t, attest.Reasons(err), "bit %d", bit)
	}
}

func FuzzNew(f *testing.F) {
	r := newRepository(f)
	f.Add(r.initial)
	f.Add([]byte(`{"signed":{"_type":"root"},"signatures":[]}`))
	f.Fuzz(func(t *testing.T, root []byte) {
		c := r.config("x")
		c.Root = root
		s, err := tuf.New(c)
		if (s == nil) == (err == nil) {
			t.Fatal("neither a source nor an error")
		}
		if err != nil && len(attest.Reasons(err)) == 0 {
			t.Fatalf("a refusal without reason: %v", err)
		}
	})
}
