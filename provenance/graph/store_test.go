package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
)

// answers returns everything that the store tells about app and source, as JSON.
func answers(t testing.TB, s *Store) (string, error) {
	t.Helper()
	ctx := context.Background()
	q := Query{Select: IncludeUnverified{by("alice")}, About: true}
	up, err := s.Lineage(ctx, sum("app"), q)
	if err != nil {
		return "", err
	}
	down, err := s.Impact(ctx, sum("source"), q)
	if err != nil {
		return "", err
	}
	page, err := s.Statements(ctx, sum("app"), q, "", 100)
	if err != nil {
		return "", err
	}
	conflicts, err := s.Conflicts(ctx, sum("app"), q)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal([]any{up, down, page, conflicts})
	return string(b), err
}

func TestAnswersDoNotDependOnHowStatementsAreKept(t *testing.T) {
	ctx := context.Background()
	fill := func(s *Store, between func()) {
		for i, st := range every(t) {
			add(t, s, []string{"alice", "mallory"}[i%2], st)
			between()
		}
		_, err := s.AddUnverified(ctx, unsigned(builds(t, "source", "deeper", "lib")), unsigned(builds(t, "lib", "source")))
		require.NoError(t, err)
	}
	plain := newStore(t)
	fill(plain, func() {})
	want, err := answers(t, plain)
	require.NoError(t, err)
	require.Contains(t, want, sum("deeper").Hex)

	for name, c := range map[string]Config{"mapped": {}, "read": {NoMapping: true}} {
		dir := t.TempDir()
		s := openAt(t, dir, c)
		fill(s, func() { require.NoError(t, s.Flush(ctx)) })
		check := func(s *Store, how string) {
			got, err := answers(t, s)
			require.NoError(t, err)
			assert.Equal(t, want, got, "%s, %s", name, how)
			require.NoError(t, s.Check(ctx))
		}
		check(s, "segments and a log")
		require.NoError(t, s.Compact(ctx))
		check(s, "one segment")
		size, err := s.Size()
		require.NoError(t, err)
		assert.Equal(t, 1, size.Segments)
		require.NoError(t, s.Close())
		reader, err := OpenReader(ctx, rootOf(t, dir), c)
		require.NoError(t, err)
		check(reader, "opened again")
		require.NoError(t, reader.Close())
	}
}

// settled waits until there is nothing to merge.
func settled(t testing.TB, s *Store) {
	t.Helper()
	s.writing.Lock()
	defer s.writing.Unlock()
	for {
		require.NoError(t, s.settle(context.Background()))
		require.NoError(t, s.mergeBeside())
		if s.beside == nil {
			return
		}
	}
}

func TestSegmentsAreMergedSoThatThereAreFew(t *testing.T) {
	s := openAt(t, t.TempDir(), Config{DeltaBytes: 1})
	for i := range 40 {
		add(t, s, "alice", builds(t, "o"+strconv.Itoa(i), "hub"))
		settled(t, s)
	}
	size, err := s.Size()
	require.NoError(t, err)
	assert.Equal(t, uint64(40), size.Statements)
	assert.LessOrEqual(t, size.Segments, 8)
	assert.Greater(t, size.Segments, 1, "not everything is written again each time")
	assert.Len(t, impact(t, s, sum("hub"), trusting("alice")).Nodes, 41)
	entries, err := os.ReadDir(s.root.Name())
	require.NoError(t, err)
	assert.Len(t, entries, 3+size.Segments*segmentFiles, "lock, manifest, log and segments; nothing is left over")
}

func TestAMergeIsOfSegmentsThatFollowEachOtherAndAreOfOneSize(t *testing.T) {
	for _, c := range []struct {
		name    string
		sizes   []uint32
		from, n int
	}{
		{"too few", []uint32{1, 1, 1, 1, 1}, 0, 0},
		{"all", []uint32{1, 1, 1, 2, 3, 1}, 0, fanOut},
		{"the last, of a size", []uint32{9, 9, 9, 1, 1, 1, 1, 1, 1}, 3, fanOut},
		{"the least first", []uint32{9, 9, 9, 9, 9, 9, 1, 1, 1, 1, 1, 1}, 6, fanOut},
		{"not one among others that is larger", []uint32{1, 1, 1, 9, 1, 1, 1}, 0, 0},
		{"not more than a segment holds", []uint32{1 << 27, 1 << 27, 1 << 27, 1 << 27, 1 << 27, 1 << 27}, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			from, n := run(c.sizes)
			assert.Equal(t, c.n, n)
			assert.Equal(t, c.from, from)
		})
	}
}

