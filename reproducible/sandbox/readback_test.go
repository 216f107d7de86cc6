//go:build linux && (amd64 || arm64)

package sandbox

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/internal/cgroup"
	"github.com/sealwright/sealwright/reproducible"
)

func TestAChildThatTheKernelDescribesOtherwiseIsRefused(t *testing.T) {
	p := &plan{HostUID: 65534, HostGID: 65534, Switch: true, Umask: 0o22}
	const none, all = "0000000000000000", "000001ffffffffff"
	good := map[string]string{
		"CapInh": none, "CapPrm": none, "CapEff": none, "CapBnd": none, "CapAmb": none, "NoNewPrivs": "1", "Seccomp": "2",
		"Uid": "65534 65534 65534 65534", "Gid": "65534 65534 65534 65534", "Umask": "0022", "Groups": "",
	}
	require.NoError(t, p.checkStatus(good))
	for name, value := range map[string]string{
		"CapInh": all, "CapPrm": all, "CapEff": "0000000000000001", "CapBnd": all, "CapAmb": all, "NoNewPrivs": "0", "Seccomp": "0",
		"Uid": "65534 65534 0 65534", "Gid": "65534 65534 65534 0", "Umask": "0000", "Groups": "0",
	} {
		bad := maps.Clone(good)
		bad[name] = value
		require.ErrorContains(t, p.checkStatus(bad), name)
		delete(bad, name)
		require.ErrorContains(t, p.checkStatus(bad), name, "what an old kernel does not tell is not taken for granted")
	}
}

const goodMounts = `10 9 0:1 / / ro,nosuid,nodev,relatime - tmpfs tmpfs rw
11 10 0:2 /x /in/a\040b ro,nosuid,nodev - ext4 /dev/sda rw
12 10 0:3 / /dev/null ro,nosuid,noexec - devtmpfs d rw
13 10 0:3 / /dev/zero ro,nosuid,noexec - devtmpfs d rw
14 10 0:3 / /dev/full ro,nosuid,noexec - devtmpfs d rw
15 10 0:3 / /dev/random ro,nosuid,noexec - devtmpfs d rw
16 10 0:3 / /dev/urandom ro,nosuid,noexec - devtmpfs d rw
17 10 0:4 / /proc ro,nosuid,nodev,noexec - proc proc rw
18 10 0:5 / /out rw,nosuid,nodev - tmpfs tmpfs rw
19 10 0:6 / /tmp rw,nosuid,nodev - tmpfs tmpfs rw
20 11 0:7 / /in/a\040b/below ro,nosuid,nodev - ext4 /dev/sdb rw
`

func TestMountsThatAreNotThePlansAreRefused(t *testing.T) {
	p := &plan{Mounts: []mount{{Target: "in/a b", Dir: true}}}
	require.NoError(t, p.checkMountInfo(goodMounts))
	for name, replace := range map[string][2]string{
		"an input that can be written to":       {"/in/a\\040b ro", "/in/a\\040b rw"},
		"a mount below one that can be":         {"below ro", "below rw"},
		"an input with set-user-ID programs":    {"/in/a\\040b ro,nosuid", "/in/a\\040b ro"},
		"an input with devices":                 {"/in/a\\040b ro,nosuid,nodev", "/in/a\\040b ro,nosuid"},
		"a root that can be written to":         {"/ / ro", "/ / rw"},
		"a mount that nobody asked for":         {"19 10", "21 10 0:8 / /home ro,nosuid,nodev - ext4 x rw\n19 10"},
		"one with a name like an input's":       {"19 10", "21 10 0:8 / /in/a\\040bc ro,nosuid,nodev - ext4 x rw\n19 10"},
		"a second mount over an output":         {"19 10", "21 10 0:8 / /out rw - ext4 x rw\n19 10"},
		"an input that is not mounted":          {"/in/a\\040b ro", "/in/a\\040b/other ro"},
		"/proc that is not":                     {"/ /proc ro", "/ /dev/null ro"},
		"a line that is none":                   {"19 10", "19\n19 10"},
		"an output that cannot be written to":   {"/out rw", "/out ro"},
		"a device that could hold programs":     {"/dev/full ro,nosuid,noexec", "/dev/full ro,nosuid"},
		"an input whose name was not unescaped": {`a\040b ro`, `a\134040b ro`},
	} {
		t.Run(name, func(t *testing.T) {
			bad := strings.Replace(goodMounts, replace[0], replace[1], 1)
			require.NotEqual(t, goodMounts, bad)
			require.Error(t, p.checkMountInfo(bad))
		})
	}
}

func TestANamespaceThatIsSharedIsRefusedAndOneThatTheKernelLacksIsNotAchieved(t *testing.T) {
	var monitors, childs namespaces
	for i, name := range namespaceNames() {
		monitors[i], childs[i] = name+":[1]", name+":[2]"
	}
	set, err := apart(monitors, childs, &report{})
	require.NoError(t, err)
	require.True(t, set.Has(reproducible.TimeIsolation|reproducible.NoNetwork|reproducible.PIDIsolation))
	set, err = apart(monitors, childs, &report{UpTime: unix.Timespec{Sec: 3600}})
	require.NoError(t, err)
	require.False(t, set.Has(reproducible.TimeIsolation), "a clock that was not set tells the machine")
	for i, name := range namespaceNames() {
		for what, link := range map[string]string{"shared": monitors[i], "unknown": ""} {
			bad := childs
			bad[i] = link
			_, err := apart(monitors, bad, &report{})
			require.ErrorContains(t, err, name, what)
		}
	}
	monitors[7], childs[7] = "", ""
	set, err = apart(monitors, childs, &report{})
	require.NoError(t, err)
	require.False(t, set.Has(reproducible.TimeIsolation))
	require.True(t, set.Has(reproducible.NoNetwork))
}

// version2Group makes a control group of version 2, where this user may.
func version2Group() (dir string, ok bool) {
	for _, top := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		if _, err := os.Stat(filepath.Join(top, "cgroup.controllers")); err != nil {
			continue
		}
		dir, err := os.MkdirTemp(top, "sealwright-test-")
		return dir, err == nil
	}
	return "", false
}

func TestAChildStartsInItsVersion2Group(t *testing.T) {
	dir, ok := version2Group()
	if !ok {
		return // a user without a group of his own; the same steps are tested with version 1
	}
	defer func() {
		require.Eventually(t, func() bool { return os.Remove(dir) == nil }, 5*time.Second, time.Millisecond)
	}()
	door, err := os.Open(dir)
	require.NoError(t, err)
	s := &Sandbox{config: Config{HostUID: 65534, HostGID: 65534, Now: time.Now}}
	log, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer log.Close()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := s.newPlan((&reproducible.Spec{Command: []string{"/"}}).WithDefaults(), nil)
	c, err := compose(p)
	require.NoError(t, err)
	j, err := start(c, []cgroup.Door{{File: door, Version: 2}}, 0, log)
	require.NoError(t, err)
	defer j.abandon()
	_, err = j.expect(reportSize)
	require.NoError(t, err)
	text, err := os.ReadFile(j.proc("cgroup"))
	require.NoError(t, err)
	require.Regexp(t, "(?m)^0::.*/"+filepath.Base(dir)+"$", string(text))
}
