package dirlog

import (
	"errors"
	"io"
	"os"
	"path"
	"slices"
	"strconv"
	"sync"

	"github.com/sealwright/sealwright/attest"
)

// writers bounds the fsyncs that run at a time; a file system joins those that
// overlap in one journal commit.
const writers = 16

// A file is what a commit writes.
type file struct {
	path    string
	content []byte
}

// writeAll makes files and their directories durable.
func writeAll(root *os.Root, files []file) error {
	dirs, err := makeDirs(root, files)
	if err != nil {
		return err
	}
	if err := each(files, func(f file) error { return writeFile(root, f) }); err != nil {
		return err
	}
	return each(dirs, func(dir string) error { return syncDir(root, dir) })
}

// makeDirs makes the directories of files and returns those to be synced: their
// own, and the parents of all that were made.
func makeDirs(root *os.Root, files []file) ([]string, error) {
	var dirs []string
	for _, f := range files {
		dir := path.Dir(f.path)
		if slices.Contains(dirs, dir) {
			continue
		}
		dirs = append(dirs, dir)
		for d := dir; d != "."; d = path.Dir(d) {
			if _, err := root.Lstat(d); err == nil {
				break
			}
			if parent := path.Dir(d); !slices.Contains(dirs, parent) {
				dirs = append(dirs, parent)
			}
		}
		if err := root.MkdirAll(dir, 0o755); err != nil {
			return nil, attest.Refuse(CodeWrite, dir, "a directory", "").Because(err)
		}
	}
	return dirs, nil
}

// writeFile writes and syncs a file. One that exists is left from a commit that
// was never published.
func writeFile(root *os.Root, f file) error {
	w, err := root.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return attest.Refuse(CodeWrite, f.path, "a file", "").Because(err)
	}
	_, err = w.Write(f.content)
	if err == nil {
		err = w.Sync()
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return attest.Refuse(CodeWrite, f.path, "a durable file", "").Because(err)
	}
	return nil
}

func syncDir(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err == nil {
		err = errors.Join(d.Sync(), d.Close())
	}
	if err != nil {
		return attest.Refuse(CodeWrite, dir, "a durable directory", "").Because(err)
	}
	return nil
}

// publish makes a signed checkpoint durable twice: first under another name, so
// that no power failure can take back what a reader saw.
func publish(root *os.Root, signed []byte) error {
	if err := writeFile(root, file{nextFile, signed}); err != nil {
		return err
	}
	if err := syncDir(root, "."); err != nil {
		return err
	}
	if err := root.Rename(nextFile, checkpointFile); err != nil {
		return attest.Refuse(CodeWrite, checkpointFile, "the new checkpoint", "").Because(err)
	}
	return syncDir(root, ".")
}

// each runs do for all, some at a time, and joins the errors.
func each[T any](all []T, do func(T) error) error {
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	slots := make(chan struct{}, writers)
	for i, one := range all {
		slots <- struct{}{}
		wg.Go(func() {
			errs[i] = do(one)
			<-slots
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// readFile reads a file of at most limit bytes.
func readFile(root *os.Root, name string, limit int) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, attest.Refuse(CodeRead, name, "a file", "").Because(err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err != nil {
		return nil, attest.Refuse(CodeRead, name, "a file", "").Because(err)
	}
	if len(content) > limit {
		return nil, attest.Refuse(attest.CodeLimit, name, "at most "+strconv.Itoa(limit)+" bytes", "more")
	}
	return content, nil
}
