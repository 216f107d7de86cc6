//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/process"
	"github.com/sealwright/sealwright/reproducible/reproducibletest"
	"github.com/sealwright/sealwright/reproducible/sandbox"
)

// threadLab returns a lab and a Thread over its store.
func threadLab(t testing.TB) (*lab, *process.Builder) {
	t.Helper()
	l := newLab(t)
	dir, err := os.MkdirTemp("", "thread-") // traversable by everyone, unlike t.TempDir
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	b, err := sandbox.NewThread(sandbox.ThreadConfig{Store: l.store, Dir: dir, Now: time.Now})
	require.NoError(t, err)
	return l, b
}

func TestAThreadKeepsTheContract(t *testing.T) {
	t.Parallel()
	l, b := threadLab(t)
	reproducibletest.TestBuilder(t, reproducibletest.Setup{
		Builder: b, PutFile: l.store.PutFile, Open: l.store.Open,
		Spec: func() *reproducible.Spec { return l.spec("kit") },
	})
}

// confined writes the errors that acts give to /out of the private directory,
// which is the working directory.
func confined(args []string) error {
	var lines []string
	for i, arg := range args {
		words := strings.Split(arg, " ")
		err := attacks()[words[0]](words[1:])
		if err == nil {
			return errors.New("the attack succeeded: " + arg)
		}
		lines = append(lines, strconv.Itoa(i)+" "+err.Error())
	}
	return os.WriteFile("result", []byte(strings.Join(lines, "\n")+"\n"), 0o644)
}

func TestAThreadRefusesWhatItPromisesToRefuse(t *testing.T) {
	l, b := threadLab(t)
	outside := filepath.Join(t.TempDir(), "outside")
	require.NoError(t, os.WriteFile(outside, []byte("x"), 0o666))
	pid := strconv.Itoa(os.Getpid())
	attacks := map[string]string{
		"open /etc/passwd":                      "permission denied",
		"open /proc/self/status":                "permission denied",
		"open /proc/" + pid + "/mem":            "permission denied",
		"open " + outside:                       "permission denied",
		"open-for-writing " + outside:           "permission denied",
		"create /tmp/new-by-a-thread":           "permission denied",
		"open-for-writing ../tree/file":         "permission denied",
		"create ../tree/new":                    "permission denied",
		"unlink ../tree/file":                   "permission denied",
		"rename ../tree/file ../out/tool":       "permission denied",
		"link ../tree/file ../out/tool":         "link",
		"dial tcp 127.0.0.1:1":                  "address family not supported",
		"dial unix /run/x":                      "address family not supported",
		"dial unix @x":                          "address family not supported",
		"dial udp 127.0.0.1:53":                 "address family not supported",
		"kill " + pid:                           "operation not permitted",
		"stop " + pid:                           "operation not permitted",
		"become 0":                              "operation not permitted",
		"raise-caps":                            "operation not permitted",
		"clone-newuser":                         "operation not permitted",
		"tiocsti":                               "operation not permitted",
		"call " + nr(unix.SYS_PTRACE):           "operation not permitted",
		"call " + nr(unix.SYS_MOUNT):            "operation not permitted",
		"call " + nr(unix.SYS_SHMGET):           "operation not permitted",
		"call " + nr(unix.SYS_MQ_OPEN):          "operation not permitted",
		"call " + nr(unix.SYS_PROCESS_VM_READV): "operation not permitted",
		"call " + nr(unix.SYS_IO_URING_SETUP):   "function not implemented",
		"call " + nr(unix.SYS_BPF):              "operation not permitted",
		"call " + nr(unix.SYS_KEYCTL):           "operation not permitted",
	}
	var commands []string
	for command := range attacks {
		commands = append(commands, command)
	}
	s := l.spec("confined", commands...)
	tree := l.putFiles(t, map[string]string{"file": "content"})
	s.Inputs = append(s.Inputs, reproducible.Input{Path: "/tree", Kind: reproducible.Tree, Digest: tree})
	s.Require = sandbox.ThreadGuarantees
	r, err := b.Build(t.Context(), s)
	require.NoError(t, err, "%s", logOf(err))
	require.True(t, r.Achieved.Has(sandbox.ThreadGuarantees))
	lines := strings.Split(l.text(t, r, "result"), "\n")
	for i, command := range commands {
		t.Run(command, func(t *testing.T) {
			want := attacks[command]
			if os.Geteuid() != 0 && (command == "become 0") {
				want = "" // the number alone differs
			}
			require.Contains(t, lines[i], want)
		})
	}
}

func nr(n int) string { return strconv.Itoa(n) }

func TestAThreadTakesNothingFromItsCaller(t *testing.T) {
	l, b := threadLab(t)
	for range 10 {
		_, err := b.Build(t.Context(), l.spec("confined"))
		require.NoError(t, err, "%s", logOf(err))
	}
	for range 4 * runtime.NumCPU() {
		done := make(chan error)
		go func() {
			_, err := os.ReadFile("/etc/passwd")
			done <- errors.Join(err, exec.Command("/bin/true").Run())
		}()
		require.NoError(t, <-done)
	}
	tasks, err := filepath.Glob("/proc/self/task/*/status")
	require.NoError(t, err)
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			continue // it has ended
		}
		require.Contains(t, string(text), "NoNewPrivs:\t0")
		require.Contains(t, string(text), "Seccomp:\t0")
	}
}
