//go:build linux && (amd64 || arm64)

package trace

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/seccompbpf"
	"github.com/sealwright/sealwright/reproducible"
)

func TestEveryWatchedCallNotifiesAndNoOther(t *testing.T) {
	f := Filter(Watch{Files: true})
	_, err := f.Assemble()
	require.NoError(t, err)
	seen := map[uint32]bool{}
	for _, c := range calls() {
		require.False(t, seen[c.nr], "call %d is listed twice", c.nr)
		seen[c.nr] = true
	}
	require.Len(t, f.Rules, len(seen))
	for _, r := range f.Rules {
		require.Equal(t, seccompbpf.Notify, r.Action)
		require.Empty(t, r.When, "no argument may hide a call")
	}
}

func TestTheKernelsStructuresHaveTheirSizes(t *testing.T) {
	require.EqualValues(t, 80, unsafe.Sizeof(notification{}))
	require.EqualValues(t, 24, unsafe.Sizeof(response{}))
	require.EqualValues(t, sizeMessage, unsafe.Sizeof(unix.Msghdr{})+8)
}

func TestAPathIsReadToItsEndAndNeverBeyond(t *testing.T) {
	pages, err := unix.Mmap(-1, 0, 4*4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	require.NoError(t, err)
	defer func() { require.NoError(t, unix.Munmap(pages)) }()
	require.NoError(t, unix.Mprotect(pages[3*4096:], unix.PROT_NONE))
	var m memory
	at := func(offset int) uint64 { return uint64(uintptr(unsafe.Pointer(&pages[offset]))) }
	for _, length := range []int{0, 1, 254, 255, 256, 257, 4094, 4095} {
		for _, offset := range []int{0, 4095, 2*4096 - 100, 3*4096 - 1 - length} {
			if offset < 0 || offset+length+1 > 3*4096 {
				continue
			}
			copy(pages[offset:], strings.Repeat("x", length)+"\x00")
			got, err := m.path(os.Getpid(), at(offset))
			require.NoError(t, err, "length %d at %d", length, offset)
			require.Len(t, got, length)
		}
	}
	copy(pages, strings.Repeat("x", 3*4096))
	_, err = m.path(os.Getpid(), at(0))
	require.ErrorIs(t, err, errLong)
	_, err = m.path(os.Getpid(), at(3*4096-4095))
	require.ErrorIs(t, err, unix.EFAULT, "the end is not mapped")
	_, err = m.path(os.Getpid(), 8)
	require.ErrorIs(t, err, unix.EFAULT)
	_, err = m.path(1<<22+1, at(0))
	require.Error(t, err)
}

// The caller of what was not answered is gone, and what it asked for did not happen.
func TestAnOpeningIsPassedOverOnceTheLogHasIt(t *testing.T) {
	w := &watch{tree: *ground(t), calls: map[uint32]call{}, log: newLog(0)}
	for _, c := range calls() {
		w.calls[c.nr] = c
	}
	judge := func(name string, flags uint64) []reproducible.Access {
		text, err := unix.BytePtrFromString(name)
		require.NoError(t, err)
		n := notification{nr: unix.SYS_OPENAT, pid: uint32(os.Getpid())}
		n.args[1], n.args[2] = uint64(uintptr(unsafe.Pointer(text))), flags
		seen, answer := w.judge(&n)
		runtime.KeepAlive(text)
		require.Equal(t, goOn(), answer)
		return seen
	}
	// Outside of a build, what a link leads to has another name.
	w.tree.known["/in/link"] = &place{path: "/in/link", resolved: "/in/lib/file", outcome: reproducible.OutcomeFound, linked: true, fd: -1}
	for name, outcome := range map[string]reproducible.Outcome{
		"/in/lib/file": reproducible.OutcomeFound, "/in/link": reproducible.OutcomeFound, "/in/lib/nothing": reproducible.OutcomeAbsent,
	} {
		var seen []reproducible.Access
		for range 3 { // not answered
			seen = judge(name, unix.O_RDONLY)
			require.Len(t, seen, 1, name)
			require.Equal(t, outcome, seen[0].Outcome, name)
		}
		w.keep(seen)
		require.Contains(t, w.log.kept, seen[0], name)
		require.Empty(t, judge(name, unix.O_RDONLY), name)
		require.Len(t, judge(name, unix.O_RDWR), 1, "%s is to be written", name)
		w.keep(nil)
		require.Empty(t, judge(name, unix.O_PATH), name)
	}
	seen := judge("/in/link", unix.O_NOFOLLOW|unix.O_PATH)
	require.Len(t, seen, 1, "the link itself")
	require.Equal(t, "link", filepath.Base(seen[0].Resolved))
	for range 2 {
		w.keep(judge("/tmp/file", unix.O_RDONLY))
		require.Len(t, judge("/tmp/file", unix.O_RDONLY), 1, "the build can change what is there")
	}
}

func TestAnAddressIsTold(t *testing.T) {
	for want, raw := range map[string]string{
		"inet 192.0.2.1:443":     "\x02\x00\x01\xbb\xc0\x00\x02\x01",
		"inet6 [::1]:1":          "\x0a\x00\x00\x01\x00\x00\x00\x00" + strings.Repeat("\x00", 15) + "\x01\x00\x00\x00\x00",
		"unix /run/x":            "\x01\x00/run/x\x00rest",
		"unix relative":          "\x01\x00relative",
		"unix @abstract\x00name": "\x01\x00\x00abstract\x00name",
		"unix unnamed":           "\x01\x00",
		"short":                  "\x01",
		"family 2":               "\x02\x00\x01",
		"family 10":              "\x0a\x00\x00\x01\x00\x00\x00\x00",
		"family 16":              "\x10\x00\x00\x00\x00\x00",
	} {
		got, _ := describeAddress([]byte(raw))
		require.Equal(t, want, got)
	}
}

// smallELF is a program that has one segment, an interpreter.
func smallELF(interpreter string) []byte {
	var b bytes.Buffer
	head := elf.Header64{Phoff: 64, Phentsize: 56, Phnum: 1}
	copy(head.Ident[:], elf.ELFMAG)
	head.Ident[elf.EI_CLASS], head.Ident[elf.EI_DATA] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB)
	_ = binary.Write(&b, binary.LittleEndian, head)
	_ = binary.Write(&b, binary.LittleEndian, elf.Prog64{Type: uint32(elf.PT_INTERP), Off: 120, Filesz: uint64(len(interpreter)) + 1})
	b.WriteString(interpreter + "\x00")
	return b.Bytes()
}

