package witness_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/tlog"
	"github.com/sealwright/sealwright/attest/tlog/dirlog"
	"github.com/sealwright/sealwright/attest/tlog/witness"
)

const origin = "example.com/log"

func now() time.Time { return time.Unix(1_700_000_000, 0).UTC() }

func signer(t testing.TB, name, label string, a tlog.Algorithm) *tlog.Signer {
	t.Helper()
	s, err := tlog.NewSigner(name, a, attesttest.Signer(label), nil)
	require.NoError(t, err)
	return s
}

// world is a log, a copy of it that goes another way, and a witness.
type world struct {
	log, fork *dirlog.Log
	key       *tlog.Signer
	config    witness.Config
	witness   *witness.Witness
}

func newWorld(t testing.TB, store witness.Store) *world {
	t.Helper()
	w := &world{key: signer(t, origin, "log", tlog.Ed25519)}
	w.log, w.fork = newLog(t, w.key), newLog(t, w.key)
	w.config = witness.Config{
		Signers: []*tlog.Signer{signer(t, "w.example", "witness", tlog.CosignatureV1)},
		Logs:    []tlog.Key{w.key.Key()}, Store: store, Now: now,
	}
	var err error
	w.witness, err = witness.New(w.config)
	require.NoError(t, err)
	return w
}

