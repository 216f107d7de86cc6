package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/merkle"
	"github.com/sealwright/sealwright/internal/peers/goals"
)

func allocations(f func()) float64 { return testing.AllocsPerRun(5, f) }

// A memoryFile is a tree file in memory.
type memoryFile struct{ b []byte }

func (f *memoryFile) WriteAt(p []byte, offset int64) (int, error) {
	if need := int(offset) + len(p); need > len(f.b) {
		f.b = append(f.b, make([]byte, need-len(f.b))...)
	}
	return copy(f.b[offset:], p), nil
}

func (f *memoryFile) ReadAt(p []byte, offset int64) (int, error) {
	n := copy(p, f.b[min(int(offset), len(f.b)):])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// A counter counts what is read.
type counter struct {
	io.ReaderAt
	reads, bytes int64
}

func (c *counter) ReadAt(p []byte, offset int64) (int, error) {
	c.reads++
	c.bytes += int64(len(p))
	return c.ReaderAt.ReadAt(p, offset)
}

// states measures what saved states and stored trees save, on a sparse file of
// 10 GiB.
func states(dir string, t *goals.Table) error {
	const size = 10 * gib
	file, err := os.Create(filepath.Join(dir, "sparse"))
	if err != nil {
		return err
	}
	defer file.Close()
	if err := file.Truncate(size); err != nil {
		return err
	}
	if err := resume(file, size, t); err != nil {
		return err
	}
	return verifiedReads(dir, file, t)
}

func resume(file *os.File, size int64, t *goals.Table) error {
	algorithms := digest.Options{Algorithms: []digest.Algorithm{digest.SHA256, digest.FSVeritySHA256}}
	// Any content will do to bring a hasher there; the time is not measured.
	at := size / 10
	h := must(digest.New(algorithms))
	must(io.Copy(h, io.NewSectionReader(file, 0, at)))
	key := make([]byte, 32)
	sealed := must(must(h.State()).Seal(key, "append"))
	extra := make([]byte, 1<<20)
	began := make([]time.Duration, 0, 31)
	for range 31 {
		start := time.Now()
		h := must(digest.Resume(must(digest.OpenState(key, "append", sealed)), at, algorithms))
		must(h.Write(extra))
		must(h.Finish())
		began = append(began, time.Since(start))
	}
	t.AtMost("append 1 MiB from a sealed state (after 1 GiB; it does not depend on the size)", float64(medianOf([][]time.Duration{began})[0].Microseconds())/1000, 3, " ms").Number(9)

	read := &counter{ReaderAt: file}
	h = must(digest.Resume(must(digest.OpenState(key, "append", sealed)), at, algorithms))
	rest := io.NewSectionReader(read, at, at/9)
	must(io.Copy(h, rest))
	again := max(0, read.bytes-at/9-(64<<10))
	t.AtMost("resume at 90 %: bytes before the offset that are read again", float64(again), 0, "").Number(11)
	return nil
}

func verifiedReads(dir string, file *os.File, t *goals.Table) error {
	ctx := context.Background()
	out, err := os.Create(filepath.Join(dir, "sparse.tree"))
	if err != nil {
		return err
	}
	defer out.Close()
	root := must(merkle.Build(ctx, must(digest.FileSource(file)), merkle.Params{Kind: merkle.FSVerity}, merkle.BuildOptions{Out: out}))
	data, hashes := &counter{ReaderAt: file}, &counter{ReaderAt: out}
	p := make([]byte, 4096)
	random := rand.New(rand.NewPCG(5, 6))
	var most int64
	var tree *merkle.Tree
	read := func(block int64) { must(tree.ReaderAt(data).ReadAt(p, block*4096)) }
	var cold []time.Duration
	for range 501 {
		tree = must(merkle.OpenTree(root, out)) // its top block is verified now
		tree = must(merkle.OpenTree(root, hashes))
		hashes.reads, data.bytes = 0, 0
		start := threadTime()
		read(random.Int64N(root.Size / 4096))
		cold = append(cold, threadTime()-start)
		most = max(most, hashes.reads+1)
		if data.bytes != 4096 {
			return fmt.Errorf("a read of 4 KiB read %d bytes", data.bytes)
		}
	}
	t.AtMost("verified read of 4 KiB from 10 GiB: blocks of hashes read, with the top one", float64(most), 4, "").Number(10)
	t.AtMost("the same: CPU, nothing but the top block cached", micros(cold), 25, " us").Number(10)
	reader := tree.ReaderAt(file)
	const several = 64 // reading the clock takes a while itself
	warm := inMemory(101, func() {
		for i := range int64(several) {
			must(reader.ReadAt(p, 4096*i))
		}
	})
	t.AtMost("the same: CPU, blocks of hashes cached", float64(warm[0].Nanoseconds())/1000/several, 4, " us").Number(10)

	hashes.reads, data.bytes = 0, 0
	tree = must(merkle.OpenTree(root, hashes))
	start := time.Now()
	must(tree.Update(ctx, data, []merkle.Range{{Offset: 5 * gib, Length: 1}}, out))
	t.AtMost("new fs-verity root after a change of one byte: content read", float64(data.bytes), 4096, " bytes").Number(9)
	t.AtMost("the same: blocks of hashes read", float64(hashes.reads-2), 4, "").Number(9) // without the look at the length
	t.Note("the same: time", time.Since(start).Round(time.Microsecond).String()).Number(9)
	return nil
}

func micros(d []time.Duration) float64 {
	return float64(medianOf([][]time.Duration{d})[0].Nanoseconds()) / 1000
}
