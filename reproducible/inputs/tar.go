package inputs

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// Tar unpacks a tar archive, plain or compressed with gzip or zstd, whose bytes as
// r yields them have the SHA-256 digest want.
func (c Config) Tar(ctx context.Context, r io.Reader, want digest.Digest) (*Tree, error) {
	var t *Tree
	err := c.inPrivate(func(root *os.Root) error {
		u := newUnpacking(ctx, c, root)
		if err := u.pinned(r, want, u.archive); err != nil {
			return err
		}
		var err error
		t, err = c.put(ctx, root, u.dropped)
		return err
	})
	return t, err
}

// An unpacking writes the entries of one or several archives below root.
type unpacking struct {
	ctx     context.Context
	root    *os.Root
	limits  Limits
	dropped []Dropped
	// entries and bytes are what may still come.
	entries int
	bytes   int64
	// layered says that a later archive may replace what an earlier one holds, and
	// that names beginning with ".wh." take something away.
	layered bool
	seen    map[string]bool // entries of the archive at hand
}

func newUnpacking(ctx context.Context, c Config, root *os.Root) *unpacking {
	l := c.Limits.withDefaults()
	return &unpacking{ctx: ctx, root: root, limits: l, entries: l.Entries, bytes: l.Bytes}
}

// pinned has do read r and then holds all of r's bytes against their digest. What
// do has done counts for nothing before that.
func (u *unpacking) pinned(r io.Reader, want digest.Digest, do func(io.Reader) error) error {
	if want.Algorithm != digest.SHA256 || want.Validate() != nil {
		return attest.Refuse(CodeConfig, "digest", "a SHA-256 digest", excerpt.Quote(want.String()))
	}
	h := sha256.New()
	whole := io.TeeReader(&cancelling{u.ctx, r}, h)
	if err := do(whole); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, whole); err != nil {
		return readError(u.ctx, err)
	}
	if got := (digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(h.Sum(nil))}); got != want {
		return attest.Refuse(CodeDigest, "archive", want.String(), got.String())
	}
	return nil
}

// cancelling is a reader that ends with its context.
type cancelling struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancelling) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, cancelled(c.ctx)
	}
	return c.r.Read(p)
}

// readError keeps the reasons of our own readers and explains others.
func readError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return cancelled(ctx)
	}
	if len(attest.Reasons(err)) > 0 {
		return err
	}
	return attest.Refuse(CodeArchive, "archive", "a whole one", "").Because(err)
}

// archive unpacks one tar archive.
func (u *unpacking) archive(r io.Reader) error {
	plain, done, err := u.decompress(r)
	if err != nil {
		return err
	}
	defer done()
	u.seen = map[string]bool{}
	blocks := &blocks{r: plain}
	t := tar.NewReader(blocks)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return u.end(blocks)
		}
		if err != nil {
			return readError(u.ctx, err)
		}
		if err := u.entry(h, t); err != nil {
			return err
		}
	}
}

// blocks counts the bytes of an archive, and the zeros at its end.
type blocks struct {
	r        io.Reader
	n, zeros int64
}

func (b *blocks) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.n += int64(n)
	end := int64(n - len(bytes.TrimRight(p[:n], "\x00")))
	if end == int64(n) {
		b.zeros += end
	} else {
		b.zeros = end
	}
	return n, err
}

// end refuses an archive that does not end with whole blocks, two of zeros, and
// whatever but zeros follows these: other programs would read a second archive
// there.
func (u *unpacking) end(b *blocks) error {
	buffer := make([]byte, 32<<10)
	for {
		n, err := b.Read(buffer)
		if len(bytes.Trim(buffer[:n], "\x00")) > 0 {
			return attest.Refuse(CodeArchive, "archive", "nothing after its end", "more")
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return readError(u.ctx, err)
		}
	}
	if b.n%512 != 0 || b.zeros < 2*512 {
		return attest.Refuse(CodeArchive, "archive", "an end of two blocks of zeros", strconv.FormatInt(b.n, 10)+" bytes")
	}
	return nil
}

// decompress recognises gzip and zstd by their first bytes.
func (u *unpacking) decompress(r io.Reader) (plain io.Reader, done func(), err error) {
	packed := &counter{r: r}
	b := bufio.NewReaderSize(packed, 64<<10)
	head, err := b.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, readError(u.ctx, err)
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, nil, readError(u.ctx, err)
		}
		return &bounded{r: z, packed: packed, ratio: u.limits.Ratio}, func() { _ = z.Close() }, nil
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, nil, readError(u.ctx, err)
		}
		return &bounded{r: z, packed: packed, ratio: u.limits.Ratio}, z.Close, nil
	}
	return b, func() {}, nil
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// bounded refuses to unpack more than ratio times what it was fed.
type bounded struct {
	r      io.Reader
	packed *counter
	n      int64
	ratio  int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.n += int64(n)
	if b.n > 1<<20 && b.n/b.ratio > b.packed.n {
		return 0, attest.Refuse(CodeLimit, "archive", "content within Limits.Ratio", "more")
	}
	return n, err
}

