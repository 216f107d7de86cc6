package digest

import (
	"os"
	"path"

	"github.com/sealwright/sealwright/internal/excerpt"
)

// An openFile is a regular file that guards itself against change. One goroutine
// uses it.
type openFile interface {
	Guard
	key() FileKey      // when it was opened
	stat() os.FileInfo // likewise
	Close() error
}

// A directory is an open directory in which a worker of SumFiles reads files, so
// that the way to it is not resolved for each of them.
type directory struct {
	name  string // with a slash at its end, or ""
	place        // of the open directory, as the system has it
	users int    // open files in it, and one while it is the current one
}

func (d *directory) release() {
	if d.users--; d.users == 0 {
		d.place.close()
	}
}

// directories keep the directory of the latest name open. One goroutine uses
// them.
type directories struct {
	root    *os.Root
	handle  *os.File // of root, if the system needs it
	follow  bool
	current *directory
}

// open opens the regular file name. The directory, if there is one, is to be
// released after the file.
func (d *directories) open(name string) (openFile, *directory, error) {
	parent, base := path.Split(name)
	if d.follow || base == "" || base == "." || base == ".." {
		f, err := openRegular(d.root, name, d.follow) // a link may lead out of its directory
		if err != nil {
			return nil, nil, err
		}
		return f, nil, nil
	}
	if d.current == nil || d.current.name != parent {
		in, err := d.enter(parent)
		if err != nil {
			return nil, nil, &Error{Code: CodeOpen, Where: excerpt.Quote(name), Err: err}
		}
		d.leave()
		d.current = &directory{name: parent, place: in, users: 1}
	}
	f, err := d.current.open(base)
	if err != nil {
		return nil, nil, err
	}
	d.current.users++
	return f, d.current, nil
}

// leave gives up the current directory.
func (d *directories) leave() {
	if d.current != nil {
		d.current.release()
		d.current = nil
	}
}

func (d *directories) close() {
	d.leave()
	if d.handle != nil {
		d.handle.Close()
		d.handle = nil
	}
}
