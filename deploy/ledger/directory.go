//go:build unix

package ledger

import (
	"errors"
	"io"
	"os"
	"slices"
	"syscall"
)

// Directory returns the Dir of a real directory on a local file system. The
// caller closes root, after the ledger.
func Directory(root *os.Root) Dir { return directory{root} }

type directory struct{ root *os.Root }

func (d directory) Names() ([]string, error) {
	f, err := d.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	return names, err
}

func (d directory) open(name string, flags int) (File, error) {
	f, err := d.root.OpenFile(name, flags, 0o644)
	if err != nil {
		return nil, err
	}
	return file{f}, nil
}

func (d directory) Open(name string) (File, error)      { return d.open(name, os.O_RDONLY) }
func (d directory) ReadWrite(name string) (File, error) { return d.open(name, os.O_RDWR) }

func (d directory) Create(name string) (File, error) {
	return d.open(name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
}

func (d directory) Replace(name string) (File, error) {
	return d.open(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
}

func (d directory) Rename(from, to string) error { return d.root.Rename(from, to) }
func (d directory) Remove(name string) error     { return d.root.Remove(name) }

func (d directory) Sync() error {
	f, err := d.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (d directory) Lock(name string) (io.Closer, error) {
	f, err := d.root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrLocked
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

type file struct{ *os.File }

func (f file) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