// entry unpacks one entry.
func (u *unpacking) entry(h *tar.Header, content io.Reader) error {
	name, err := cleanName(h.Name)
	if err != nil {
		return err
	}
	if u.entries--; u.entries < 0 {
		return attest.Refuse(CodeLimit, "archive", "entries within Limits.Entries", "more")
	}
	if u.layered {
		if hidden, ok := strings.CutPrefix(path.Base(name), ".wh."); ok {
			return u.whiteout(path.Dir(name), hidden)
		}
	}
	if name == "." {
		if h.Typeflag != tar.TypeDir {
			return attest.Refuse(CodeType, ".", "a directory", string(h.Typeflag))
		}
		return nil
	}
	if u.seen[name] {
		return attest.Refuse(CodeDuplicate, excerpt.Quote(name), "one entry", "another")
	}
	u.seen[name] = true
	if err := u.parents(path.Dir(name)); err != nil {
		return err
	}
	return u.make(name, h, content)
}

// make creates what an entry describes.
func (u *unpacking) make(name string, h *tar.Header, content io.Reader) error {
	info, err := u.root.Lstat(name)
	exists := err == nil
	if h.Typeflag == tar.TypeDir && exists && info.IsDir() {
		return u.special(name, h) // a directory above an entry that came first
	}
	if exists {
		if !u.layered {
			return attest.Refuse(CodeDuplicate, excerpt.Quote(name), "one entry", "another")
		}
		if err := u.root.RemoveAll(name); err != nil {
			return machineError(name, err)
		}
	}
	switch h.Typeflag {
	case tar.TypeDir:
		err = u.root.Mkdir(name, 0o755)
	case tar.TypeReg:
		err = u.file(name, fs.FileMode(h.Mode).Perm(), content)
	case tar.TypeSymlink:
		err = u.root.Symlink(h.Linkname, name)
	case tar.TypeLink:
		return u.copy(name, h.Linkname)
	case tar.TypeChar, tar.TypeBlock:
		return u.drop(name, "device")
	case tar.TypeFifo:
		return u.drop(name, "FIFO")
	default:
		return attest.Refuse(CodeType, excerpt.Quote(name), "a file, a directory or a link", excerpt.Quote(string(h.Typeflag)))
	}
	if err != nil {
		if len(attest.Reasons(err)) > 0 {
			return err
		}
		return machineError(name, err)
	}
	return u.special(name, h)
}

// special tells of what a tree of the store does not keep.
func (u *unpacking) special(name string, h *tar.Header) error {
	if h.Mode&0o7000 != 0 && h.Typeflag != tar.TypeSymlink {
		u.dropped = append(u.dropped, Dropped{name, "special mode bits"})
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "SCHILY.xattr.") {
			u.dropped = append(u.dropped, Dropped{name, "extended attributes"})
			break
		}
	}
	return nil
}

func (u *unpacking) drop(name, what string) error {
	u.dropped = append(u.dropped, Dropped{name, what})
	return nil
}

// file writes a file, whose mode keeps only whether it can be executed.
func (u *unpacking) file(name string, mode fs.FileMode, content io.Reader) error {
	f, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600|mode&0o100)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, io.LimitReader(content, u.bytes+1))
	if err != nil {
		return errors.Join(readError(u.ctx, err), f.Close())
	}
	if u.bytes -= n; u.bytes < 0 {
		return errors.Join(attest.Refuse(CodeLimit, "archive", "content within Limits.Bytes", "more"), f.Close())
	}
	return f.Close()
}

// copy makes a hard link a file of its own: trees of the store have none.
func (u *unpacking) copy(name, target string) error {
	from, err := cleanName(target)
	if err != nil {
		return err
	}
	if err := u.noLinkAbove(path.Dir(from)); err != nil {
		return err
	}
	info, err := u.root.Lstat(from)
	if err != nil || !info.Mode().IsRegular() {
		return attest.Refuse(CodeName, excerpt.Quote(name), "a hard link to a file that came before", excerpt.Quote(target))
	}
	f, err := u.root.Open(from)
	if err != nil {
		return machineError(from, err)
	}
	defer f.Close()
	err = u.file(name, info.Mode().Perm(), f)
	if err != nil && len(attest.Reasons(err)) == 0 {
		return machineError(name, err)
	}
	return err
}

// parents makes the directories above an entry that have no entry of their own.
func (u *unpacking) parents(dir string) error {
	if err := u.noLinkAbove(dir); err != nil {
		return err
	}
	if dir == "." {
		return nil
	}
	if err := u.root.MkdirAll(dir, 0o755); err != nil {
		return attest.Refuse(CodeName, excerpt.Quote(dir), "a directory", "something else").Because(err)
	}
	return nil
}

// noLinkAbove refuses a directory that is reached over a link: what lies behind it
// depends on the order of entries.
func (u *unpacking) noLinkAbove(dir string) error {
	for at := dir; at != "."; at = path.Dir(at) {
		if info, err := u.root.Lstat(at); err == nil && !info.IsDir() {
			return attest.Refuse(CodeName, excerpt.Quote(dir), "directories", excerpt.Quote(at)+", which is none")
		}
	}
	return nil
}

// cleanName returns a slash-separated path relative to the root. "./" in front and a
// slash at the end are what archives of directories have.
func cleanName(raw string) (string, error) {
	name := strings.TrimSuffix(strings.TrimPrefix(raw, "./"), "/")
	if name == "" || name == "." {
		return ".", nil
	}
	if !fs.ValidPath(name) || strings.ContainsAny(name, "\x00\\") || !utf8.ValidString(name) {
		return "", attest.Refuse(CodeName, "archive", "clean relative names", excerpt.Quote(raw))
	}
	return name, nil
}
