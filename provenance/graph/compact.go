package graph

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
)

// Flush writes what is only in the log as a segment, so that the store opens faster.
func (s *Store) Flush(ctx context.Context) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.writable(); err != nil {
		return err
	}
	return s.drain(ctx)
}

// drain is flush for somebody who will not add much soon: it gives memory back.
func (s *Store) drain(ctx context.Context) error {
	if err := s.flush(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delta, s.batch = newDelta(), newBatch()
	return nil
}

// Compact writes everything as one segment, so that queries are fastest. It needs
// four bytes of memory per node, and about as much free disk as the store takes. A
// crash leaves the store as it was.
func (s *Store) Compact(ctx context.Context) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.writable(); err != nil {
		return err
	}
	if err := s.drain(ctx); err != nil {
		return err
	}
	if err := s.settle(ctx); err != nil || len(s.segments) < 2 {
		return err
	}
	return s.replace(ctx, s.merging(0, len(s.segments)))
}

// relieve writes the delta when it has grown, and has segments of one size merged beside.
func (s *Store) relieve(ctx context.Context) error {
	if s.delta.bytes < cmp.Or(s.config.DeltaBytes, defaultDelta) {
		return nil
	}
	if err := s.flush(ctx); err != nil {
		return err
	}
	if len(s.segments) < manySegments {
		return s.mergeBeside()
	}
	for len(s.segments) >= manySegments { // merges have fallen behind
		if err := s.settle(ctx); err != nil {
			return err
		}
		if err := s.mergeBeside(); err != nil || s.beside == nil {
			return err
		}
	}
	return nil
}

// mergeBeside takes over the merge that goes on, if it is done, and begins the next one,
// if there is any.
func (s *Store) mergeBeside() error {
	if s.beside != nil {
		select {
		case <-s.beside.done:
		default:
			return nil
		}
		if err := s.settle(context.Background()); err != nil {
			return err
		}
	}
	var sizes []uint32
	for _, p := range s.segments {
		sizes = append(sizes, p.statements())
	}
	from, n := run(sizes)
	if n == 0 {
		return nil
	}
	ctx, stop := context.WithCancel(context.Background())
	r, done := s.merging(from, n), make(chan struct{})
	s.beside = &besides{r, stop, done}
	go func() {
		defer close(done)
		r.write(ctx, s)
	}()
	return nil
}

// settle waits for the merge that goes on, and takes it over. Whoever waits holds
// s.writing, so that the merge is of segments that are still there.
func (s *Store) settle(ctx context.Context) error {
	if s.beside == nil {
		return nil
	}
	select {
	case <-s.beside.done:
	case <-ctx.Done():
		return canceled(ctx)
	}
	s.beside.stop()
	r := s.beside.replacement
	s.beside = nil
	return s.adopt(r)
}

// besides is a merge that goes on while statements are added.
type besides struct {
	*replacement
	stop context.CancelFunc
	done chan struct{}
}

// flush writes the delta as a segment and begins a new log.
func (s *Store) flush(ctx context.Context) error {
	if s.delta.statements() == 0 {
		return nil
	}
	r := &replacement{name: s.newName(segmentStem), parts: []part{s.delta}}
	return s.replace(ctx, r)
}

// newName returns a name that no file has.
func (s *Store) newName(stem string) string {
	s.next++
	return stem + strconv.FormatUint(s.next-1, 10)
}

// A replacement is a segment that is to take the place of others, or of the delta.
type replacement struct {
	name   string
	parts  []part // segments that follow each other, or the delta
	entry  segmentEntry
	opened part
	err    error
}

// merging returns what replaces n segments.
func (s *Store) merging(from, n int) *replacement {
	return &replacement{name: s.newName(segmentStem), parts: slices.Clone(s.segments[from : from+n])}
}

// replace writes a new segment, and lets it take effect.
func (s *Store) replace(ctx context.Context, r *replacement) error {
	r.write(ctx, s)
	return s.adopt(r)
}

// write writes the segment's files.
func (r *replacement) write(ctx context.Context, s *Store) {
	r.entry, r.err = writeSegment(ctx, r.parts, s.create(r.name))
	r.entry.Name = r.name
	if r.err != nil {
		return
	}
	opened, err := openSegment(s.root, r.entry, !s.config.NoMapping)
	if r.err = err; err == nil {
		r.opened = opened
	}
}

