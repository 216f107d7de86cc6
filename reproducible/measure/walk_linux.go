package measure

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
)

// A walker lists directories, several at a time.
type walker struct {
	root     int // the directory that the walk began in
	rootPath string
	skip     []string
	statOnly bool

	mu      sync.Mutex
	wake    sync.Cond
	queue   []string // directories to list, relative to root
	busy    int      // workers that list one
	limit   int      // entries that may still come
	err     error
	listing map[string][]Entry // by directory, relative to root; names ascending
}

// walk appends to entries what the directory holds, in the order of a walk: no more
// than limit.
func walk(ctx context.Context, entries []Entry, root string, skip []string, o Options, limit int) ([]Entry, error) {
	fd, err := unix.Open(root, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, vanished(root, err)
	}
	defer unix.Close(fd)
	w := &walker{
		root: fd, rootPath: strings.TrimSuffix(root, "/"), skip: skip, statOnly: o.StatOnly,
		queue: []string{"."}, limit: limit, listing: map[string][]Entry{},
	}
	w.wake.L = &w.mu
	var workers sync.WaitGroup
	for range o.Workers {
		workers.Go(func() { w.work(ctx) })
	}
	workers.Wait()
	if w.err != nil {
		return nil, w.err
	}
	return w.flatten(slices.Grow(entries, limit-w.limit), "."), nil
}

// work lists directories until none is left, or one cannot be listed.
func (w *walker) work(ctx context.Context) {
	buf := make([]byte, 64<<10)
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		for len(w.queue) == 0 && w.busy > 0 && w.err == nil {
			w.wake.Wait()
		}
		if len(w.queue) == 0 || w.err != nil {
			return
		}
		last := len(w.queue) - 1
		dir := w.queue[last]
		w.queue = w.queue[:last]
		w.busy++
		w.mu.Unlock()
		entries, err := w.list(ctx, dir, buf)
		w.mu.Lock()
		w.busy--
		w.take(dir, entries, err)
		w.wake.Broadcast()
	}
}

// take keeps a listing and queues the directories in it. The caller holds mu.
func (w *walker) take(dir string, entries []Entry, err error) {
	if w.limit -= len(entries); w.limit < 0 && err == nil {
		err = attest.Refuse(CodeLimit, quote(w.rootPath), "entries within Limits.Entries", "more")
	}
	if err != nil {
		w.err = cmp.Or(w.err, err)
		return
	}
	w.listing[dir] = entries
	for i := range entries {
		if entries[i].Kind == Dir {
			w.queue = append(w.queue, entries[i].Path[len(w.rootPath)+1:])
		}
	}
}

// list returns the entries of one directory, which is reached without following a
// link, and refuses it if it changes meanwhile.
func (w *walker) list(ctx context.Context, dir string, buf []byte) ([]Entry, error) {
	if ctx.Err() != nil {
		return nil, cancelled(ctx)
	}
	at := w.rootPath
	if dir != "." {
		at += "/" + dir
	}
	fd, err := unix.Openat2(w.root, dir, &unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
	})
	if err != nil {
		return nil, vanished(at, err)
	}
	defer unix.Close(fd)
	var before, after unix.Stat_t
	if err := unix.Fstat(fd, &before); err != nil {
		return nil, cannotRead(at, err)
	}
	entries, err := w.read(fd, at, buf)
	if err != nil {
		return nil, err
	}
	if err := unix.Fstat(fd, &after); err != nil {
		return nil, cannotRead(at, err)
	}
	if before.Ctim != after.Ctim {
		return nil, attest.Refuse(CodeUnstable, quote(at), "a directory that stays as it is", "another change time")
	}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	return entries, nil
}

// read stats every name in the open directory.
func (w *walker) read(fd int, at string, buf []byte) ([]Entry, error) {
	var entries []Entry
	var names []string
	var st unix.Stat_t
	for {
		n, err := unix.ReadDirent(fd, buf)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, cannotRead(at, err)
		}
		if n == 0 {
			return entries, nil
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names[:0])
		entries = slices.Grow(entries, len(names))
		for _, name := range names {
			whole := at + "/" + name
			if len(w.skip) > 0 && w.skips(whole) {
				continue
			}
			if err := unix.Fstatat(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
				return nil, vanished(whole, err)
			}
			e, err := newEntry(whole, &st)
			if err == nil {
				err = e.complete(fd, name, w.statOnly)
			}
			if err != nil {
				return nil, err
			}
			entries = append(entries, e)
		}
	}
}

func (w *walker) skips(p string) bool {
	_, found := slices.BinarySearchFunc(w.skip, p, comparePaths)
	return found
}

// flatten appends what a directory holds, depth first. It is as deep as the tree,
// whose paths the kernel bounds at 4096 bytes.
func (w *walker) flatten(out []Entry, dir string) []Entry {
	for _, e := range w.listing[dir] {
		out = append(out, e)
		if e.Kind == Dir {
			out = w.flatten(out, e.Path[len(w.rootPath)+1:])
		}
	}
	return out
}
