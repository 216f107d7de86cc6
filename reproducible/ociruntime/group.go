//go:build linux && (amd64 || arm64)

package ociruntime

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
)

// readGroup reads the limits of the control group of a process back. It returns why
// either is not what the bundle asks for.
func readGroup(proc string, l reproducible.Limits) (memory, pids error) {
	memory = checkGroup(proc, "memory", "memory.max", "memory.limit_in_bytes", l.Memory)
	if memory == nil && swaps() {
		memory = checkSwap(proc, l.Memory)
	}
	return memory, checkGroup(proc, "pids", "pids.max", "pids.max", l.PIDs)
}

// checkSwap demands that memory that was swapped out counts too.
func checkSwap(proc string, limit int64) error {
	if checkGroup(proc, "memory", "memory.swap.max", "", 0) == nil {
		return nil
	}
	return checkGroup(proc, "memory", "", "memory.memsw.limit_in_bytes", limit)
}

// checkGroup demands that a control file of the process, of version 2 or version 1,
// holds a number.
func checkGroup(proc, controller, v2, v1 string, want int64) error {
	groups, err := os.ReadFile(proc + "/cgroup")
	if err != nil {
		return machineError("cgroup", err)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return machineError("mountinfo", err)
	}
	for line := range strings.Lines(string(groups)) {
		// hierarchy-ID:controller-list:cgroup-path, see cgroups(7)
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(parts) != 3 {
			continue
		}
		file, fsType, option := v1, "cgroup", controller
		if parts[1] == "" {
			file, fsType, option = v2, "cgroup2", ""
		} else if !slices.Contains(strings.Split(parts[1], ","), controller) {
			continue
		}
		dir := locate(string(mounts), fsType, option, parts[2])
		if dir == "" || file == "" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err == nil && strings.TrimSpace(string(text)) == strconv.FormatInt(want, 10) {
			return nil
		}
	}
	return attest.Refuse(CodeLimits, controller, strconv.FormatInt(want, 10), "another limit, or none")
}

// locate finds the path of a control group in the file tree: in the mount of that
// type, and for version 1 with that controller among its options, whose root is an
// ancestor of the path; see proc(5) for the format.
func locate(mountInfo, fsType, controller, path string) string {
	for line := range strings.Lines(mountInfo) {
		front, back, ok := strings.Cut(strings.TrimSpace(line), " - ")
		fields, rest := strings.Fields(front), strings.Fields(back)
		if !ok || len(fields) < 6 || len(rest) < 3 || rest[0] != fsType {
			continue
		}
		if controller != "" && !slices.Contains(strings.Split(rest[2], ","), controller) {
			continue
		}
		below, err := filepath.Rel(fields[3], path)
		if err == nil && below != ".." && !strings.HasPrefix(below, "../") {
			return filepath.Join(fields[4], below)
		}
	}
	return ""
}
