package scantest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"reflect"

	"github.com/sealwright/sealwright/scan"
)

// CheckSource reports, by a nil error, that a source keeps the contract of
// scan.Source as far as walking it can show. The source must hold at least one
// file that is not empty, and must not change meanwhile.
//
// Its clauses: every path is valid, told once, and after its directory; content
// comes with files only and is as long as its header says; the receipt counts
// what was delivered and has a digest; walking again, and reading less, gives
// the same receipt; gaps have a code and a place; an error of the sink and the
// end of the context end the walk.
func CheckSource(ctx context.Context, s scan.Source) error {
	k := &sourceKit{ctx: ctx, source: s}
	whole := &recorder{read: io.Copy, whole: true}
	receipt, err := s.Walk(ctx, scan.Limits{}, whole)
	if err != nil {
		return fmt.Errorf("walk: %w", err)
	}
	k.violations = append(k.violations, whole.violations...)
	k.receipt(receipt, whole)
	k.again(receipt, whole)
	k.sinkError(whole)
	k.cancelled()
	return errors.Join(k.violations...)
}

type sourceKit struct {
	ctx        context.Context
	source     scan.Source
	violations []error
}

func (k *sourceKit) fail(clause, format string, args ...any) {
	k.violations = append(k.violations, fmt.Errorf(clause+": "+format, args...))
}

func (k *sourceKit) receipt(r scan.Receipt, seen *recorder) {
	if r.Entries != int64(len(seen.headers)) || r.Bytes != seen.bytes {
		k.fail("receipt", "counts %d entries and %d bytes of %d and %d", r.Entries, r.Bytes, len(seen.headers), seen.bytes)
	}
	if _, ok := r.Subject.Digest.Strongest(); !ok {
		k.fail("receipt", "no digest that resists collisions: %v", r.Subject.Digest)
	}
	if seen.bytes == 0 {
		k.fail("sample", "the source has no content")
	}
}

// again walks with sinks that read nothing, and one byte.
func (k *sourceKit) again(first scan.Receipt, seen *recorder) {
	for _, read := range []func(io.Writer, io.Reader) (int64, error){
		io.Copy,
		func(io.Writer, io.Reader) (int64, error) { return 0, nil },
		func(w io.Writer, r io.Reader) (int64, error) { return io.CopyN(w, r, 1) },
	} {
		other := &recorder{read: read}
		receipt, err := k.source.Walk(k.ctx, scan.Limits{}, other)
		if err != nil {
			k.fail("again", "%v", err)
			continue
		}
		if !reflect.DeepEqual(first, receipt) {
			k.fail("again", "the receipt changes from %v to %v", first, receipt)
		}
		if !reflect.DeepEqual(seen.headers, other.headers) || !reflect.DeepEqual(seen.gaps, other.gaps) {
			k.fail("again", "the entries or gaps change")
		}
	}
}

func (k *sourceKit) sinkError(seen *recorder) {
	for _, after := range []int{1, len(seen.headers)} {
		stop := errors.New("enough")
		sink := &recorder{read: io.Copy, stop: stop, after: after}
		_, err := k.source.Walk(k.ctx, scan.Limits{}, sink)
		if !errors.Is(err, stop) {
			k.fail("sink error", "an error at entry %d gives %v", after, err)
		}
		if len(sink.headers) > after {
			k.fail("sink error", "entries follow an error")
		}
	}
}

func (k *sourceKit) cancelled() {
	ctx, cancel := context.WithCancel(k.ctx)
	cancel()
	if _, err := k.source.Walk(ctx, scan.Limits{}, &recorder{read: io.Copy}); !errors.Is(err, context.Canceled) {
		k.fail("cancelled", "a cancelled context gives %v", err)
	}
}

// A recorder is a sink that checks what it is given.
type recorder struct {
	read       func(io.Writer, io.Reader) (int64, error)
	whole      bool // read reads everything
	stop       error
	after      int
	headers    []scan.Header
	kinds      map[string]scan.Kind
	gaps       []scan.Gap
	bytes      int64
	violations []error
}

func (r *recorder) fail(format string, args ...any) {
	r.violations = append(r.violations, fmt.Errorf("entry: "+format, args...))
}

// Entry implements scan.Sink.
func (r *recorder) Entry(h scan.Header, content io.Reader) error {
	r.check(h, content)
	r.headers = append(r.headers, h)
	if r.stop != nil && len(r.headers) >= r.after {
		return r.stop
	}
	if content == nil {
		return nil
	}
	n, err := r.read(io.Discard, content)
	r.bytes += n
	if r.whole && n != h.Size {
		r.fail("%q has %d bytes, its header says %d", h.Path, n, h.Size)
	}
	if errors.Is(err, io.EOF) {
		return nil // asked for a byte of an empty file
	}
	return err
}

// Gap implements scan.Sink.
func (r *recorder) Gap(g scan.Gap) {
	r.gaps = append(r.gaps, g)
	if g.Reason.Code == "" || g.Path == "" && g.Record == "" {
		r.violations = append(r.violations, fmt.Errorf("gap: %v has no code or no place", g))
	}
}

func (r *recorder) check(h scan.Header, content io.Reader) {
	if !fs.ValidPath(h.Path) || h.Path == "." {
		r.fail("%q is no valid path", h.Path)
	}
	if r.kinds == nil {
		r.kinds = map[string]scan.Kind{".": scan.KindDir}
	}
	if r.kinds[h.Path] != 0 {
		r.fail("%q is told twice", h.Path)
	}
	if r.kinds[path.Dir(h.Path)] != scan.KindDir {
		r.fail("%q does not come after its directory", h.Path)
	}
	r.kinds[h.Path] = h.Kind
	if (h.Kind == scan.KindFile) != (content != nil) {
		r.fail("%q: content belongs to files only", h.Path)
	}
	if h.Kind != scan.KindFile && h.Kind != scan.KindDir && h.Kind != scan.KindLink {
		r.fail("%q: unknown kind", h.Path)
	}
	if (h.Kind == scan.KindLink) != (h.Target != "") {
		r.fail("%q: a target belongs to links only", h.Path)
	}
}