func newLog(t testing.TB, s *tlog.Signer) *dirlog.Log {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	c := dirlog.Config{Root: root, Signer: s}
	require.NoError(t, dirlog.Create(t.Context(), c))
	l, err := dirlog.Open(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

func add(t testing.TB, l *dirlog.Log, text string, n int) {
	t.Helper()
	var entries [][]byte
	for i := range n {
		entries = append(entries, fmt.Appendf(nil, "%s %d", text, i))
	}
	_, err := l.AddAll(t.Context(), entries)
	require.NoError(t, err)
}

func request(t testing.TB, l *dirlog.Log, old uint64) witness.Request {
	t.Helper()
	proof, err := l.Reader().ProveConsistency(old)
	require.NoError(t, err)
	return witness.Request{OldSize: old, Proof: proof, Checkpoint: l.Reader().Signed()}
}

func requireCode(t testing.TB, code attest.Code, err error) {
	t.Helper()
	require.ErrorIs(t, err, attest.Is(code))
}

func TestAGrowingLogIsCosigned(t *testing.T) {
	w := newWorld(t, new(witness.Memory))
	policy, err := tlog.NewPolicy(tlog.Trust{
		Logs:      []tlog.Log{{Key: w.key.Key()}},
		Witnesses: []tlog.Witness{{Name: "W", Key: w.config.Signers[0].Key()}}, Quorum: "W",
	})
	require.NoError(t, err)
	old := uint64(0)
	for _, n := range []int{1, 3, 300} {
		add(t, w.log, "entry", n)
		lines, err := w.witness.AddCheckpoint(t.Context(), request(t, w.log, old))
		require.NoError(t, err)
		signed, err := tlog.AddSignatures(w.log.Reader().Signed(), lines)
		require.NoError(t, err)
		head, err := policy.Open(signed)
		require.NoError(t, err)
		require.Equal(t, now(), head.Cosigned[0].Time)
		old = head.Size
	}
	_, err = w.witness.AddCheckpoint(t.Context(), request(t, w.log, old))
	require.NoError(t, err, "the same checkpoint again")
}

// Each refusal has the status that the specification gives it, in process and over
// HTTP, and changes nothing.
func TestEveryRefusalHasItsStatus(t *testing.T) {
	w := newWorld(t, new(witness.Memory))
	add(t, w.log, "entry", 5)
	small := request(t, w.log, 0)
	_, err := w.witness.AddCheckpoint(t.Context(), small)
	require.NoError(t, err)
	add(t, w.log, "entry", 6)
	good := request(t, w.log, 5)
	add(t, w.fork, "fork", 5)
	sameSize := request(t, w.fork, 5)
	add(t, w.fork, "fork", 6)
	forked := request(t, w.fork, 5)
	server := httptest.NewServer(witness.Handler(w.witness))
	defer server.Close()

	foreign := signer(t, "other.example/log", "other", tlog.Ed25519)
	impostor := signer(t, origin, "impostor", tlog.Ed25519)
	sign := func(c tlog.Checkpoint, s *tlog.Signer) []byte {
		b, err := tlog.SignCheckpoint(t.Context(), c, now(), s)
		require.NoError(t, err)
		return b
	}
	head := w.log.Reader().Checkpoint()
	otherLog := head
	otherLog.Origin = foreign.Key().Name
	body := string(good.Marshal())
	hash := good.Proof[0].String() + "\n"
	for name, c := range map[string]struct {
		body   string
		status int
		code   attest.Code
	}{
		"nothing":                         {"", 400, witness.CodeRequest},
		"no old size":                     {strings.Replace(body, "old 5\n", "", 1), 400, witness.CodeRequest},
		"an old size with a leading zero": {strings.Replace(body, "old 5", "old 05", 1), 400, witness.CodeRequest},
		"a negative old size":             {strings.Replace(body, "old 5", "old -5", 1), 400, witness.CodeRequest},
		"carriage returns":                {strings.ReplaceAll(body, "\n", "\r\n"), 400, witness.CodeRequest},
		"a hash in loose base64":          {strings.Replace(body, "=\n", "\n", 1), 400, witness.CodeRequest},
		"64 hashes":                       {strings.Replace(body, hash, strings.Repeat(hash, 64), 1), 400, witness.CodeRequest},
		"no signatures":                   {body[:strings.LastIndex(body, "\n\n")+1], 400, witness.CodeRequest},
		"a checkpoint of two lines":       {"old 0\n\na\n0\n\n— a AAAAAAA=\n", 400, witness.CodeRequest},
		"no final newline":                {strings.TrimSuffix(body, "\n"), 400, witness.CodeRequest},
		"too large":                       {strings.Repeat("x", witness.MaxRequest+1), 400, witness.CodeRequest},
		"an old size above the new one":   {strings.Replace(body, "old 5", "old 12", 1), 400, witness.CodeSize},
		"an unknown log":                  {string(witness.Request{OldSize: 5, Proof: good.Proof, Checkpoint: sign(otherLog, foreign)}.Marshal()), 404, witness.CodeUnknownLog},
		"another key":                     {string(witness.Request{OldSize: 5, Proof: good.Proof, Checkpoint: sign(head, impostor)}.Marshal()), 403, witness.CodeForbidden},
		"another text than was signed":    {strings.Replace(body, "\n11\n", "\n12\n", 1), 403, witness.CodeForbidden},
		"another old size":                {string(request(t, w.log, 4).Marshal()), 409, witness.CodeConflict},
		"an older tree":                   {string(witness.Request{Checkpoint: small.Checkpoint}.Marshal()), 409, witness.CodeConflict},
		"another tree of the same size":   {string(sameSize.Marshal()), 409, witness.CodeFork},
		"a fork":                          {string(forked.Marshal()), 422, witness.CodeInconsistent},
		"no proof":                        {strings.Replace(body, body[:strings.Index(body, "\n\n")], "old 5", 1), 422, witness.CodeInconsistent},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := witness.ParseRequest([]byte(c.body))
			if err == nil {
				_, err = w.witness.AddCheckpoint(t.Context(), r)
			}
			requireCode(t, c.code, err)
			require.Equal(t, c.status, witness.Status(err))
			res, err := http.Post(server.URL+"/add-checkpoint", "text/plain", strings.NewReader(c.body))
			require.NoError(t, err)
			defer res.Body.Close()
			require.Equal(t, c.status, res.StatusCode)
			answer, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			if c.status == 409 {
				assert.Equal(t, "5\n", string(answer))
				assert.Equal(t, "text/x.tlog.size", res.Header.Get("Content-Type"))
			}
		})
	}
	client := witness.Client{Prefix: server.URL, HTTP: server.Client()}
	_, err = client.AddCheckpoint(t.Context(), request(t, w.log, 4))
	var conflict *witness.ConflictError
	require.ErrorAs(t, err, &conflict)
	require.Equal(t, uint64(5), conflict.Size)
	requireCode(t, witness.CodeConflict, err)
	_, err = client.AddCheckpoint(t.Context(), forked)
	requireCode(t, witness.CodeInconsistent, err)
	lines, err := client.AddCheckpoint(t.Context(), good)
	require.NoError(t, err)
	_, err = tlog.AddSignatures(good.Checkpoint, lines)
	require.NoError(t, err)
	require.Equal(t, 200, witness.Status(nil))
	_, err = witness.Client{}.AddCheckpoint(t.Context(), good)
	requireCode(t, attest.CodeNil, err)
}

func TestADirectoryThatWasSetBackIsNoticed(t *testing.T) {
	w := newWorld(t, new(witness.Memory))
	add(t, w.log, "entry", 9)
	_, err := w.witness.AddCheckpoint(t.Context(), request(t, w.log, 0))
	require.NoError(t, err)
	add(t, w.fork, "entry", 7) // the same log, restored from a backup at 7
	_, err = w.witness.AddCheckpoint(t.Context(), request(t, w.fork, 7))
	requireCode(t, witness.CodeConflict, err)
	add(t, w.fork, "other", 4)
	_, err = w.witness.AddCheckpoint(t.Context(), request(t, w.fork, 9))
	requireCode(t, witness.CodeInconsistent, err)
}

