//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible"
)

// tellUpTime asks every source for how long the machine has been running, and
// reports the longest, in seconds.
func tellUpTime([]string) error {
	var longest int64
	for _, id := range []int32{unix.CLOCK_MONOTONIC, unix.CLOCK_MONOTONIC_RAW, unix.CLOCK_MONOTONIC_COARSE, unix.CLOCK_BOOTTIME} {
		var now unix.Timespec
		if err := unix.ClockGettime(id, &now); err != nil { // by the page that the kernel shares
			return err
		}
		longest = max(longest, now.Sec)
	}
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return err
	}
	longest = max(longest, info.Uptime)
	stat, err := os.ReadFile("/proc/self/stat") // field 22: when this process started, in hundredths of a second
	if err != nil {
		return err
	}
	var ticks int64
	if _, err := fmt.Sscan(strings.Fields(string(stat))[21], &ticks); err != nil {
		return err
	}
	return result(fmt.Sprint(max(longest, ticks/100)))
}

func TestTheMachinesUpTimeIsNotTold(t *testing.T) {
	l := newLab(t)
	s := l.spec("tell-up-time")
	s.Require = reproducible.TimeIsolation
	start := time.Now()
	r, err := l.build(t, s)
	require.NoError(t, err, "%s", logOf(err))
	require.True(t, r.Achieved.Has(reproducible.TimeIsolation))
	var seconds int64
	_, err = fmt.Sscan(l.text(t, r, "result"), &seconds)
	require.NoError(t, err)
	require.LessOrEqual(t, seconds, int64(time.Since(start).Seconds())+1)
}
