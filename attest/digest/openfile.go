package digest

import (
	"os"

	"github.com/sealwright/sealwright/internal/excerpt"
)

// openRegular opens a regular file in root, or with follow what a link in root
// leads to. os.Root follows links inside the root whatever the flags say, so the
// name is examined before and after opening: a link, or a file that takes its
// place in between, is seen.
func openRegular(root *os.Root, name string, follow bool) (*file, error) {
	examine := root.Lstat
	if follow {
		examine = root.Stat
	}
	named, err := examine(name)
	if err != nil {
		return nil, &Error{Code: CodeOpen, Where: excerpt.Quote(name), Err: err}
	}
	if err := regular(name, named); err != nil {
		return nil, err
	}
	raw, err := root.OpenFile(name, openFlags, 0)
	if err != nil {
		return nil, &Error{Code: CodeOpen, Where: excerpt.Quote(name), Err: err}
	}
	f, err := newFile(raw)
	if err == nil {
		err = f.is(name, named)
	}
	if err != nil {
		raw.Close()
		return nil, err
	}
	f.again = func() error {
		info, err := examine(name)
		if err != nil {
			return &Error{Code: CodeChanged, Where: excerpt.Quote(name), Want: f.before.String(), Err: err}
		}
		return f.is(name, info)
	}
	return f, nil
}

// openPortably is openRegular without following links, as an openFile.
func openPortably(root *os.Root, name string) (openFile, error) {
	f, err := openRegular(root, name, false)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// is reports whether info, found under name, describes f as it was opened.
func (f *file) is(name string, info os.FileInfo) error {
	if !os.SameFile(info, f.info) || KeyOf(info) != f.before {
		return &Error{Code: CodeChanged, Where: excerpt.Quote(name), Want: f.before.String(), Got: KeyOf(info).String()}
	}
	return nil
}