func TestNodesOfAnyNumberOfStatementsAreMergedWhole(t *testing.T) {
	s := newStore(t)
	ctx := context.Background()
	counts := map[string]int{"few": 2, "some": 300, "many": manyPostings + 100, "last": 7}
	for round := range 3 {
		var facts []*fact
		for i := range manyPostings + 100 {
			f := &fact{
				shape: shapeLink, envelope: digestKey(sum(strconv.Itoa(round) + "e" + strconv.Itoa(i))), typ: string(kindType) + "t", seal: unsealed,
			}
			for name, n := range counts {
				if i < n {
					f.mentions = append(f.mentions, factMention{role: []role{roleOutput, roleInput, roleAbout}[i%3], digests: []string{digestKey(sum(name))}})
				}
			}
			facts = append(facts, f)
		}
		_, err := s.add(ctx, facts)
		require.NoError(t, err)
		require.NoError(t, s.Flush(ctx))
	}
	count := func(name string) (n int) {
		for after := ""; ; {
			p, err := s.Statements(ctx, sum(name), Query{Select: IncludeUnverified{}}, after, maxPage)
			require.NoError(t, err)
			n += len(p.Mentions)
			if after = p.Next; after == "" {
				return n
			}
		}
	}
	for range 2 {
		for name, n := range counts {
			assert.Equal(t, 3*n, count(name), name)
		}
		require.NoError(t, s.Compact(ctx))
		require.NoError(t, s.Check(ctx))
	}
}

func TestAdditionsWaitForMergesThatFallBehind(t *testing.T) {
	s := openAt(t, t.TempDir(), Config{DeltaBytes: 1})
	for i := range 3 * manySegments {
		add(t, s, "alice", builds(t, "o"+strconv.Itoa(i), "hub"))
		size, err := s.Size()
		require.NoError(t, err)
		require.LessOrEqual(t, size.Segments, manySegments)
	}
	assert.Len(t, impact(t, s, sum("hub"), trusting("alice")).Nodes, 3*manySegments+1)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s.writing.Lock()
	defer s.writing.Unlock()
	s.beside = &besides{&replacement{err: context.Canceled}, func() {}, make(chan struct{})}
	assert.ErrorIs(t, s.settle(ctx), attest.Is(CodeCanceled))
	close(s.beside.done)
	assert.ErrorIs(t, s.settle(context.Background()), context.Canceled)
}

func TestAFailedMergeIsToldAndLosesNothing(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir, Config{})
	ctx := context.Background()
	for i := range fanOut {
		add(t, s, "alice", builds(t, "o"+strconv.Itoa(i), "hub"))
		require.NoError(t, s.Flush(ctx))
	}
	s.writing.Lock()
	require.NoError(t, s.root.Mkdir("segment-"+strconv.FormatUint(s.next, 10)+".nodes", 0o755)) // in the way
	require.NoError(t, s.mergeBeside())
	require.NotNil(t, s.beside)
	require.Error(t, s.settle(ctx))
	s.writing.Unlock()
	assert.Len(t, impact(t, s, sum("hub"), trusting("alice")).Nodes, fanOut+1)
	require.NoError(t, s.Compact(ctx), "the next one has another name")
	assert.Len(t, impact(t, s, sum("hub"), trusting("alice")).Nodes, fanOut+1)
}

func TestAStoreClosedDuringAMergeIsWhole(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir, Config{})
	for i := range fanOut {
		add(t, s, "alice", builds(t, "o"+strconv.Itoa(i), "hub"))
		require.NoError(t, s.Flush(context.Background()))
	}
	s.writing.Lock()
	require.NoError(t, s.mergeBeside())
	s.writing.Unlock()
	require.NoError(t, s.Close())
	again := openAt(t, dir, Config{})
	assert.Len(t, impact(t, again, sum("hub"), trusting("alice")).Nodes, fanOut+1)
}

func TestAStoreOfAnotherFormatIsRefusedByName(t *testing.T) {
	dir, _ := filled(t)
	root := rootOf(t, dir)
	m, err := readManifest(root)
	require.NoError(t, err)
	m.Version = 2
	require.NoError(t, writeManifest(root, m))
	_, err = Open(context.Background(), root, Config{})
	require.ErrorIs(t, err, attest.Is(CodeDamaged))
	assert.ErrorContains(t, err, "format 4")
	assert.ErrorContains(t, err, "format 2")
}

