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
	return s.flush(ctx)
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
	if err := s.flush(ctx); err != nil {
		return err
	}
	if len(s.segments) < 2 {
		return nil
	}
	return s.merge(ctx, len(s.segments))
}

// relieve writes the delta when it has grown, and merges segments of one size.
func (s *Store) relieve(ctx context.Context) error {
	if s.delta.bytes < cmp.Or(s.config.DeltaBytes, defaultDelta) {
		return nil
	}
	if err := s.flush(ctx); err != nil {
		return err
	}
	for {
		var sizes []uint32
		for _, p := range s.segments {
			sizes = append(sizes, p.statements())
		}
		n := tail(sizes)
		if n == 0 {
			return nil
		}
		if err := s.merge(ctx, n); err != nil {
			return err
		}
	}
}

// flush writes the delta as a segment and begins a new log.
func (s *Store) flush(ctx context.Context) error {
	if s.delta.statements() == 0 {
		return nil
	}
	s.delta.sort()
	return s.replace(ctx, 0, []part{s.delta})
}

// merge writes the last n segments as one.
func (s *Store) merge(ctx context.Context, n int) error {
	return s.replace(ctx, n, s.segments[len(s.segments)-n:])
}

// replace writes parts, the last n segments or the delta, as one new segment. It takes
// effect when the manifest is replaced; queries go on meanwhile.
func (s *Store) replace(ctx context.Context, n int, parts []part) error {
	next := *s.manifest
	name := segmentStem + strconv.FormatUint(next.Next, 10)
	entry, err := writeSegment(ctx, parts, s.create(name))
	entry.Name = name
	if err != nil {
		return s.abandon(name, err)
	}
	kept := len(next.Segments) - n
	old := next.Segments[kept:]
	next.Segments = append(slices.Clip(next.Segments[:kept]), entry)
	next.Next++
	opened, err := openSegment(s.root, entry, !s.config.NoMapping)
	if err != nil {
		return s.abandon(name, err)
	}
	remove := []string{}
	for _, e := range old {
		for _, suffix := range suffixes {
			remove = append(remove, e.Name+"."+suffix)
		}
	}
	var log *logWriter
	if n == 0 {
		remove = append(remove, next.Log)
		next.Log = logStem + strconv.FormatUint(next.Next, 10)
		next.Next++
		if log, err = s.newLog(next.Log); err != nil {
			return s.abandon(name, errors.Join(err, opened.close()))
		}
	}
	if err := writeManifest(s.root, &next); err != nil {
		// Which manifest is there is not known: the next Open finds out.
		s.mu.Lock()
		s.broken = attest.Refuse(CodeClosed, "store", "a durable manifest", "").Because(err)
		s.mu.Unlock()
		return attest.Refuse(CodeStorage, manifestName, "a durable manifest", "").Because(errors.Join(err, opened.close()))
	}
	return s.adopt(&next, kept, opened, log, remove)
}

// adopt lets queries see the new segment, and removes what it replaces.
func (s *Store) adopt(m *manifest, kept int, opened part, log *logWriter, remove []string) error {
	s.mu.Lock()
	var errs []error
	for _, p := range s.segments[kept:] {
		errs = append(errs, p.close())
	}
	s.segments = append(slices.Clip(s.segments[:kept]), opened)
	s.manifest = m
	if log != nil {
		errs = append(errs, s.log.f.Close())
		s.log, s.delta = log, newDelta()
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
func (s *Store) abandon(name string, cause error) error {
	for _, suffix := range suffixes {
		_ = s.root.Remove(name + "." + suffix) // Open removes what is left
	}
	return cause
}
