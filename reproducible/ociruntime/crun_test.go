//go:build linux && (amd64 || arm64)

package ociruntime_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// otherRuntime names the variable by which a test gives itself another runtime than
// runc, in a process of its own.
const otherRuntime = "OCIRUNTIME_TEST_RUNTIME"

// laboratory names the runtime that this process tests, which is its Debian package too.
func laboratory() string {
	if name := os.Getenv(otherRuntime); name != "" {
		return name
	}
	return "runc"
}

// TestCrunDoesWhatRuncDoes runs the contract, the attacks and the bombs once more, in
// containers of crun. crun refuses machines where a controller is in the second version
// of control groups and others are in the first; where that is so, the tests run in a
// mount namespace in which the second is not mounted.
func TestCrunDoesWhatRuncDoes(t *testing.T) {
	if os.Getenv(otherRuntime) != "" {
		t.Fatal("a test that runs itself must leave itself out")
	}
	labWith(t, find(t, "crun", "crun"))
	again := []string{
		"TestContainersKeepTheContract", "TestEveryAttackIsRefused", "TestBombsMeetTheirLimits", "TestACommandSeesTheSpecsIdentityAndNothingElse",
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.v", "-test.run=^("+strings.Join(again, "|")+")$")
	cmd.Env = append(os.Environ(), otherRuntime+"=crun")
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, name := range again {
		require.Contains(t, string(out), "--- PASS: "+name+" ")
	}
	require.NotContains(t, string(out), "--- SKIP")
}

// hideUnified takes the second version of control groups out of this process's mount
// namespace, if it is mounted beside the first.
func hideUnified() error {
	err := unix.Unmount("/sys/fs/cgroup/unified", 0)
	if err == unix.EINVAL || err == unix.ENOENT {
		return nil
	}
	return err
}
