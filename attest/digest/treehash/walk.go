package treehash

import (
	"context"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// WalkOptions tell how a tree is read. The zero value is fine.
type WalkOptions struct {
	Limits Limits
	// Workers bounds the goroutines that hash; 0 means runtime.GOMAXPROCS.
	Workers int
	// Progress, if not nil, is told the bytes hashed so far; the total is not
	// known and is given as -1.
	Progress func(done, total int64)
	// Cache and Now are as in digest.FilesOptions. A tree in an fs.FS is not
	// cached.
	Cache digest.Cache
	Now   time.Time
}

// Walk reads the tree in root. It follows no link, and refuses what is not a
// file, a directory or a link, names that are not UTF-8, and a tree that changes
// meanwhile.
func Walk(ctx context.Context, root *os.Root, o WalkOptions) (*Manifest, error) {
	w, err := listRoot(ctx, root, o, "")
	if err != nil {
		return nil, err
	}
	return w.manifest(ctx)
}

// WalkFS is Walk for a file system of any kind: a zip file, files embedded in the
// program. It reads links only from an fs.ReadLinkFS.
func WalkFS(ctx context.Context, fsys fs.FS, o WalkOptions) (*Manifest, error) {
	w, err := listFS(ctx, fsys, o, "")
	if err != nil {
		return nil, err
	}
	return w.manifest(ctx)
}

// A listing is a tree whose names are known and whose files are not yet hashed.
type listing struct {
	fsys    fs.FS
	options WalkOptions
	omit    string  // a name in the root to leave out, or ""
	names   []named // in the order of their paths
	root    fs.FileInfo
	sum     summer
}

// A named is an entry, as yet without a digest, and what the name stood for when
// it was listed.
type named struct {
	Entry
	before fs.FileInfo
}

// A summer computes digests of files of the tree, one result for each name.
type summer func(ctx context.Context, names iter.Seq[string], o digest.Options) iter.Seq2[digest.FileResult, error]

func listRoot(ctx context.Context, root *os.Root, o WalkOptions, omit string) (*listing, error) {
	sum := func(ctx context.Context, names iter.Seq[string], d digest.Options) iter.Seq2[digest.FileResult, error] {
		d.Workers, d.Progress = o.Workers, o.Progress
		return digest.SumFiles(ctx, root, names, digest.FilesOptions{Options: d, Cache: o.Cache, Now: o.Now})
	}
	return list(ctx, &listing{fsys: root.FS(), options: o, omit: omit, sum: sum})
}

func listFS(ctx context.Context, fsys fs.FS, o WalkOptions, omit string) (*listing, error) {
	w := &listing{fsys: fsys, options: o, omit: omit}
	w.sum = w.sumFS
	return list(ctx, w)
}

// list fills w with the names of the tree.
func list(ctx context.Context, w *listing) (*listing, error) {
	w.options.Limits = w.options.Limits.withDefaults()
	var err error
	if w.root, err = fs.Lstat(w.fsys, "."); err != nil {
		return nil, readError(".", err)
	}
	for queue := []string{"."}; len(queue) > 0; {
		dir := queue[len(queue)-1]
		dirs, err := w.listDir(ctx, dir)
		if err != nil {
			return nil, err
		}
		queue = append(queue[:len(queue)-1], dirs...)
	}
	slices.SortFunc(w.names, func(a, b named) int { return strings.Compare(a.Path, b.Path) })
	return w, nil
}

// listDir adds the names in dir and returns the directories among them.
func (w *listing) listDir(ctx context.Context, dir string) (dirs []string, err error) {
	if err := cancelled(ctx); err != nil {
		return nil, err
	}
	names, err := fs.ReadDir(w.fsys, dir)
	if err != nil {
		return nil, readError(dir, err)
	}
	for _, d := range names {
		if dir == "." && d.Name() == w.omit {
			continue
		}
		if len(w.names) == w.options.Limits.Entries {
			return nil, refuse(CodeLimit, "tree", "at most "+strconv.Itoa(len(w.names))+" entries", "more")
		}
		n, err := w.examine(path.Join(dir, d.Name()), d)
		if err != nil {
			return nil, err
		}
		w.names = append(w.names, n)
		if n.Kind == Dir {
			dirs = append(dirs, n.Path)
		}
	}
	return dirs, nil
}

// examine returns the entry for one name, without a digest.
func (w *listing) examine(p string, d fs.DirEntry) (named, error) {
	if strings.Contains(d.Name(), "/") { // else path.Join might clean it into another name
		return named{}, refuse(CodeName, excerpt.Quote(p), "a name without a slash", excerpt.Quote(d.Name()))
	}
	if err := checkPath(p); err != nil {
		return named{}, err
	}
	info, err := d.Info()
	if err != nil {
		return named{}, readError(p, err)
	}
	n := named{Entry{Path: p}, info}
	switch mode := info.Mode(); mode.Type() {
	case 0:
		n.Kind, n.Mode, n.Size = File, mode&modeBits, info.Size()
	case fs.ModeDir:
		n.Kind, n.Mode = Dir, mode&modeBits
	case fs.ModeSymlink:
		n.Kind = Link
		if n.Target, err = fs.ReadLink(w.fsys, p); err != nil {
			return named{}, readError(p, err)
		}
		return n, checkTarget(p, n.Target)
	default:
		return named{}, refuse(CodeKind, excerpt.Quote(p), "a file, a directory or a link", mode.Type().String())
	}
	return n, nil
}

// files yields the paths of the files, in order.
func (w *listing) files(yield func(string) bool) {
	for _, n := range w.names {
		if n.Kind == File && !yield(n.Path) {
			return
		}
	}
}

// manifest hashes the files and completes the entries.
func (w *listing) manifest(ctx context.Context) (*Manifest, error) {
	err := w.hash(ctx, digest.Options{}, func(e *Entry, r *digest.FileResult) {
		e.Digest = digest.Digest{Algorithm: digest.SHA256, Hex: r.Digests[digest.SHA256]}
	})
	if err != nil {
		return nil, err
	}
	m := &Manifest{Entries: make([]Entry, len(w.names))}
	for i, n := range w.names {
		m.Entries[i] = n.Entry
	}
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return m, nil
}

// hash computes digests of every file, in order, and then looks whether the tree
// is still the same.
func (w *listing) hash(ctx context.Context, o digest.Options, store func(*Entry, *digest.FileResult)) error {
	i := 0
	for r, err := range w.sum(ctx, w.files, o) {
		if err != nil {
			return err
		}
		for w.names[i].Path != r.Name {
			i++
		}
		e := &w.names[i].Entry
		e.Mode, e.Size = r.Info.Mode()&modeBits, r.Size
		store(e, &r)
	}
	return w.unchanged(ctx)
}

// unchanged examines directories and links a second time: names that came, went
// or changed meanwhile. Files guard themselves.
func (w *listing) unchanged(ctx context.Context) error {
	if err := cancelled(ctx); err != nil {
		return err
	}
	if err := w.same(".", w.root); err != nil {
		return err
	}
	for _, n := range w.names {
		if n.Kind == File {
			continue
		}
		if err := w.same(n.Path, n.before); err != nil {
			return err
		}
	}
	return nil
}

func (w *listing) same(p string, before fs.FileInfo) error {
	after, err := fs.Lstat(w.fsys, p)
	if err != nil {
		return because(refuse(CodeChanged, excerpt.Quote(p), "what was there before", ""), err)
	}
	if was, is := digest.KeyOf(before), digest.KeyOf(after); was != is || before.Mode() != after.Mode() {
		return refuse(CodeChanged, excerpt.Quote(p), was.String(), is.String())
	}
	return nil
}

func readError(p string, err error) error {
	return because(refuse(CodeRead, excerpt.Quote(p), "a readable tree", ""), err)
}

func cancelled(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return because(refuse(digest.CodeCancelled, "tree", "", ""), context.Cause(ctx))
}
