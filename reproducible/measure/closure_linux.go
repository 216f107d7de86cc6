package measure

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// A closer follows what a program loads.
type closer struct {
	root   *os.File // the file tree
	prefix string   // its path, "" for "/"
	limits Limits
	pin    *ToolPin

	class   elf.Class
	machine elf.Machine
	cache   map[string][]string // paths by library name
	files   map[string]PinnedFile
	objects []object // to look into
}

// An object is an ELF file of the closure, with the directories that it names.
type object struct {
	path    string
	needed  []string
	rpath   []string // its own and, by DT_RPATH's rule, those of what loaded it
	runpath []string
}

// open opens a regular file in the tree and tells its path without links.
func (c *closer) open(name string) (*os.File, string, error) {
	fd, err := unix.Openat2(int(c.root.Fd()), name, &unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NONBLOCK,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
	if err != nil {
		return nil, "", &os.PathError{Op: "open", Path: name, Err: err}
	}
	f := os.NewFile(uintptr(fd), name)
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &os.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	var real string
	if err == nil {
		real, err = os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
	}
	if err != nil {
		return nil, "", errors.Join(err, f.Close())
	}
	return f, strings.TrimPrefix(real, c.prefix), nil
}

// read pins a file by what it holds and returns that.
func (c *closer) read(ctx context.Context, name string) (PinnedFile, []byte, error) {
	if ctx.Err() != nil {
		return PinnedFile{}, nil, cancelled(ctx)
	}
	f, real, err := c.open(name)
	if errors.Is(err, os.ErrNotExist) {
		return PinnedFile{}, nil, err
	}
	if err != nil {
		return PinnedFile{}, nil, cannotRead(name, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, c.limits.Bytes+1))
	if err != nil {
		return PinnedFile{}, nil, cannotRead(name, err)
	}
	if int64(len(b)) > c.limits.Bytes {
		return PinnedFile{}, nil, attest.Refuse(CodeLimit, quote(name), strconv.FormatInt(c.limits.Bytes, 10)+" bytes", "more")
	}
	sum := sha256.Sum256(b)
	p := PinnedFile{Path: real, Size: int64(len(b)), Digest: digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(sum[:])}}
	return p, b, nil
}

// optional is read for a file that may not exist; then it returns nil.
func (c *closer) optional(ctx context.Context, name string) (*PinnedFile, []byte, error) {
	p, b, err := c.read(ctx, name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return &p, b, nil
}

// program pins the tool and, if it is dynamic, all that it loads.
func (c *closer) program(ctx context.Context, name string) error {
	tool, b, err := c.read(ctx, name)
	if errors.Is(err, os.ErrNotExist) {
		return attest.Refuse(CodeToolAbsent, quote(name), "a file", "nothing")
	}
	if err != nil {
		return err
	}
	c.pin.Tool = tool
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		got := "no ELF file"
		if bytes.HasPrefix(b, []byte("#!")) {
			got = "a script: pin its interpreter, and the script as an input"
		}
		return attest.Refuse(CodeToolFormat, quote(tool.Path), "an ELF program", got).Because(err)
	}
	c.class, c.machine = f.Class, f.Machine
	loader, err := interpreter(f)
	if err != nil {
		return attest.Refuse(CodeToolFormat, quote(tool.Path), "a well-formed ELF program", "").Because(err)
	}
	if loader == "" {
		return nil
	}
	return c.dynamic(ctx, f, tool, loader)
}

func (c *closer) dynamic(ctx context.Context, f *elf.File, tool PinnedFile, loader string) error {
	pinned, b, err := c.read(ctx, loader)
	if err != nil {
		return attest.Refuse(CodeToolLibrary, quote(tool.Path), "the interpreter "+quote(loader), "").Because(err)
	}
	c.pin.Interpreter, c.pin.InterpreterName = &pinned, loader
	var cache []byte
	if c.pin.Cache, cache, err = c.optional(ctx, "/etc/ld.so.cache"); err != nil {
		return err
	}
	if c.cache, err = parseCache(cache); err != nil {
		return attest.Refuse(CodeToolFormat, "/etc/ld.so.cache", "a loader's cache", "").Because(err)
	}
	if err := c.look(f, tool.Path, nil); err != nil {
		return err
	}
	preloaded, err := c.preload(ctx)
	if err != nil {
		return err
	}
	c.objects = append(c.objects, object{path: "/etc/ld.so.preload", needed: preloaded})
	for i := 0; i < len(c.objects); i++ {
		for _, name := range c.objects[i].needed {
			if err := c.library(ctx, c.objects[i], name); err != nil {
				return err
			}
		}
	}
	// The loader is a library of its own that others need by name.
	if l, err := elf.NewFile(bytes.NewReader(b)); err == nil {
		if needed, err := l.ImportedLibraries(); err != nil || len(needed) > 0 {
			return attest.Refuse(CodeToolFormat, quote(pinned.Path), "an interpreter that needs nothing", strings.Join(needed, " "))
		}
	}
	for _, p := range c.files {
		c.pin.Libraries = append(c.pin.Libraries, p)
	}
	slices.SortFunc(c.pin.Libraries, func(a, b PinnedFile) int { return strings.Compare(a.Path, b.Path) })
	return nil
}

