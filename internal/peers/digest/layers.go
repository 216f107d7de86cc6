package main

import (
	"bufio"
	stdgzip "compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/peers/goals"
)

// layers measures an OCI layer: the SHA-256 of the uncompressed and of the
// compressed stream, beside the compression.
func layers(source string, t *goals.Table) error {
	var content []byte
	err := filepath.WalkDir(source, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || len(content) > 48<<20 {
			return err
		}
		b, err := os.ReadFile(name)
		content = append(content, b...)
		return err
	})
	if err != nil {
		return err
	}
	plain := func() { compress(gzip.NewWriter(io.Discard), content, nil) }
	layer := func() {
		diff, blob := newBeside(), newBeside()
		compress(gzip.NewWriter(blob), content, diff)
		diff.result()
		blob.result()
	}
	w := inWallTime(5, plain, layer)
	t.AtMost("layer with diffID and digest, two cores: wall, of the compression alone", ratio(w[1], w[0]), 1.03, "x").Number(12)
	d := inProcessTime(3, layer, func() { compress(stdgzip.NewWriter(io.Discard), content, nil) })
	t.AtMost("the same with klauspost/compress: CPU, of compress/gzip alone", ratio(d[0], d[1]), 0.35, "x").Number(12)
	return nil
}

// A beside hashes what is written to it on a goroutine of its own, a good many
// bytes at a time: a compressor writes them in small pieces.
type beside struct {
	*bufio.Writer
	pipe *io.PipeWriter
	sum  chan *digest.Result
}

func newBeside() *beside {
	r, w := io.Pipe()
	b := &beside{bufio.NewWriterSize(w, 256<<10), w, make(chan *digest.Result)}
	go func() {
		h := must(digest.New(digest.Options{}))
		must(h.ReadFrom(r))
		b.sum <- must(h.Finish())
	}()
	return b
}

func (b *beside) result() *digest.Result {
	if err := b.Flush(); err != nil {
		panic(err)
	}
	b.pipe.Close()
	return <-b.sum
}

// compress writes content in pieces to a compressor, and to another writer.
func compress(z io.WriteCloser, content []byte, also io.Writer) {
	for ; len(content) > 0; content = content[min(len(content), 64<<10):] {
		p := content[:min(len(content), 64<<10)]
		if also != nil {
			must(also.Write(p))
		}
		must(z.Write(p))
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
}
