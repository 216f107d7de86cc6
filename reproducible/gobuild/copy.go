package gobuild

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/sealwright/sealwright/attest"
)

// copyToolchain makes a directory with only the parts of a Go tree that compile
// programs on this machine. Distributions make links of some parts.
func copyToolchain(goroot, dir string) error {
	tools := filepath.Join("pkg", "tool", runtime.GOOS+"_"+runtime.GOARCH)
	for _, part := range []string{"VERSION", "go.env", "src", "bin", filepath.Join("pkg", "include"), tools} {
		from := filepath.Join(goroot, part)
		info, err := os.Stat(from)
		if errors.Is(err, os.ErrNotExist) && part == "go.env" {
			continue // some distributions leave it out
		}
		to := filepath.Join(dir, part)
		switch {
		case err != nil:
		case info.IsDir():
			err = copyTree(from, to, withoutTests)
		default:
			err = errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), copyFile(os.DirFS(goroot), filepath.ToSlash(part), to))
		}
		if err != nil {
			return attest.Refuse(CodeToolchain, quote(from), "a part of a Go tree", "").Because(err)
		}
	}
	return nil
}

// withoutTests leaves out what only tests of the standard library need.
func withoutTests(d fs.DirEntry) bool {
	return (!d.IsDir() || d.Name() != "testdata") && !strings.HasSuffix(d.Name(), "_test.go")
}

func everything(fs.DirEntry) bool { return true }

// copyTree copies the files, directories and links of a tree that keep selects.
func copyTree(from, to string, keep func(fs.DirEntry) bool) error {
	root, err := os.OpenRoot(from) // from itself may be a link
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !keep(d) && d.IsDir():
			return fs.SkipDir
		case !keep(d):
			return nil
		}
		target := filepath.Join(to, filepath.FromSlash(name))
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case d.Type() == fs.ModeSymlink:
			link, err := root.Readlink(filepath.FromSlash(name))
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		}
		return copyFile(root.FS(), name, target)
	})
}

// copyFile copies a regular file. The copy is writable: go commands may have to.
func copyFile(from fs.FS, name, to string) error {
	in, err := from.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return &fs.PathError{Op: "copy", Path: name, Err: errors.New("not a regular file")}
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, info.Mode().Perm()|0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// removeLocks drops the files by which go commands keep out of each other's way.
func removeLocks(cache string) error {
	return filepath.WalkDir(cache, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(name, ".lock") {
			return os.Remove(name)
		}
		return err
	})
}
