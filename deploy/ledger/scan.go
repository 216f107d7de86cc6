package ledger

import (
	"bufio"
	"context"
	"errors"
	"io"

	"github.com/sealwright/sealwright/attest"
)

// A scan reads the entries of a ledger in order and checks each frame. Nothing
// that it gives may be believed before the tree's root is checked.
type scan struct {
	dir      Dir
	maxEntry int
	sealed   uint64 // entries that the checkpoint covers: all must be there
	beyond   bool   // read on after them
	visit    func(s segment, offset int64, f frame) error

	count uint64 // entries seen
	buf   []byte
}

// A tail is where a scan ended.
type tail struct {
	last    *segment // the last segment that was read; nil if there is none
	good    int64    // the length of its intact part; 0 if not even the header is
	length  int64    // the length of its file
	torn    error    // why the rest is not intact; nil if there is no rest
	entries uint64
}

// run reads everything. The error is a *DamageError unless a file cannot be read.
func (s *scan) run(ctx context.Context) (tail, error) {
	names, err := s.dir.Names()
	if err != nil {
		return tail{}, attest.Refuse(CodeRead, "directory", "its names", "").Because(err)
	}
	segments, err := segmentsOf(names)
	if err != nil {
		return tail{}, err
	}
	var end tail
	for i, seg := range segments {
		if s.count == s.sealed && !s.beyond {
			break
		}
		// A writer begins a segment only when everything before it is sealed.
		if seg.first != s.count || seg.first > s.sealed {
			err := attest.Refuse(CodeSegment, seg.name, newSegment(s.count).name, seg.name)
			return tail{}, &DamageError{s.count, seg.name, err}
		}
		if end, err = s.segment(ctx, seg); err != nil {
			return tail{}, err
		}
		if end.torn != nil && (s.count < s.sealed || i < len(segments)-1) {
			return tail{}, &DamageError{s.count, seg.name, end.torn}
		}
	}
	if s.count < s.sealed {
		err := attest.Refuse(CodeShort, "segments", entries(s.sealed), entries(s.count))
		return tail{}, &DamageError{s.count, newSegment(s.count).name, err}
	}
	end.entries = s.count
	return end, nil
}

// segment reads one segment. What is wrong with its content is the tail's torn;
// the error is what keeps it from being read or what visit returns.
func (s *scan) segment(ctx context.Context, seg segment) (tail, error) {
	f, err := s.dir.Open(seg.name)
	if err != nil {
		return tail{}, attest.Refuse(CodeRead, seg.name, "a readable file", "").Because(err)
	}
	defer f.Close()
	length, err := f.Size()
	if err != nil {
		return tail{}, attest.Refuse(CodeRead, seg.name, "its size", "").Because(err)
	}
	end := tail{last: &seg, length: length}
	r := bufio.NewReaderSize(io.NewSectionReader(f, 0, length), 1<<18)
	if err := seg.readHeader(r); err != nil {
		end.torn = err
		return end, unreadable(err)
	}
	end.good = segmentHeader
	for s.beyond || s.count < s.sealed {
		if err := ctx.Err(); err != nil {
			return tail{}, err
		}
		var fr frame
		fr, s.buf, err = readFrame(r, s.buf, s.count, s.maxEntry)
		if err == io.EOF {
			return end, nil
		}
		if err != nil {
			end.torn = err
			return end, unreadable(err)
		}
		if err := s.visit(seg, end.good, fr); err != nil {
			return tail{}, &DamageError{s.count, seg.name, err}
		}
		end.good += frameHeader + int64(len(fr.entry))
		s.count++
	}
	return end, nil
}

// unreadable returns err if the storage failed, and nil if it gave bytes that
// are wrong: only the latter may be the trace of a crash.
func unreadable(err error) error {
	var e *attest.Error
	if errors.As(err, &e) && e.Code == CodeRead {
		return err
	}
	return nil
}
