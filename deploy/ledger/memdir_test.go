package ledger_test

import (
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/sealwright/sealwright/deploy/ledger"
)

// memDir is a Dir in memory that knows what is durable: it can fail at any
// operation and can lose, by cut, whatever was not synced.
type memDir struct {
	mu      sync.Mutex
	names   map[string]*memFile // as every process sees them
	durable map[string]*memFile // as they were when the directory was last synced
	locked  map[string]bool
	// fault is asked before each operation that changes anything: "write",
	// "truncate", "sync", "create", "replace", "rename", "remove", "syncdir".
	// short tells how much of a failing write is written all the same.
	fault func(op, name string) error
	short int
}

type memFile struct {
	data   []byte
	synced []byte
}

func newMemDir() *memDir {
	return &memDir{names: map[string]*memFile{}, durable: map[string]*memFile{}, locked: map[string]bool{}}
}

// clone returns a directory with the same files and no locks, all durable.
func (d *memDir) clone() *memDir {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := newMemDir()
	for name, f := range d.names {
		c.put(name, f.data)
	}
	return c
}

func (d *memDir) put(name string, data []byte) {
	f := &memFile{slices.Clone(data), slices.Clone(data)}
	d.names[name], d.durable[name] = f, f
}

func (d *memDir) get(name string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.names[name]; f != nil {
		return slices.Clone(f.data)
	}
	return nil
}

// segments returns the names of the segments in order.
func (d *memDir) segments() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		if len(name) == 24 {
			out = append(out, name)
		}
	}
	return out
}

// cut returns what a power failure may leave: of each change to a name or a
// sector that was not synced, either the old or the new.
func (d *memDir) cut(random *rand.Rand) *memDir {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := newMemDir()
	all := maps.Clone(d.durable)
	maps.Copy(all, d.names)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		f := d.names[name]
		if random.IntN(2) == 0 {
			f = d.durable[name]
		}
		if f != nil {
			c.put(name, f.tear(random))
		}
	}
	return c
}

func (f *memFile) tear(random *rand.Rand) []byte {
	size := len(f.synced)
	if grown := len(f.data) - size; grown > 0 {
		size += random.IntN(grown + 1)
	} else if random.IntN(2) == 0 {
		size = len(f.data)
	}
	out := make([]byte, size)
	const sector = 64 // smaller than any disk's, so that small files tear too
	for at := 0; at < size; at += sector {
		from := f.synced
		if random.IntN(2) == 0 {
			from = f.data
		}
		if at < len(from) {
			copy(out[at:min(at+sector, size)], from[at:])
		}
	}
	return out
}

func (d *memDir) fail(op, name string) error {
	if d.fault == nil {
		return nil
	}
	return d.fault(op, name)
}

func (d *memDir) Names() ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.names)), nil
}

func (d *memDir) Open(name string) (ledger.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.names[name]
	if f == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &memHandle{d, name, f}, nil
}

func (d *memDir) ReadWrite(name string) (ledger.File, error) { return d.Open(name) }

func (d *memDir) Create(name string) (ledger.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names[name] != nil {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	return d.make("create", name)
}

func (d *memDir) Replace(name string) (ledger.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.make("replace", name)
}

func (d *memDir) make(op, name string) (ledger.File, error) {
	if err := d.fail(op, name); err != nil {
		return nil, err
	}
	f := new(memFile)
	d.names[name] = f
	return &memHandle{d, name, f}, nil
}

func (d *memDir) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.fail("rename", to); err != nil {
		return err
	}
	d.names[to] = d.names[from]
	delete(d.names, from)
	return nil
}

func (d *memDir) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.fail("remove", name); err != nil {
		return err
	}
	delete(d.names, name)
	return nil
}

func (d *memDir) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.fail("syncdir", "."); err != nil {
		return err
	}
	d.durable = maps.Clone(d.names)
	return nil
}

func (d *memDir) Lock(name string) (io.Closer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locked[name] {
		return nil, ledger.ErrLocked
	}
	d.locked[name] = true
	return unlock(func() { d.locked[name] = false }), nil
}

type unlock func()

func (u unlock) Close() error { u(); return nil }

type memHandle struct {
	dir  *memDir
	name string
	file *memFile
}

func (h *memHandle) ReadAt(p []byte, at int64) (int, error) {
	h.dir.mu.Lock()
	defer h.dir.mu.Unlock()
	if at >= int64(len(h.file.data)) {
		return 0, io.EOF
	}
	n := copy(p, h.file.data[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (h *memHandle) WriteAt(p []byte, at int64) (int, error) {
	h.dir.mu.Lock()
	defer h.dir.mu.Unlock()
	err := h.dir.fail("write", h.name)
	if err != nil {
		p = p[:min(h.dir.short, len(p))]
	}
	if grow := int(at) + len(p) - len(h.file.data); grow > 0 {
		h.file.data = append(h.file.data, make([]byte, grow)...)
	}
	return copy(h.file.data[at:], p), err
}

func (h *memHandle) Size() (int64, error) {
	h.dir.mu.Lock()
	defer h.dir.mu.Unlock()
	return int64(len(h.file.data)), nil
}

func (h *memHandle) Truncate(size int64) error {
	h.dir.mu.Lock()
	defer h.dir.mu.Unlock()
	if err := h.dir.fail("truncate", h.name); err != nil {
		return err
	}
	h.file.data = h.file.data[:size]
	return nil
}

func (h *memHandle) Sync() error {
	h.dir.mu.Lock()
	defer h.dir.mu.Unlock()
	if err := h.dir.fail("sync", h.name); err != nil {
		return err
	}
	h.file.synced = slices.Clone(h.file.data)
	return nil
}

func (h *memHandle) Close() error { return nil }