// preload returns the libraries that the list names, which are separated by space
// or colons; "#" begins a comment (ld.so(8)).
func (c *closer) preload(ctx context.Context) ([]string, error) {
	var b []byte
	var err error
	if c.pin.Preload, b, err = c.optional(ctx, "/etc/ld.so.preload"); err != nil {
		return nil, err
	}
	var names []string
	for line := range strings.Lines(string(b)) {
		line, _, _ = strings.Cut(line, "#")
		names = append(names, strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\n:", r) })...)
	}
	return names, nil
}

// library pins every file that the loader may take for a name that an object needs.
func (c *closer) library(ctx context.Context, by object, name string) error {
	found := false
	for _, candidate := range c.candidates(by, name) {
		p, b, err := c.read(ctx, candidate)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		f, err := elf.NewFile(bytes.NewReader(b))
		if err != nil || f.Class != c.class || f.Machine != c.machine {
			continue // the loader passes over foreign architectures, and so does this
		}
		found = true
		if _, known := c.files[p.Path]; known || c.pin.Interpreter.Path == p.Path {
			continue
		}
		if len(c.files) >= c.limits.Entries {
			return attest.Refuse(CodeLimit, quote(p.Path), strconv.Itoa(c.limits.Entries)+" libraries", "more")
		}
		c.files[p.Path] = p
		if err := c.look(f, p.Path, by.rpath); err != nil {
			return err
		}
	}
	if !found {
		return attest.Refuse(CodeToolLibrary, quote(by.path), "the library "+quote(name), "nothing under that name")
	}
	return nil
}

// look queues what an object needs.
func (c *closer) look(f *elf.File, at string, inherited []string) error {
	o := object{path: at}
	needed, err := f.ImportedLibraries()
	rpath, rerr := f.DynString(elf.DT_RPATH)
	runpath, runErr := f.DynString(elf.DT_RUNPATH)
	if err := errors.Join(err, rerr, runErr); err != nil {
		return attest.Refuse(CodeToolFormat, quote(at), "a well-formed ELF file", "").Because(err)
	}
	o.needed = needed
	o.runpath = searchPath(runpath, at)
	if len(o.runpath) == 0 {
		o.rpath = append(searchPath(rpath, at), inherited...)
	}
	c.objects = append(c.objects, o)
	return nil
}

// candidates lists where the loader looks (ld.so(8)): the object's own directories,
// the cache, the default directories. Each is tried, as which of them wins depends
// on the processor; a file that appears in one of them makes another pin.
func (c *closer) candidates(by object, name string) []string {
	if strings.Contains(name, "/") {
		return []string{name}
	}
	var out []string
	for _, dir := range slices.Concat(by.rpath, by.runpath, defaultDirs(c.machine)) {
		out = append(out, dir+"/"+name)
		for _, level := range hardwareLevels(c.machine) {
			out = append(out, dir+"/glibc-hwcaps/"+level+"/"+name)
		}
	}
	return append(out, c.cache[name]...)
}

func interpreter(f *elf.File) (string, error) {
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP {
			continue
		}
		const most = 4096
		if p.Filesz == 0 || p.Filesz > most {
			return "", errors.New("the interpreter's name is " + strconv.FormatUint(p.Filesz, 10) + " bytes long")
		}
		b := make([]byte, p.Filesz)
		if _, err := p.ReadAt(b, 0); err != nil {
			return "", err
		}
		return string(bytes.TrimRight(b, "\x00")), nil
	}
	return "", nil
}

// searchPath splits a path of an object and replaces $ORIGIN by its directory.
func searchPath(lists []string, at string) []string {
	var out []string
	for _, list := range lists {
		for dir := range strings.SplitSeq(list, ":") {
			dir = strings.NewReplacer("$ORIGIN", path.Dir(at), "${ORIGIN}", path.Dir(at)).Replace(dir)
			if strings.HasPrefix(dir, "/") {
				out = append(out, path.Clean(dir))
			}
		}
	}
	return out
}

// defaultDirs are those of the GNU loader, as upstream and as Debian configure it.
func defaultDirs(m elf.Machine) []string {
	dirs := []string{"/lib64", "/usr/lib64", "/lib", "/usr/lib"}
	for _, arch := range []struct {
		machine elf.Machine
		triplet string
	}{{elf.EM_X86_64, "x86_64-linux-gnu"}, {elf.EM_AARCH64, "aarch64-linux-gnu"}} {
		if arch.machine == m {
			dirs = append([]string{"/lib/" + arch.triplet, "/usr/lib/" + arch.triplet}, dirs...)
		}
	}
	return dirs
}

// hardwareLevels are the directories of variants for newer processors.
func hardwareLevels(m elf.Machine) []string {
	if m == elf.EM_X86_64 {
		return []string{"x86-64-v2", "x86-64-v3", "x86-64-v4"}
	}
	return nil
}
