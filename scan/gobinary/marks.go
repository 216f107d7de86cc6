package gobinary

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
)

// A trace is what a file shows of how it was made.
type trace struct {
	golang []string // marks of the Go linker
	packed bool
}

// marks searches the whole file, whatever its headers say of where things lie:
// section names are the first thing that goes when somebody strips a binary.
func marks(ctx context.Context, content *io.SectionReader) (trace, error) {
	found := trace{packed: packed(content)}
	err := chunks(ctx, content, func(chunk []byte, _ int64) { found.search(chunk) })
	slices.Sort(found.golang)
	return found, err
}

// overlap is how much of a chunk is seen again at the beginning of the next: more
// than the longest mark.
const overlap = 64

// chunks visits the whole content piece by piece, each with its offset.
func chunks(ctx context.Context, content *io.SectionReader, visit func(chunk []byte, at int64)) error {
	buffer := make([]byte, 256<<10)
	for at := int64(0); at < content.Size(); at += int64(len(buffer) - overlap) {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := content.ReadAt(buffer, at)
		visit(buffer[:n], at)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	return nil
}

func (t *trace) search(chunk []byte) {
	t.note("build id", bytes.Contains(chunk, []byte("\xff Go build ID: \"")))
	t.note("build information", bytes.Contains(chunk, []byte("\xff Go buildinf:")))
	t.note("build id note", bytes.Contains(chunk, []byte("\x04\x00\x00\x00Go\x00\x00")))
	t.note("line table", hasLineTable(chunk))
}

// packed reports whether the mark of UPX stands where UPX puts it: near the
// beginning, and in the trailer. Elsewhere it is only a text.
func packed(content *io.SectionReader) bool {
	head, tail := make([]byte, 4096), make([]byte, 256)
	h, _ := content.ReadAt(head, 0)
	t, _ := content.ReadAt(tail, max(0, content.Size()-int64(len(tail))))
	mark := []byte("UPX!")
	return bytes.Contains(head[:h], mark) || bytes.Contains(tail[:t], mark)
}

func (t *trace) note(mark string, seen bool) {
	if seen && !slices.Contains(t.golang, mark) {
		t.golang = append(t.golang, mark)
	}
}

// hasLineTable looks for the header of a Go line table (package debug/gosym): a
// magic number that differs by release, two zero bytes, the instruction quantum
// and the size of a pointer.
func hasLineTable(chunk []byte) bool {
	zeros := []byte{0xff, 0xff, 0xff}
	for rest := chunk; ; {
		i := bytes.Index(rest, zeros)
		if i < 0 {
			return false
		}
		if i >= 1 && len(rest) >= i+7 && lineTable(rest[i-1], rest[i+3:]) {
			return true // little endian: fx ff ff ff 00 00 q p
		}
		if len(rest) >= i+8 && lineTable(rest[i+3], rest[i+4:]) {
			return true // big endian: ff ff ff fx 00 00 q p
		}
		rest = rest[i+1:]
	}
}

func lineTable(magic byte, tail []byte) bool {
	switch magic {
	case 0xfb, 0xfa, 0xf0, 0xf1: // Go 1.2, 1.16, 1.18, 1.20
	default:
		return false
	}
	quantum, pointer := tail[2], tail[3]
	return tail[0] == 0 && tail[1] == 0 &&
		(quantum == 1 || quantum == 2 || quantum == 4) && (pointer == 4 || pointer == 8)
}