func TestTheInterpreterIsTheOneThatTheKernelLoads(t *testing.T) {
	for name, x := range map[string]struct {
		file string
		want string
		ok   bool
	}{
		"a program with an interpreter":     {string(smallELF("/lib/ld.so")), "/lib/ld.so", true},
		"a script":                          {"#!/bin/sh\necho", "/bin/sh", true},
		"a script with spaces and argument": {"#! \t/bin/sh -e x\n", "/bin/sh", true},
		"a script without an end of line":   {"#!/bin/sh", "/bin/sh", true},
		"a script with nothing":             {"#! \n", "", true},
		"text":                              {"echo", "", true},
		"nothing":                           {"", "", true},
		"a program cut short":               {elf.ELFMAG + "\x02\x01", "", true},
		"a program of 32 bits":              {elf.ELFMAG + "\x01\x01" + strings.Repeat("\x00", 64), "", false},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := interpreterOf(strings.NewReader(x.file))
			require.Equal(t, x.want, got)
			require.Equal(t, x.ok, ok)
		})
	}
}

func FuzzInterpreter(f *testing.F) {
	f.Add(smallELF("/lib/ld.so"))
	f.Add([]byte("#!/bin/sh -x\n"))
	f.Add([]byte(elf.ELFMAG))
	f.Fuzz(func(t *testing.T, file []byte) {
		name, ok := interpreterOf(bytes.NewReader(file))
		require.True(t, ok || name == "")
		require.LessOrEqual(t, len(name), pathMax)
		if e, err := elf.NewFile(bytes.NewReader(file)); err == nil && ok && e.Class == elf.ELFCLASS64 && e.ByteOrder == binary.LittleEndian {
			for _, p := range e.Progs { // what the standard library reads, we read too
				if p.Type == elf.PT_INTERP && p.Filesz >= 2 && p.Filesz <= pathMax && p.Off+p.Filesz <= uint64(len(file)) {
					want, _, _ := bytes.Cut(file[p.Off:p.Off+p.Filesz], []byte{0})
					require.Equal(t, string(want), name)
					return
				}
			}
		}
	})
}

func FuzzAddress(f *testing.F) {
	f.Add([]byte("\x02\x00\x01\xbb\xc0\x00\x02\x01"))
	f.Add([]byte("\x01\x00/run/x"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		text, path := describeAddress(raw)
		require.NotEmpty(t, text)
		require.NotContains(t, path, "\x00")
	})
}

func FuzzPath(f *testing.F) {
	root, err := unix.Open("/", unix.O_PATH|unix.O_DIRECTORY, 0)
	require.NoError(f, err)
	for _, name := range []string{"/proc/self/exe", "/proc/self/root/../proc/self/fd/0/x", "/proc/thread-self/cwd", "..//./x", "/dev/fd/1", "/dev/stdin"} {
		f.Add(name, false)
	}
	w := &tree{root: root}
	f.Fuzz(func(t *testing.T, name string, nofollow bool) {
		if strings.Contains(name, "\x00") || len(name) >= pathMax {
			return
		}
		p := w.look(os.Getpid(), unix.AT_FDCWD, name, nofollow)
		defer p.close()
		require.NotEmpty(t, p.outcome)
		require.True(t, p.resolved == "" || p.outcome == reproducible.OutcomeFound)
	})
}

func TestAConfigThatLacksSomethingIsRefused(t *testing.T) {
	f, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer f.Close()
	kill := func() {}
	for _, c := range []Config{
		{}, {Listener: f, Root: f, Mounts: f}, {Listener: f, Mounts: f, Kill: kill}, {Root: f, Mounts: f, Kill: kill},
		{Listener: f, Root: f, Kill: kill}, {Listener: f, Root: f, Mounts: f, Kill: kill, MaxAccesses: -1},
	} {
		_, err := Start(c)
		require.ErrorIs(t, err, attest.Is(CodeConfig))
	}
}

func TestADescriptorThatNotifiesOfNothingKillsTheBuild(t *testing.T) {
	null, err := os.Open(os.DevNull) // poll says ready, and the ioctl fails
	require.NoError(t, err)
	root, err := os.Open("/")
	require.NoError(t, err)
	mounts, err := os.Open("/proc/self/ns/mnt")
	require.NoError(t, err)
	killed := make(chan struct{})
	tracer, err := Start(Config{Listener: null, Root: root, Mounts: mounts, Kill: func() { close(killed) }})
	require.NoError(t, err)
	<-killed
	got, err := tracer.Stop()
	require.ErrorIs(t, err, attest.Is(CodeMachine))
	require.False(t, got.Complete)
	again, err := tracer.Stop()
	require.Error(t, err)
	require.Same(t, got, again)
}
