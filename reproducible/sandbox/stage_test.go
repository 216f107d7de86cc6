//go:build linux && (amd64 || arm64)

package sandbox

import (
	"debug/elf"
	"encoding/hex"
	"go/scanner"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// assembleStage returns the code of testdata/stage, as Go's assembler makes it.
func assembleStage(t *testing.T, arch string) string {
	path := filepath.Join(t.TempDir(), "stage")
	cmd := exec.Command("go", "build", "-o", path, ".")
	cmd.Dir = filepath.Join("testdata", "stage")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOWORK=off", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	f, err := elf.Open(path)
	require.NoError(t, err)
	defer f.Close()
	symbols, err := f.Symbols()
	require.NoError(t, err)
	for _, s := range symbols {
		if s.Name == "main.stage.abi0" {
			code := make([]byte, s.Size)
			section := f.Sections[s.Section]
			_, err := section.ReadAt(code, int64(s.Value-section.Addr))
			require.NoError(t, err)
			return hex.EncodeToString(code)
		}
	}
	t.Fatal("no stage")
	return ""
}

func TestTheStageIsWhatItsSourceSays(t *testing.T) {
	if _, err := os.Stat("testdata"); err != nil {
		return // this run is the same binary's, elsewhere
	}
	for _, arch := range []string{"amd64", "arm64"} {
		text, err := os.ReadFile("stage_" + arch + ".go")
		require.NoError(t, err)
		require.Equal(t, assembleStage(t, arch), strings.Join(literals(text), ""), arch)
	}
}

// literals returns the strings of hexadecimal digits in a Go file.
func literals(text []byte) []string {
	var all []string
	var s scanner.Scanner
	files := token.NewFileSet()
	s.Init(files.AddFile("", -1, len(text)), text, nil, 0)
	for {
		_, tok, lit := s.Scan()
		if tok == token.EOF {
			return all
		}
		if value, err := strconv.Unquote(lit); tok == token.STRING && err == nil && !strings.Contains(value, "/") {
			all = append(all, value)
		}
	}
}

// play runs a script as a stage and returns what it says.
func play(t *testing.T, s *script) (told step, said bool, status *os.ProcessState) {
	stage, err := s.file()
	require.NoError(t, err)
	defer stage.Close()
	near, far, err := controlPair()
	require.NoError(t, err)
	p, err := os.StartProcess("/proc/self/fd/0", []string{"stage"}, &os.ProcAttr{Env: []string{}, Files: []*os.File{stage, os.Stderr, os.Stderr, far}})
	require.NoError(t, err)
	require.NoError(t, far.Close())
	j := &jail{control: near}
	defer j.done()
	body, err := j.receive()
	require.NoError(t, err)
	status, err = p.Wait()
	require.NoError(t, err)
	told, said = failure(body)
	return told, said, status
}

func TestAStageGoesThroughItsStepsAndTellsTheFirstWrongOne(t *testing.T) {
	s := newScript()
	fd := s.open("open", unix.SYS_OPENAT, atCWD, s.text("/dev/null"), unix.O_WRONLY)
	require.EqualValues(t, controlFD+1, fd)
	s.add("write", 3, 3, unix.SYS_WRITE, fd, s.text("abc"), 3)
	s.any("umask", unix.SYS_UMASK, 0o22)
	s.add("six arguments", -int64(unix.EBADF), -int64(unix.EBADF), unix.SYS_MMAP, 0, 4096, unix.PROT_READ, unix.MAP_PRIVATE, 99, 4096)
	s.do("close", unix.SYS_CLOSE, fd)
	s.do("close again", unix.SYS_CLOSE, fd)
	s.add("never", 0, 0, unix.SYS_EXIT_GROUP, 7)
	told, said, status := play(t, s)
	require.True(t, said)
	require.EqualValues(t, 5, told.index)
	require.EqualValues(t, -int64(unix.EBADF), told.result)
	require.Equal(t, 125, status.ExitCode())
}

func TestAResultOnEitherSideOfTheBoundsIsWrong(t *testing.T) {
	for name, bounds := range map[string][2]int64{"below": {19, 20}, "above": {16, 17}, "between none": {1, 0}} {
		t.Run(name, func(t *testing.T) {
			s := newScript()
			s.any("umask", unix.SYS_UMASK, 0o22)
			s.add("umask", 0o22, 0o22, unix.SYS_UMASK, 0o22)
			s.add("umask", bounds[0], bounds[1], unix.SYS_UMASK, 0o22)
			told, said, _ := play(t, s)
			require.True(t, said)
			require.EqualValues(t, 2, told.index)
			require.EqualValues(t, 0o22, told.result)
		})
	}
}

func TestNothingCanChangeAStage(t *testing.T) {
	s := newScript()
	s.do("close", unix.SYS_CLOSE, 0)
	f, err := s.file()
	require.NoError(t, err)
	defer f.Close()
	_, err = f.WriteAt([]byte{0}, 0)
	require.ErrorIs(t, err, unix.EPERM)
	require.ErrorIs(t, f.Truncate(0), unix.EPERM)
	_, err = unix.Mmap(int(f.Fd()), 0, 4096, unix.PROT_WRITE, unix.MAP_SHARED)
	require.ErrorIs(t, err, unix.EPERM)
	_, err = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, 0)
	require.ErrorIs(t, err, unix.EPERM)
}

func TestAStageIsAnExecutableThatOthersCanRead(t *testing.T) {
	s := newScript()
	s.do("close", unix.SYS_CLOSE, s.text("data"))
	f, err := s.file()
	require.NoError(t, err)
	defer f.Close()
	e, err := elf.NewFile(f)
	require.NoError(t, err)
	require.Equal(t, elf.ET_EXEC, e.Type)
	var flags []elf.ProgFlag
	for _, p := range e.Progs {
		flags = append(flags, p.Flags)
		require.False(t, p.Flags&elf.PF_W != 0 && p.Flags&elf.PF_X != 0, "nothing can be both written and run")
	}
	require.Equal(t, []elf.ProgFlag{elf.PF_R | elf.PF_X, elf.PF_R | elf.PF_W, elf.PF_R | elf.PF_W, elf.PF_R | elf.PF_W}, flags)
	data := make([]byte, 5)
	_, err = e.Progs[2].ReadAt(data, 0)
	require.NoError(t, err)
	require.Equal(t, "data\x00", string(data))
}

func TestDescriptorsAreKnownBeforeTheyAreMade(t *testing.T) {
	c := &child{script: newScript()}
	first, second := c.open("a", 0), c.open("b", 0)
	c.close(first)
	require.Equal(t, []uint64{4, 5, 4, 6}, []uint64{first, second, c.open("c", 0), c.open("d", 0)})
}
