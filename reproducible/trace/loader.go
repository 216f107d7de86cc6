//go:build linux && (amd64 || arm64)

package trace

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible"
)

// scriptDepth is how many interpreters the kernel follows
// (fs/exec.c, exec_binprm).
const scriptDepth = 5

// scriptHead is how much of a script the kernel reads (BINPRM_BUF_SIZE).
const scriptHead = 256

// A program is a file that the kernel can run, by device and inode.
type program struct{ dev, ino uint64 }

// loader finds the interpreters that the kernel loads for a program without a
// system call of the build.
type loader struct {
	known map[program]string // of files on read-only mounts, which do not change
}

// interpreter returns the path of the interpreter of what fd stands for, or ""
// when it needs none. ok is false when that cannot be told.
func (l *loader) interpreter(fd int) (name string, ok bool) {
	f, st, err := openRegular(fd)
	if err != nil {
		return "", false
	}
	defer f.Close()
	key := program{st.Dev, st.Ino}
	if name, ok := l.known[key]; ok {
		return name, true
	}
	name, ok = interpreterOf(f)
	var fs unix.Statfs_t
	if ok && unix.Fstatfs(fd, &fs) == nil && fs.Flags&unix.ST_RDONLY != 0 && len(l.known) < 1<<16 {
		l.known[key] = name
	}
	return name, ok
}

// interpreterOf reads a script's first line (execve(2), "Interpreter scripts") or
// an ELF program's PT_INTERP segment. Anything else needs no interpreter: the
// kernel refuses to run it.
func interpreterOf(r io.ReaderAt) (name string, ok bool) {
	head := make([]byte, scriptHead)
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return "", false
	}
	head = head[:n]
	if line, isScript := bytes.CutPrefix(head, []byte("#!")); isScript {
		line, _, _ = bytes.Cut(line, []byte("\n"))
		fields := bytes.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == 0 })
		if len(fields) == 0 {
			return "", true
		}
		return string(fields[0]), true
	}
	if !bytes.HasPrefix(head, []byte(elf.ELFMAG)) {
		return "", true
	}
	return elfInterpreter(r)
}

// maxSegments is how many program headers the kernel takes: 64 KiB of them
// (fs/binfmt_elf.c, load_elf_phdrs).
const maxSegments = 65536 / 56

// elfInterpreter reads the headers as the kernel does. Package debug/elf would
// read sections too, and is not meant for hostile files.
func elfInterpreter(r io.ReaderAt) (name string, ok bool) {
	var head elf.Header64
	if err := binary.Read(io.NewSectionReader(r, 0, 64), binary.LittleEndian, &head); err != nil {
		return "", err == io.EOF || err == io.ErrUnexpectedEOF // the kernel refuses it too
	}
	if head.Ident[elf.EI_CLASS] != byte(elf.ELFCLASS64) || head.Ident[elf.EI_DATA] != byte(elf.ELFDATA2LSB) {
		return "", false
	}
	if head.Phentsize != 56 || head.Phnum > maxSegments || head.Phoff > 1<<62 {
		return "", true // the kernel refuses it
	}
	segments := io.NewSectionReader(r, int64(head.Phoff), int64(head.Phnum)*56)
	for range head.Phnum {
		var p elf.Prog64
		if err := binary.Read(segments, binary.LittleEndian, &p); err != nil {
			return "", true
		}
		if elf.ProgType(p.Type) != elf.PT_INTERP {
			continue
		}
		if p.Filesz < 2 || p.Filesz > pathMax || p.Off > 1<<62 {
			return "", true
		}
		text := make([]byte, p.Filesz)
		if _, err := r.ReadAt(text, int64(p.Off)); err != nil {
			return "", true
		}
		name, _, _ := bytes.Cut(text, []byte{0})
		return string(name), true
	}
	return "", true
}

// loads tells every interpreter behind a program, each as an access.
func (w *watch) loads(pid int, fd int) []reproducible.Access {
	var out []reproducible.Access
	current := fd
	for range scriptDepth + 1 {
		name, ok := w.loader.interpreter(current)
		if current != fd {
			_ = unix.Close(current)
		}
		if !ok {
			w.dropped++
		}
		if name == "" {
			return out
		}
		p := w.tree.look(pid, unix.AT_FDCWD, name, false)
		w.tree.hold(&p)
		out = append(out, access(reproducible.OpLoad, p))
		if p.fd < 0 {
			return out
		}
		current = p.fd
	}
	_ = unix.Close(current)
	return out
}
