package graph

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"sync"

	"github.com/sealwright/sealwright/attest"
)

// Config tells how to open a store. The zero value is a good choice.
type Config struct {
	// DeltaBytes is about how much memory the statements that are not yet in a
	// segment may take; default 64 MiB.
	DeltaBytes int
	// NoMapping reads segments through the file system instead of mapping them, which
	// is slower, and is the only way on systems other than Linux and macOS.
	NoMapping bool
}

const defaultDelta = 64 << 20

// A Store is a graph in a directory. It is safe for concurrent use: queries run side
// by side, and wait while an addition takes effect. What it hands out stays valid
// after Close.
type Store struct {
	root   *os.Root
	config Config
	lock   *os.File // nil for a reader

	writing sync.Mutex // held by whoever changes anything
	log     *logWriter
	batch   *batch   // of the addition before: its memory serves for the next one
	beside  *besides // the merge that goes on, if any
	next    uint64   // number of the next file

	mu       sync.RWMutex // held while the parts are used
	manifest *manifest
	segments []part
	delta    *delta
	vouchers voucherCache
	walks    walks
	broken   error // what the store refuses everything with
}

// Open opens the store in root for reading and writing, and makes one in an empty
// directory. It removes what a crash left half-written, and refuses with CodeLocked
// while another Store writes there. root stays the caller's, and must stay open.
func Open(ctx context.Context, root *os.Root, c Config) (*Store, error) {
	if root == nil {
		return nil, attest.Refuse(CodeNil, "root", "a directory", "nil")
	}
	lock, err := root.OpenFile(lockName, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, attest.Refuse(CodeStorage, lockName, "a lock file", "").Because(err)
	}
	if err := lockFile(lock); err != nil {
		_ = lock.Close()
		return nil, attest.Refuse(CodeLocked, lockName, "no other writer", "").Because(err)
	}
	s := &Store{root: root, config: c, lock: lock, batch: newBatch()}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	m, err := readManifest(s.root)
	if err != nil {
		return err
	}
	if m == nil {
		m = &manifest{Version: manifestVersion, Next: 1, Log: logStem + "0", Segments: []segmentEntry{}}
		if err := s.start(m); err != nil {
			return err
		}
	}
	state, err := s.load(m)
	if err != nil {
		return err
	}
	if err := s.sweep(); err != nil {
		return err
	}
	f, err := s.root.OpenFile(m.Log, os.O_RDWR, 0)
	if err == nil {
		if s.log, err = continueLog(f, state); err != nil {
			err = errors.Join(err, f.Close())
		}
	}
	if err != nil {
		return attest.Refuse(CodeStorage, m.Log, "a log to write to", "").Because(err)
	}
	return ctx.Err()
}

// start makes the log durable, and then the manifest that names it.
func (s *Store) start(m *manifest) error {
	err := writeFile(s.root, m.Log, newLog())
	if err == nil {
		err = writeManifest(s.root, m)
	}
	if err != nil {
		return attest.Refuse(CodeStorage, manifestName, "a durable manifest", "").Because(err)
	}
	return nil
}

// OpenReader opens the store in root as it is now, while another process may be
// writing to it. Later additions are not seen.
func OpenReader(ctx context.Context, root *os.Root, c Config) (*Store, error) {
	if root == nil {
		return nil, attest.Refuse(CodeNil, "root", "a directory", "nil")
	}
	for {
		m, err := readManifest(root)
		if err != nil {
			return nil, err
		}
		if m == nil {
			return nil, attest.Refuse(CodeMissing, "directory", "a store", "none")
		}
		s := &Store{root: root, config: c}
		if _, err = s.load(m); err == nil {
			return s, nil
		}
		err = errors.Join(err, s.Close())
		// A writer may have replaced what the manifest named: then there is a newer one.
		newer, readErr := readManifest(root)
		if readErr != nil || newer == nil || newer.Next == m.Next || ctx.Err() != nil {
			return nil, errors.Join(err, ctx.Err())
		}
	}
}

// load opens what the manifest names.
func (s *Store) load(m *manifest) (state logState, err error) {
	for _, entry := range m.Segments {
		segment, err := openSegment(s.root, entry, !s.config.NoMapping)
		if err != nil {
			return state, err
		}
		s.segments = append(s.segments, segment)
		if segment.count != entry.Statements || segment.nodeCount != entry.Nodes {
			return state, attest.Refuse(CodeDamaged, entry.Name, "as many statements as the manifest says", strconv.Itoa(int(segment.count)))
		}
	}
	b, err := readFile(s.root, m.Log, 4<<30)
	if err != nil {
		return state, attest.Refuse(CodeDamaged, m.Log, "the log that the manifest names", "").Because(err)
	}
	s.manifest, s.next, s.delta = m, m.Next, newDelta()
	return readLog(m.Log, b, s.delta.apply)
}

// sweep removes files of the store that its manifest does not name.
func (s *Store) sweep() error {
	keep := []string{s.manifest.Log}
	for _, e := range s.manifest.Segments {
		for _, suffix := range suffixes {
			keep = append(keep, e.Name+"."+suffix)
		}
	}
	entries, err := fs.ReadDir(s.root.FS(), ".")
	for _, e := range entries {
		if isOurs(e.Name()) && !slices.Contains(keep, e.Name()) {
			err = errors.Join(err, s.root.Remove(e.Name()))
		}
	}
	if err != nil {
		return attest.Refuse(CodeStorage, "directory", "old files removed", "").Because(err)
	}
	return nil
}

// Close releases the store. Nothing is lost that was acknowledged.
func (s *Store) Close() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	var errs []error
	if s.beside != nil {
		s.beside.stop()
		if err := s.settle(context.Background()); !errors.Is(err, context.Canceled) {
			errs = append(errs, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken == nil {
		s.broken = attest.Refuse(CodeClosed, "store", "an open store", "a closed one")
	}
	for _, p := range s.segments {
		errs = append(errs, p.close())
	}
	s.segments, s.delta = nil, nil
	if s.log != nil {
		errs = append(errs, s.log.f.Close())
		s.log = nil
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
		s.lock = nil
	}
	return errors.Join(errs...)
}

// Size is how much a store holds.
type Size struct {
	Statements uint64 // each as often as somebody else vouches for it
	Segments   int
	Unwritten  uint64 // statements that are in no segment yet
}

// Size returns how much the store holds.
func (s *Store) Size() (Size, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.broken != nil {
		return Size{}, s.broken
	}
	z := Size{Segments: len(s.segments), Unwritten: uint64(s.delta.statements())}
	for _, p := range s.parts() {
		z.Statements += uint64(p.statements())
	}
	return z, nil
}

// parts returns all parts; the lock is held.
func (s *Store) parts() []part { return append(slices.Clip(s.segments), s.delta) }

// Check reads everything and compares it with its checksums. Without it, a segment is
// checked as it is used.
func (s *Store) Check(ctx context.Context) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.broken != nil {
		return s.broken
	}
	for _, p := range s.segments {
		segment, ok := p.(*segment)
		if !ok {
			continue
		}
		for _, f := range segment.files {
			past := stream{file: f} // the mapping, so that not all of it stays in memory
			for left := f.size; left > 0; left -= min(left, streamSize) {
				if ctx.Err() != nil {
					return canceled(ctx)
				}
				if _, err := past.take(min(left, streamSize)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// create makes a file of a new segment.
func (s *Store) create(name string) func(suffix string) (io.WriteCloser, error) {
	return func(suffix string) (io.WriteCloser, error) {
		return s.root.OpenFile(name+"."+suffix, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	}
}