// adopt lets a segment take effect, by replacing the manifest, and then removes what it
// replaces; queries go on meanwhile.
func (s *Store) adopt(r *replacement) error {
	if r.err == nil {
		r.err = s.broken // the directory is not what it seems
	}
	if r.err != nil {
		return s.abandon(r)
	}
	next := *s.manifest
	from := slices.Index(s.segments, r.parts[0])
	n := len(r.parts)
	var log *logWriter
	var remove []string
	if from < 0 { // it is the delta
		from, n = len(s.segments), 0
		remove = append(remove, next.Log)
		next.Log = s.newName(logStem)
		var err error
		if log, err = s.newLog(next.Log); err != nil {
			r.err = err
			return s.abandon(r)
		}
	}
	for _, e := range next.Segments[from : from+n] {
		for _, suffix := range suffixes {
			remove = append(remove, e.Name+"."+suffix)
		}
	}
	next.Segments = slices.Replace(slices.Clone(next.Segments), from, from+n, r.entry)
	s.next++ // so that a reader sees that something has changed
	next.Next = s.next
	if err := writeManifest(s.root, &next); err != nil {
		// Which manifest is there is not known: the next Open finds out.
		s.mu.Lock()
		s.broken = attest.Refuse(CodeClosed, "store", "a durable manifest", "").Because(err)
		s.mu.Unlock()
		return attest.Refuse(CodeStorage, manifestName, "a durable manifest", "").Because(errors.Join(err, r.opened.close()))
	}
	return s.show(&next, from, n, r.opened, log, remove)
}

// show lets queries see the new segment, and removes the files that it replaces.
func (s *Store) show(m *manifest, from, n int, opened part, log *logWriter, remove []string) error {
	s.mu.Lock()
	var errs []error
	for _, p := range s.segments[from : from+n] {
		errs = append(errs, p.close())
	}
	s.segments = slices.Replace(slices.Clone(s.segments), from, from+n, opened)
	s.manifest = m
	if log != nil {
		errs = append(errs, s.log.f.Close())
		s.log, s.delta = log, s.delta.emptied()
	}
	s.mu.Unlock()
	for _, name := range remove {
		errs = append(errs, s.root.Remove(name))
	}
	if err := errors.Join(errs...); err != nil {
		return attest.Refuse(CodeStorage, "directory", "old files removed", "").Because(err)
	}
	return nil
}

// newLog makes a durable empty log.
func (s *Store) newLog(name string) (*logWriter, error) {
	header := newLog()
	if err := writeFile(s.root, name, header); err != nil {
		return nil, attest.Refuse(CodeStorage, name, "a new log", "").Because(err)
	}
	f, err := s.root.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, attest.Refuse(CodeStorage, name, "a new log", "").Because(err)
	}
	return &logWriter{f: f, id: header[8:24], end: logHeader}, nil
}

// abandon removes a segment that did not come about.
func (s *Store) abandon(r *replacement) error {
	err := r.err
	if r.opened != nil {
		err = errors.Join(err, r.opened.close())
	}
	for _, suffix := range suffixes {
		_ = s.root.Remove(r.name + "." + suffix) // Open removes what is left
	}
	return err
}

// fanOut is how many segments of about one size are merged into one, and manySegments
// how many there may be before additions wait for merges.
const (
	fanOut       = 6
	manySegments = 4 * fanOut
)

// run returns which segments, by their statements, are to be merged: fanOut that follow
// each other, none of them more than about fanOut times as large as another; the least
// ones, so that each statement is written again as seldom as possible.
func run(statements []uint32) (from, n int) {
	least := uint64(maxStatements) + 1
	for i := 0; i+fanOut <= len(statements); i++ {
		list, sum := statements[i:i+fanOut], uint64(0)
		for _, n := range list {
			sum += uint64(n)
		}
		if uint64(slices.Max(list)) <= fanOut/2*uint64(slices.Min(list)) && sum < least {
			from, n, least = i, fanOut, sum
		}
	}
	return from, n
}