func TestOneWriterAndManyReaders(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir, Config{DeltaBytes: 4000})
	ctx := context.Background()
	_, err := Open(ctx, rootOf(t, dir), Config{})
	assert.ErrorIs(t, err, attest.Is(CodeLocked))

	var group sync.WaitGroup
	for i := range 3 {
		group.Go(func() {
			for n := range 15 {
				r := s
				if i == 0 {
					var err error
					if r, err = OpenReader(ctx, rootOf(t, dir), Config{}); !assert.NoError(t, err) {
						return
					}
				}
				a, err := r.Lineage(ctx, sum("o0"), trusting("alice"))
				assert.NoError(t, err)
				assert.Empty(t, a.Truncated)
				if i == 0 {
					assert.NoError(t, r.Close())
				}
				_ = n
			}
		})
	}
	for i := range 25 {
		add(t, s, "alice", builds(t, "o"+strconv.Itoa(i), "o"+strconv.Itoa(i+1)))
	}
	group.Wait()
	assert.Len(t, lineage(t, s, sum("o0"), trusting("alice")).Nodes, 26)

	reader, err := OpenReader(ctx, rootOf(t, dir), Config{})
	require.NoError(t, err)
	_, err = reader.Add(ctx, signed(t, builds(t, "x"), "alice"))
	assert.ErrorIs(t, err, attest.Is(CodeReadOnly))
	require.NoError(t, reader.Close())
	_, err = reader.Lineage(ctx, sum("o0"), trusting("alice"))
	assert.ErrorIs(t, err, attest.Is(CodeClosed))
	_, err = OpenReader(ctx, rootOf(t, t.TempDir()), Config{})
	assert.ErrorIs(t, err, attest.Is(CodeMissing))
}

func TestACanceledContextChangesNothing(t *testing.T) {
	s := newStore(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := s.Add(ctx, signed(t, builds(t, "x"), "alice"))
	assert.ErrorIs(t, err, context.Canceled)
	add(t, s, "alice", builds(t, "app", "lib"))
	assert.ErrorIs(t, s.Flush(ctx), context.Canceled)
	assert.Len(t, lineage(t, s, sum("app"), trusting("alice")).Nodes, 2)
	entries, err := os.ReadDir(s.root.Name())
	require.NoError(t, err)
	assert.Len(t, entries, 3)
}

// filled returns a directory with a segment and a log, and what it answers.
func filled(t testing.TB) (dir, want string) {
	t.Helper()
	dir = t.TempDir()
	s, err := Open(context.Background(), rootOf(t, dir), Config{})
	require.NoError(t, err)
	add(t, s, "alice", builds(t, "app", "lib", "tool"), builds(t, "lib", "source"))
	require.NoError(t, s.Flush(context.Background()))
	add(t, s, "alice", builds(t, "tool", "source"))
	want, err = answers(t, s)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	return dir, want
}

// readAs opens the directory for reading, and asks everything.
func readAs(t testing.TB, dir string, c Config) (string, error) {
	t.Helper()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	s, err := OpenReader(context.Background(), root, c)
	if err != nil {
		return "", err
	}
	defer s.Close()
	if err := s.Check(context.Background()); err != nil {
		return "", err
	}
	return answers(t, s)
}

func TestAByteChangedAnywhereIsRefusedOrHarmless(t *testing.T) {
	dir, want := filled(t)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	step := 1
	if underRace {
		step = 7
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		good, err := os.ReadFile(path)
		require.NoError(t, err)
		harmless := 0
		for i := 0; i < len(good); i += step {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << (i % 8)
			require.NoError(t, os.WriteFile(path, bad, 0o644))
			got, err := readAs(t, dir, Config{NoMapping: i%2 == 0})
			if err != nil {
				require.NotEmpty(t, attest.Reasons(err), "%s, byte %d: %v", e.Name(), i, err)
				continue
			}
			require.Equal(t, want, got, "%s, byte %d", e.Name(), i)
			harmless++
		}
		if strings.HasPrefix(e.Name(), segmentStem) || e.Name() == manifestName {
			assert.Zero(t, harmless, e.Name())
		}
		require.NoError(t, os.WriteFile(path, good, 0o644))
	}
}

func TestAFileThatIsCutOrGoneIsRefused(t *testing.T) {
	dir, _ := filled(t)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		if e.Name() == lockName {
			continue
		}
		path := filepath.Join(dir, e.Name())
		good, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.Remove(path))
		_, err = readAs(t, dir, Config{})
		assert.ErrorIs(t, err, attest.Is(CodeDamaged), "without %s", e.Name())
		root := rootOf(t, dir)
		_, err = Open(context.Background(), root, Config{})
		assert.ErrorIs(t, err, attest.Is(CodeDamaged), "a writer, without %s", e.Name())
		if !strings.HasPrefix(e.Name(), logStem) {
			require.NoError(t, os.WriteFile(path, good[:len(good)-1], 0o644))
			_, err = readAs(t, dir, Config{})
			assert.ErrorIs(t, err, attest.Is(CodeDamaged), "a shorter %s", e.Name())
		}
		require.NoError(t, os.WriteFile(path, good, 0o644))
	}
}
