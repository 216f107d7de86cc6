package scan

import (
	"context"
	"io"
	"os"
	"path"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// File returns one regular file below root as a Source, such as a binary. Its
// digest is the SHA-256 digest of its content. If want is not empty, the content
// must match it (digest.Set.Match), or the scan is refused with CodeDigest.
//
// A symbolic link or special file is refused with CodeSpecial, a file that
// changes while it is read with CodeChanged. The caller keeps root open during
// Walk. A source may be walked concurrently.
func File(root *os.Root, name string, want digest.Set) Source { return file{root, name, want} }

type file struct {
	root *os.Root
	name string
	want digest.Set
}

// Subject implements Source.
func (f file) Subject() attest.Descriptor {
	return attest.Descriptor{Name: path.Base(f.name), Digest: f.want}
}

// Walk implements Source.
func (f file) Walk(ctx context.Context, _ Limits, sink Sink) (Receipt, error) {
	if f.root == nil {
		return Receipt{}, attest.Refuse(CodeNil, "File", "a root", "nil")
	}
	if err := ctx.Err(); err != nil {
		return Receipt{}, err
	}
	open, before, err := f.open()
	if err != nil {
		return Receipt{}, err
	}
	defer open.Close()
	content := newContent(open, before.Size())
	h := Header{Path: path.Base(f.name), Kind: KindFile, Mode: before.Mode().Perm(), Size: before.Size()}
	if err := sink.Entry(h, content); err != nil {
		return Receipt{}, err
	}
	if _, err := io.Copy(io.Discard, content); err != nil {
		return Receipt{}, err
	}
	after, err := open.Stat()
	if err == nil {
		err = content.failed
	}
	if err != nil || content.n != h.Size || content.more || changed(before, after) {
		return Receipt{}, attest.Refuse(CodeChanged, f.name, "a file that stays as it is", "").Because(err)
	}
	subject := attest.Descriptor{Name: h.Path, Digest: content.sum().Set()}
	return Receipt{Subject: subject, Entries: 1, Bytes: content.n}, nil
}

// open opens the file if it is a regular one, not following a link in its place.
func (f file) open() (*os.File, os.FileInfo, error) {
	info, err := f.root.Lstat(f.name)
	if err != nil {
		return nil, nil, attest.Refuse(CodeUnreadable, f.name, "a file", "").Because(err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, attest.Refuse(CodeSpecial, f.name, "a regular file", info.Mode().Type().String())
	}
	if !tellable(f.name) {
		return nil, nil, attest.Refuse(CodeEntryName, "file", "a printable UTF-8 name", Quote(f.name))
	}
	open, err := f.root.OpenFile(f.name, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, nil, attest.Refuse(CodeUnreadable, f.name, "a file", "").Because(err)
	}
	opened, err := open.Stat()
	if err != nil || !os.SameFile(info, opened) {
		open.Close()
		return nil, nil, attest.Refuse(CodeSwapped, f.name, "the file that was examined", "").Because(err)
	}
	return open, opened, nil
}
