package treehash

import (
	"context"
	"io/fs"
	"iter"
	"strconv"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// sumFS is a summer for a file system that is not a directory: one file after
// the other.
func (w *listing) sumFS(ctx context.Context, names iter.Seq[string], o digest.Options) iter.Seq2[digest.FileResult, error] {
	return func(yield func(digest.FileResult, error) bool) {
		done := int64(0)
		if p := w.options.Progress; p != nil {
			o.Progress = func(n, _ int64) { p(done+n, -1) }
		}
		o.Workers = w.options.Workers
		for name := range names {
			r, err := sumFSFile(ctx, w.fsys, name, o)
			done += r.Size
			if !yield(r, err) {
				return
			}
		}
	}
}

func sumFSFile(ctx context.Context, fsys fs.FS, name string, o digest.Options) (digest.FileResult, error) {
	failed := digest.FileResult{Name: name}
	f, err := fsys.Open(name)
	if err != nil {
		return failed, readError(name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return failed, readError(name, err)
	}
	if !info.Mode().IsRegular() {
		return failed, refuse(CodeChanged, excerpt.Quote(name), "a regular file", info.Mode().Type().String())
	}
	o.Size = info.Size()
	r, err := digest.Sum(ctx, f, o)
	if err != nil {
		return failed, err
	}
	if r.Size != info.Size() {
		return failed, refuse(CodeChanged, excerpt.Quote(name), strconv.FormatInt(info.Size(), 10)+" bytes", strconv.FormatInt(r.Size, 10))
	}
	return digest.FileResult{Name: name, Info: info, Result: *r}, nil
}
