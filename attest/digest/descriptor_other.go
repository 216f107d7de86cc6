//go:build !linux

package digest

// open opens the regular file name, one element that is neither "." nor "..".
func (d *directory) open(name string) (openFile, error) { return openPortably(d.root, name) }
