package measure

import (
	"cmp"
	"context"
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

	mu    sync.Mutex
	wake  sync.Cond
	queue []*listing // directories to list
	busy  int        // workers that list one
	limit int        // entries that may still come
	err   error
}

// A listing is what a directory holds.
type listing struct {
	dir     string     // relative to the root of the walk
	entries []Entry    // names ascending
	below   []*listing // of the directories among entries, in their order
}

// walk appends to entries what the directory holds, in the order of a walk: no more
// than limit.
func walk(ctx context.Context, entries []Entry, root string, skip []string, o Options, limit int) ([]Entry, error) {
	fd, err := unix.Open(root, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, vanished(root, err)
	}
	defer unix.Close(fd)
	top := &listing{dir: "."}
	w := &walker{
		root: fd, rootPath: strings.TrimSuffix(root, "/"), skip: skip, statOnly: o.StatOnly,
		queue: []*listing{top}, limit: limit,
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
	return top.flatten(slices.Grow(entries, limit-w.limit)), nil
}

// work lists directories until none is left, or one cannot be listed.
func (w *walker) work(ctx context.Context) {
	r := reader{walker: w, buf: make([]byte, 64<<10)}
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
		err := r.list(ctx, dir)
		w.mu.Lock()
		w.busy--
		w.take(dir, err)
		w.wake.Broadcast()
	}
}

// take counts a listing and queues the directories in it. The caller holds mu.
func (w *walker) take(l *listing, err error) {
	if w.limit -= len(l.entries); w.limit < 0 && err == nil {
		err = attest.Refuse(CodeLimit, quote(w.rootPath), "entries within Limits.Entries", "more")
	}
	if err != nil {
		w.err = cmp.Or(w.err, err)
		return
	}
	w.queue = append(w.queue, l.below...)
}

// flatten appends what a directory holds, depth first. It is as deep as the tree,
// whose paths the kernel bounds at 4096 bytes.
func (l *listing) flatten(out []Entry) []Entry {
	below := l.below
	for i := range l.entries {
		out = append(out, l.entries[i])
		if l.entries[i].Kind == Dir {
			out = below[0].flatten(out)
			below = below[1:]
		}
	}
	return out
}

func (w *walker) skips(p string) bool {
	_, found := slices.BinarySearchFunc(w.skip, p, comparePaths)
	return found
}