func TestAWitnessRemembersAcrossRestarts(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	store, err := witness.OpenDirectory(root)
	require.NoError(t, err)
	w := newWorld(t, store)
	add(t, w.log, "entry", 3)
	_, err = w.witness.AddCheckpoint(t.Context(), request(t, w.log, 0))
	require.NoError(t, err)
	_, err = witness.OpenDirectory(root)
	requireCode(t, witness.CodeState, err)
	require.NoError(t, store.Close())

	w.config.Store, err = witness.OpenDirectory(root)
	require.NoError(t, err)
	again, err := witness.New(w.config)
	require.NoError(t, err)
	_, err = again.AddCheckpoint(t.Context(), request(t, w.log, 0))
	requireCode(t, witness.CodeConflict, err)

	entries, err := os.ReadDir(root.Name())
	require.NoError(t, err)
	for _, e := range entries {
		require.NoError(t, root.WriteFile(e.Name(), []byte("damaged"), 0o644))
	}
	_, err = again.AddCheckpoint(t.Context(), request(t, w.log, 3))
	requireCode(t, witness.CodeState, err)
	require.Equal(t, 500, witness.Status(err))
}

// full is a Store whose disk is full.
type full struct{ witness.Memory }

func (*full) Keep(context.Context, tlog.Checkpoint) error { return errors.New("no space") }

func TestWhatIsNotKeptIsNotCosigned(t *testing.T) {
	w := newWorld(t, new(full))
	add(t, w.log, "entry", 3)
	lines, err := w.witness.AddCheckpoint(t.Context(), request(t, w.log, 0))
	requireCode(t, witness.CodeState, err)
	require.Nil(t, lines)
}

func TestOfManyRacingForksOneIsCosigned(t *testing.T) {
	w := newWorld(t, new(witness.Memory))
	var requests []witness.Request
	for i := range 8 {
		l := newLog(t, w.key)
		add(t, l, fmt.Sprint("fork ", i), 4)
		requests = append(requests, request(t, l, 0))
	}
	var wg sync.WaitGroup
	won := make([]bool, len(requests))
	for i, r := range requests {
		wg.Go(func() {
			_, err := w.witness.AddCheckpoint(t.Context(), r)
			won[i] = err == nil
		})
	}
	wg.Wait()
	n := 0
	for _, yes := range won {
		if yes {
			n++
		}
	}
	require.Equal(t, 1, n)
}

func TestAWitnessThatLacksAPartIsRefused(t *testing.T) {
	good := newWorld(t, new(witness.Memory)).config
	for name, change := range map[string]func(*witness.Config){
		"no signer": func(c *witness.Config) { c.Signers = nil }, "no log": func(c *witness.Config) { c.Logs = nil },
		"no store": func(c *witness.Config) { c.Store = nil }, "no clock": func(c *witness.Config) { c.Now = nil },
		"a nil signer":     func(c *witness.Config) { c.Signers = []*tlog.Signer{nil} },
		"a log's signer":   func(c *witness.Config) { c.Signers = []*tlog.Signer{signer(t, "w", "w", tlog.Ed25519)} },
		"a log key twice":  func(c *witness.Config) { c.Logs = append(c.Logs, c.Logs[0]) },
		"a malformed key":  func(c *witness.Config) { c.Logs = []tlog.Key{{}} },
		"a cosigner's key": func(c *witness.Config) { c.Logs = []tlog.Key{c.Signers[0].Key()} },
	} {
		t.Run(name, func(t *testing.T) {
			c := good
			change(&c)
			_, err := witness.New(c)
			requireCode(t, witness.CodeConfig, err)
		})
	}
	_, err := witness.OpenDirectory(nil)
	requireCode(t, witness.CodeConfig, err)
}

func FuzzParseRequest(f *testing.F) {
	w := newWorld(f, new(witness.Memory))
	add(f, w.log, "entry", 5)
	f.Add(request(f, w.log, 3).Marshal())
	f.Add([]byte("old 0\n\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := witness.ParseRequest(body)
		if err != nil {
			require.Equal(t, 400, witness.Status(err))
			return
		}
		require.Equal(t, string(body), string(r.Marshal()), "a request has one form")
	})
}

// A log asks a witness in its own process for a cosignature.
func ExampleWitness_AddCheckpoint() {
	ctx := context.Background()
	log, _ := tlog.NewSigner("example.com/log", tlog.Ed25519, attesttest.Signer("log"), nil)
	cosigner, _ := tlog.NewSigner("w.example", tlog.CosignatureV1, attesttest.Signer("w"), nil)
	w, err := witness.New(witness.Config{
		Signers: []*tlog.Signer{cosigner}, Logs: []tlog.Key{log.Key()},
		Store: new(witness.Memory), Now: func() time.Time { return time.Unix(1_700_000_000, 0) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	head := tlog.Checkpoint{Origin: "example.com/log", Size: 1, Root: tlog.LeafHash([]byte("entry"))}
	signed, _ := tlog.SignCheckpoint(ctx, head, time.Time{}, log)
	lines, err := w.AddCheckpoint(ctx, witness.Request{Checkpoint: signed})
	fmt.Println(strings.HasPrefix(string(lines), "— w.example "), err)

	head.Root = tlog.LeafHash([]byte("another entry"))
	signed, _ = tlog.SignCheckpoint(ctx, head, time.Time{}, log)
	_, err = w.AddCheckpoint(ctx, witness.Request{OldSize: 1, Checkpoint: signed})
	fmt.Println(attest.Reasons(err)[0].Code)
	// Output:
	// true <nil>
	// attest.witness.fork
}
