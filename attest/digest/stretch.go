package digest

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/internal/sha256x"
)

// A stretch is a part of a message to fold through SHA-256: bytes offset to end
// of src, which begin on a block, into state. The last stretch of a message also
// takes in the padding, so that its state becomes the digest.
type stretch struct {
	src         io.ReaderAt
	offset, end int64
	last        bool // the message ends at end
	state       sha256x.State
	id          int64 // for the caller

	buf []byte // of the slot
}

// A folder folds stretches side by side in the lanes of the processor. It holds
// its buffers; one goroutine uses it.
type folder struct {
	slots  []stretch
	states []sha256x.State
	data   [][]byte
	errs   []error
	spare  [][]byte // buffers of the slots that are not in use
	size   int      // of a buffer, without the room for padding
}

// padRoom is the most that pad appends.
const padRoom = sha256x.BlockSize + 8

// newFolder returns a folder for a few more stretches than there are lanes, so
// that short ones do not leave lanes idle. Its buffers hold 256 KiB in all, or
// 16 KiB for each slot.
func newFolder() *folder {
	n := 2 * sha256x.Lanes()
	size := max(16<<10, min(bufferSize, 256<<10/n))
	f := &folder{size: size, slots: make([]stretch, 0, n), states: make([]sha256x.State, n), data: make([][]byte, n), errs: make([]error, n)}
	for range n {
		f.spare = append(f.spare, make([]byte, 0, size+padRoom))
	}
	return f
}

// free returns how many stretches can be added.
func (f *folder) free() int { return len(f.spare) }

// busy reports whether there is something to fold.
func (f *folder) busy() bool { return len(f.slots) > 0 }

// add takes up a stretch.
func (f *folder) add(s stretch) {
	last := len(f.spare) - 1
	s.buf = f.spare[last]
	f.spare = f.spare[:last]
	f.slots = append(f.slots, s)
}

// A viewer is a Source whose bytes can be folded where they lie, while use runs.
type viewer interface {
	view(offset, end int64) []byte
	use(read func()) error
}

// step folds the next buffer of each stretch and hands those that ended, or that
// cannot be read, to done. It returns the number of bytes folded. All stretches
// are of one viewer, or of none.
func (f *folder) step(ctx context.Context, done func(s *stretch, err error)) (n int64) {
	// The longest first, as Fold likes it.
	slices.SortFunc(f.slots, func(a, b stretch) int { return cmp.Compare(b.end-b.offset, a.end-a.offset) })
	if v, ok := f.slots[0].src.(viewer); ok {
		if err := v.use(func() { n = f.fold(ctx, v) }); err != nil {
			n = 0
			for i := range f.slots {
				f.errs[i] = err // nobody knows whose bytes are missing
			}
		}
	} else {
		n = f.fold(ctx, nil)
	}
	errs := f.errs
	kept := f.slots[:0]
	for i := range f.slots {
		s := &f.slots[i]
		s.state = f.states[i]
		if errs[i] == nil && s.offset < s.end {
			kept = append(kept, *s)
			continue
		}
		f.spare = append(f.spare, s.buf[:0])
		done(s, errs[i])
	}
	f.slots = kept
	return n
}

// fold folds the next buffer of each stretch.
func (f *folder) fold(ctx context.Context, v viewer) (n int64) {
	for i := range f.slots {
		s := &f.slots[i]
		m := min(int64(f.size), s.end-s.offset)
		f.states[i], f.errs[i] = s.state, nil
		if v != nil && s.offset+m < s.end && ctx.Err() == nil {
			f.data[i] = v.view(s.offset, s.offset+m)
			s.offset += m
			n += m
			continue
		}
		if f.errs[i] = s.read(ctx, int(m)); f.errs[i] != nil {
			s.buf = s.buf[:0]
		}
		n += int64(len(s.buf))
		if s.last && s.offset == s.end && f.errs[i] == nil {
			s.buf = pad(s.buf, s.end)
		}
		f.data[i] = s.buf
	}
	sha256x.Fold(f.states[:len(f.slots)], f.data[:len(f.slots)])
	clear(f.data)
	return n
}

// read fills the buffer with the next n bytes. At the end of the message it looks
// for a byte more, in the room for padding.
func (s *stretch) read(ctx context.Context, n int) error {
	if err := cancelled(ctx); err != nil {
		return err
	}
	ask := n
	if s.last && s.offset+int64(n) == s.end {
		ask++
	}
	s.buf = s.buf[:ask]
	m, err := s.src.ReadAt(s.buf, s.offset)
	if m < 0 || m > ask || m < ask && err == nil {
		return &Error{Code: CodeReader, Where: "io.ReaderAt", Want: strconv.Itoa(ask) + " bytes or an error", Got: strconv.Itoa(m)}
	}
	if endOf(err) != nil { // also beside all the bytes
		return readError(err)
	}
	if m < n {
		return &Error{Code: CodeSize, Where: "content", Want: "at least " + strconv.FormatInt(s.end, 10) + " bytes", Got: strconv.FormatInt(s.offset+int64(m), 10)}
	}
	if m > n {
		return tooLong(s.end)
	}
	s.buf = s.buf[:n]
	s.offset += int64(n)
	return nil
}

func tooLong(size int64) error {
	return &Error{Code: CodeSize, Where: "content", Want: strconv.FormatInt(size, 10) + " bytes", Got: "more"}
}
