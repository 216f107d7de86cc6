package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"strconv"
	"sync"

	"github.com/sealwright/sealwright/reproducible/measure"
)

func number(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }

// measuring takes snapshots of /usr, whose files are in the page cache after the
// first.
func measuring(t *table) error {
	snapshot := func(root string, o measure.Options, tree **measure.Tree) func() error {
		return func() (err error) {
			*tree, err = measure.Snapshot(context.Background(), []string{root}, o)
			return err
		}
	}
	var stats, full *measure.Tree
	stat := snapshot("/usr", measure.Options{StatOnly: true}, &stats)
	digests := snapshot("/usr/lib", measure.Options{}, &full)
	all, err := alternate(5, wall(stat), cpu(stat))
	if err != nil {
		return err
	}
	t.note(fmt.Sprintf("stat snapshot of %d entries: wall and CPU, min", len(stats.Entries)),
		fmt.Sprintf("%.2f s, %.2f s", all[0].least()/1e3, all[1].least()))
	perEntry := 150_000 / float64(len(stats.Entries))
	t.atMost("stat snapshot of 150,000 entries, min", all[0].least()/1e3*perEntry, 0.4, " s")
	t.atMost("the same, CPU over the processors", all[1].least()/float64(runtime.NumCPU())*perEntry, 0.4, " s")
	if all, err = alternate(3, wall(digests), wall(hash)); err != nil {
		return err
	}
	var size int64
	for _, e := range full.Entries {
		if e.Kind == measure.File {
			size += e.Size
		}
	}
	rate := float64(size) / 1e3 / all[0].least()
	base := float64(hashed*runtime.NumCPU()) / 1e3 / all[1].least()
	t.note(fmt.Sprintf("full digest of /usr/lib, %d entries, %d MB; crypto/sha256 on all processors", len(full.Entries), size/1e6),
		fmt.Sprintf("%.0f MB/s; %.0f MB/s", rate, base))
	t.atLeast("full digest over the speed of crypto/sha256", rate/base, 0.9, "x")
	return nil
}

const hashed = 512 << 20 // bytes on each processor

func hash() error {
	var all sync.WaitGroup
	for range runtime.NumCPU() {
		all.Go(func() {
			h := sha256.New()
			block := make([]byte, 1<<20)
			for range hashed / len(block) {
				_, _ = h.Write(block)
			}
			_ = h.Sum(nil)
		})
	}
	all.Wait()
	return nil
}
