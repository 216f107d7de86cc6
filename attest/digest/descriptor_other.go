//go:build !linux || (!amd64 && !arm64)

package digest

import "os"

// A place is a directory as a root of its own.
type place struct {
	root *os.Root
	own  bool // root is to be closed
}

func (d *directories) enter(name string) (place, error) {
	if name == "" {
		return place{root: d.root}, nil
	}
	root, err := d.root.OpenRoot(name)
	return place{root, true}, err
}

func (p place) close() {
	if p.own {
		p.root.Close()
	}
}

// open opens the regular file name, one element that is neither "." nor "..".
func (d *directory) open(name string) (openFile, error) { return openPortably(d.root, name) }
