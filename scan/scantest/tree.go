package scantest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/scan"
)

// A Tree is a scan.Source held in memory. It is safe for concurrent use while
// nobody changes it. Directories are delivered as far as paths imply them.
type Tree struct {
	Name  string
	Files map[string]string // content by path
	Links map[string]string // target by path
	Gaps  []scan.Gap        // told before the first entry
	Err   error             // returned at the end of every walk
	Want  digest.Set        // demanded of the walk, if not empty
}

// Text reads a tree from text in the form of txtar: a line "-- path --" begins a
// file, which lasts to the next such line; "-- path -> target --" is a symbolic
// link. What stands before the first line is a comment.
func Text(text string) *Tree {
	t := &Tree{Name: "text", Files: map[string]string{}, Links: map[string]string{}}
	name := ""
	for line := range strings.Lines(text) {
		if head, ok := header(line); ok {
			link, target, isLink := strings.Cut(head, " -> ")
			if isLink {
				t.Links[link], name = target, ""
				continue
			}
			name = head
			t.Files[name] = ""
			continue
		}
		if name != "" {
			t.Files[name] += line
		}
	}
	return t
}

func header(line string) (string, bool) {
	s, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "-- ")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(s, " --")
}

// Clone returns a copy that shares nothing that a test changes.
func (t *Tree) Clone() *Tree {
	c := *t
	c.Files, c.Links = maps.Clone(t.Files), maps.Clone(t.Links)
	return &c
}

// Subject implements scan.Source.
func (t *Tree) Subject() attest.Descriptor {
	return attest.Descriptor{Name: t.Name, Digest: t.Want}
}

// Walk implements scan.Source. The digest is over all headers and contents.
func (t *Tree) Walk(ctx context.Context, _ scan.Limits, sink scan.Sink) (scan.Receipt, error) {
	for _, g := range t.Gaps {
		sink.Gap(g)
	}
	sha := sha256.New()
	receipt := scan.Receipt{}
	for _, h := range t.headers() {
		if err := ctx.Err(); err != nil {
			return scan.Receipt{}, err
		}
		fmt.Fprintf(sha, "%q %q %d %q\n", h.Kind, h.Path, h.Size, h.Target)
		receipt.Entries++
		if h.Kind != scan.KindFile {
			if err := sink.Entry(h, nil); err != nil {
				return scan.Receipt{}, err
			}
			continue
		}
		content := io.TeeReader(strings.NewReader(t.Files[h.Path]), sha)
		if err := sink.Entry(h, content); err != nil {
			return scan.Receipt{}, err
		}
		if _, err := io.Copy(io.Discard, content); err != nil {
			return scan.Receipt{}, err
		}
		receipt.Bytes += h.Size
	}
	sum := digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(sha.Sum(nil))}
	receipt.Subject = attest.Descriptor{Name: t.Name, Digest: sum.Set()}
	return receipt, t.Err
}

func (t *Tree) headers() []scan.Header {
	byPath := map[string]scan.Header{}
	for name, content := range t.Files {
		byPath[name] = scan.Header{Path: name, Kind: scan.KindFile, Mode: 0o644, Size: int64(len(content))}
	}
	for name, target := range t.Links {
		byPath[name] = scan.Header{Path: name, Kind: scan.KindLink, Mode: fs.ModePerm, Target: target}
	}
	for name := range maps.Clone(byPath) {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			byPath[dir] = scan.Header{Path: dir, Kind: scan.KindDir, Mode: 0o755}
		}
	}
	var out []scan.Header
	for _, name := range slices.Sorted(maps.Keys(byPath)) {
		out = append(out, byPath[name])
	}
	return out
}

// section makes content readable as a session gets it.
func section(content []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(content), 0, int64(len(content)))
}
