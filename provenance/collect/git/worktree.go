package git

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// A difference is how a working tree differs from a commit.
type difference struct {
	modified  int  // files of the commit that are changed or missing
	untracked int  // files that are not in the commit
	unknown   bool // a submodule is checked out
}

func (d difference) state() string {
	switch {
	case d.modified > 0 || d.untracked > 0:
		return "true"
	case d.unknown:
		return "unknown"
	}
	return "false"
}

// compare holds the files below root against the entries of a commit. It follows no
// link, so that a directory that was replaced by one is missing.
func compare(ctx context.Context, root *os.Root, entries []entry) (difference, error) {
	var d difference
	expected := make(map[string]entry, len(entries))
	for _, e := range entries {
		expected[e.path] = e
	}
	found, err := walk(ctx, root, expected, &d)
	if err != nil {
		return d, err
	}
	files := map[string]entry{}
	for path, e := range expected {
		mode, there := found[path]
		switch {
		case e.mode == modeSubmodule:
		case !there:
			d.modified++
		case e.mode == modeLink:
			target, err := root.Readlink(path)
			if mode.Type() != fs.ModeSymlink || err != nil || idOf(len(e.id), "blob", []byte(target)) != e.id {
				d.modified++
			}
		case !mode.IsRegular() || (mode&0o100 != 0) != (e.mode == modeExecutable):
			d.modified++
		default:
			files[path] = e
		}
	}
	changed, err := hashed(ctx, root, files)
	d.modified += changed
	return d, err
}

// walk returns what is below root and not a directory, and counts what no entry names.
func walk(ctx context.Context, root *os.Root, expected map[string]entry, d *difference) (map[string]fs.FileMode, error) {
	found := map[string]fs.FileMode{}
	err := fs.WalkDir(root.FS(), ".", func(path string, at fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if path == ".git" {
			return fs.SkipDir
		}
		e, named := expected[path]
		if at.IsDir() {
			if named && e.mode == modeSubmodule {
				inside, err := fs.ReadDir(root.FS(), path)
				d.unknown = d.unknown || len(inside) > 0
				return skip(err)
			}
			return nil
		}
		if !named || e.mode == modeSubmodule {
			d.untracked++
			return nil
		}
		info, err := at.Info()
		if err == nil {
			found[path] = info.Mode()
		}
		return err
	})
	if err != nil {
		return nil, refuseWorktree(ctx)
	}
	return found, nil
}

func skip(err error) error {
	if err != nil {
		return err
	}
	return fs.SkipDir
}

func refuseWorktree(ctx context.Context) error {
	return attest.Refuse(CodeWorktree, "", "files that can be read and do not change", "an error").Because(ctx.Err())
}

// hashed counts the files whose content is not that of their entry.
func hashed(ctx context.Context, root *os.Root, files map[string]entry) (int, error) {
	changed := 0
	for _, format := range []digest.GitFormat{digest.GitSHA1, digest.GitSHA256} {
		length := map[digest.GitFormat]int{digest.GitSHA1: 40, digest.GitSHA256: 64}[format]
		var names []string
		for _, path := range slices.Sorted(maps.Keys(files)) {
			if len(files[path].id) == length {
				names = append(names, path)
			}
		}
		o := digest.FilesOptions{Options: digest.Options{Algorithms: []digest.Algorithm{digest.GitBlob}, Git: format}}
		for result, err := range digest.SumFiles(ctx, root, slices.Values(names), o) {
			if err != nil {
				return 0, refuseWorktree(ctx)
			}
			if result.Digests[digest.GitBlob] != files[result.Name].id {
				changed++
			}
		}
	}
	return changed, nil
}
