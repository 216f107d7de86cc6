//go:build linux && (amd64 || arm64)

package sandbox

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest/treehash"
	"github.com/sealwright/sealwright/reproducible"
)

// In which order a directory lists its names depends on the file system, its
// version and its history. A tmpfs lists them by age, and which end comes first
// depends on the kernel; so what has to be listed in ascending order is made in
// the right one, and then read back.

// An order is that in which names have to be made, to be listed in ascending
// order.
type order struct{ descending bool }

// arrange returns names as they have to be made.
func (o order) arrange(names []string) []string {
	names = slices.Sorted(slices.Values(names))
	if o.descending {
		slices.Reverse(names)
	}
	return names
}

// listed returns the names in a directory as the kernel lists them.
func listed(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	names, err := f.Readdirnames(-1)
	return names, errors.Join(err, f.Close())
}

func byDescriptor(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }

// A place is a name in the new root: a directory, a symbolic link, or an empty
// file.
type place struct {
	dir  bool
	link string
}

// places are by their paths, relative to the root.
type places map[string]place

// add puts a place and the directories that lead to it.
func (p places) add(name string, what place) {
	p[name] = what
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		p[dir] = place{dir: true}
	}
}

// arranged returns their names in the order in which they have to be made.
func (p places) arranged(o order) []string {
	within := map[string][]string{}
	for name := range p {
		within[path.Dir(name)] = append(within[path.Dir(name)], name)
	}
	var all []string
	var below func(dir string)
	below = func(dir string) {
		for _, name := range o.arrange(within[dir]) {
			all = append(all, name)
			below(name)
		}
	}
	below(".")
	return all
}

// fill fills the copies of a child that waits for that.
func (j *jail) fill() error {
	for i, m := range j.child.plan.Mounts {
		if !m.Copy {
			continue
		}
		to, err := os.Open(j.proc("fd/" + strconv.FormatUint(j.child.copies[i], 10)))
		if err != nil {
			return err
		}
		err = j.child.plan.Order.copyTree(m.Source, byDescriptor(int(to.Fd())))
		if err := errors.Join(err, to.Close()); err != nil {
			return err
		}
	}
	return nil
}

// copyTree copies what is in a directory of the store, and its mode and time.
func (o order) copyTree(from, to string) error {
	names, err := listed(from)
	if err != nil {
		return err
	}
	for _, name := range o.arrange(names) {
		source, target := filepath.Join(from, name), filepath.Join(to, name)
		info, err := os.Lstat(source)
		if err != nil {
			return err
		}
		switch info.Mode().Type() {
		case fs.ModeDir:
			err = os.Mkdir(target, 0o755)
			if err == nil {
				err = o.copyTree(source, target)
			}
		case fs.ModeSymlink:
			err = copyLink(source, target)
		case 0:
			err = copyFile(source, target, info)
		default:
			err = errors.New(source + " is no file, directory or link")
		}
		if err != nil {
			return err
		}
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	return errors.Join(os.Chmod(to, info.Mode().Perm()), os.Chtimes(to, info.ModTime(), info.ModTime()))
}

func copyLink(from, to string) error {
	target, err := os.Readlink(from)
	if err != nil {
		return err
	}
	return os.Symlink(target, to)
}

func copyFile(from, to string, info fs.FileInfo) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Chmod(info.Mode().Perm()), target.Close(), os.Chtimes(to, info.ModTime(), info.ModTime()))
}

// sorted looks at every directory that must be in order, in the finished tree.
func (p *plan) sorted(root *os.Root) (bool, error) {
	dirs := []string{"."}
	for name, what := range p.places() {
		if what.dir && name != "proc" && name != reproducible.OutputDir[1:] && name != reproducible.ScratchDir[1:] {
			dirs = append(dirs, name)
		}
	}
	for _, m := range p.Mounts {
		if !m.Dir {
			continue
		}
		err := fs.WalkDir(root.FS(), m.Target, func(name string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				dirs = append(dirs, name)
			}
			return err
		})
		if err != nil {
			return false, err
		}
	}
	for _, dir := range dirs {
		f, err := root.Open(dir)
		if err != nil {
			return false, err
		}
		names, err := f.Readdirnames(-1)
		if err := errors.Join(err, f.Close()); err != nil || !slices.IsSorted(names) {
			return false, err
		}
	}
	return true, nil
}

// errUnsorted is a machine whose tmpfs lists names neither by age nor by name.
var errUnsorted = errors.New("directories list their names in no order that could be chosen")

// maxCopied bounds the trees that are copied for SortedInputs, which take memory
// that counts to no limit of the build. In bytes.
const maxCopied = 256 << 20

// copied has every tree copied in order, and refuses more than maxCopied.
func (s *Sandbox) copied(ctx context.Context, spec *reproducible.Spec, mounts []mount) error {
	for i, in := range spec.Inputs {
		if in.Kind != reproducible.Tree {
			continue
		}
		manifest, err := s.config.Store.Manifest(ctx, in.Digest)
		if err != nil {
			return attest.Refuse(reproducible.CodeInput, in.Path, in.Digest.String(), "").Because(err)
		}
		mounts[i].copyOf(manifest)
	}
	return checkCopied(mounts)
}

// copyOf has a mount be a copy of a tree.
func (m *mount) copyOf(tree *treehash.Manifest) {
	const page = 4096
	m.Copy, m.Entries, m.Bytes = true, int64(len(tree.Entries))+1, page
	for _, e := range tree.Entries {
		m.Bytes += (e.Size+page-1)/page*page + page // a long link takes a page too
	}
}

func checkCopied(mounts []mount) error {
	total := int64(0)
	for _, m := range mounts {
		total += m.Bytes
	}
	if total <= maxCopied {
		return nil
	}
	why := attest.Refuse(CodeSetUp, "sorted inputs", "trees of at most "+strconv.Itoa(maxCopied)+" bytes", strconv.FormatInt(total, 10))
	return reproducible.RequireMet(reproducible.SortedInputs, 0, why)
}
