package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/sealwright/sealwright/internal/peers/goals"
	"github.com/sealwright/sealwright/reproducible/measure"
)

func number(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }

// measuring takes snapshots of trees whose files are in the page cache after the
// first.
func measuring(t *goals.Table) error {
	var stats *measure.Tree
	stat := snapshot("/usr", measure.Options{StatOnly: true}, &stats)
	all, err := alternate(5, wall(stat), cpu(stat))
	if err != nil {
		return err
	}
	t.Note(fmt.Sprintf("stat snapshot of %d entries: wall and CPU, min", len(stats.Entries)), fmt.Sprintf("%.2f s, %.2f s", all[0].least()/1e3, all[1].least()))
	perEntry := 150_000 / float64(len(stats.Entries))
	t.AtMost("stat snapshot of 150,000 entries: wall, min", all[0].least()/1e3*perEntry, 0.4, " s")
	t.AtMost("the same: CPU over the processors, min", all[1].least()/float64(runtime.NumCPU())*perEntry, 0.4, " s")
	for _, root := range []string{"/usr/lib", "/usr/include"} {
		if err := digests(t, root); err != nil {
			return err
		}
	}
	return nil
}

func snapshot(root string, o measure.Options, tree **measure.Tree) func() error {
	return func() (err error) {
		*tree, err = measure.Snapshot(context.Background(), []string{root}, o)
		return err
	}
}

// digests compares a full snapshot with two things that do less: hashing as many
// messages of the same lengths that are in memory already, and opening, reading,
// hashing and closing files whose names are known, without a look at their
// attributes or at change. All use every processor.
func digests(t *goals.Table, root string) error {
	var tree *measure.Tree
	full := snapshot(root, measure.Options{}, &tree)
	if err := full(); err != nil {
		return err
	}
	var files []measure.Entry
	var size int64
	for _, e := range tree.Entries {
		if e.Kind == measure.File {
			files = append(files, e)
			size += e.Size
		}
	}
	all, err := alternate(3, wall(full), wall(onAll(files, hashMemory)), wall(onAll(files, hashFile)), cpu(full), cpu(onAll(files, hashFile)))
	if err != nil {
		return err
	}
	rate := func(s samples) float64 { return float64(size) / 1e3 / s.least() }
	what := "full digest of " + root
	t.Note(fmt.Sprintf("%s, %d entries, %d MB in %d files", what, len(tree.Entries), size/1e6, len(files)), fmt.Sprintf("%.0f MB/s", rate(all[0])))
	t.Note("the same lengths by crypto/sha256 in memory", fmt.Sprintf("%.0f MB/s", rate(all[1])))
	t.Note("the same files by open, read, crypto/sha256, close", fmt.Sprintf("%.0f MB/s", rate(all[2])))
	t.AtLeast(what+": speed, of crypto/sha256 in memory", rate(all[0])/rate(all[1]), 0.9, "x")
	t.Note(what+": speed, of open, read, crypto/sha256, close", fmt.Sprintf("%.3gx", rate(all[0])/rate(all[2])))
	t.Note("the same: CPU", fmt.Sprintf("%.3gx", all[3].least()/all[4].least()))
	return nil
}

// onAll does something to each file, on all processors.
func onAll(files []measure.Entry, do func(e *measure.Entry, buf []byte) error) func() error {
	return func() error {
		var next atomic.Int64
		errs := make([]error, runtime.NumCPU())
		var workers sync.WaitGroup
		for i := range errs {
			workers.Go(func() {
				buf := make([]byte, 128<<10)
				for errs[i] == nil {
					n := next.Add(1) - 1
					if n >= int64(len(files)) {
						return
					}
					errs[i] = do(&files[n], buf)
				}
			})
		}
		workers.Wait()
		for _, err := range errs {
			if err != nil {
				return err
			}
		}
		return nil
	}
}

func hashMemory(e *measure.Entry, buf []byte) error {
	h := sha256.New()
	for left := e.Size; left > 0; left -= int64(len(buf)) {
		_, _ = h.Write(buf[:min(left, int64(len(buf)))])
	}
	_ = h.Sum(nil)
	return nil
}

func hashFile(e *measure.Entry, buf []byte) error {
	f, err := os.Open(e.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.CopyBuffer(h, struct{ io.Reader }{f}, buf); err != nil { // not f's own buffer of 32 KiB
		return err
	}
	_ = h.Sum(nil)
	return nil
}
