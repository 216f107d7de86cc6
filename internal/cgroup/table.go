package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A table knows, for each controller, the caller's own directory in version 1,
// and the one in version 2.
type table struct {
	v1 map[string]string
	v2 string
	// v2Top is where the version 2 hierarchy is mounted.
	v2Top string
}

// enter makes a directory for a new group that the controller governs. shared
// is a version 2 directory that was already made for another controller.
func (t table) enter(controller, shared string) (part, error) {
	if shared != "" && hasWord(filepath.Join(shared, "cgroup.controllers"), controller) {
		return part{shared, 2}, nil
	}
	for _, parent := range t.v2Parents() {
		if hasWord(filepath.Join(parent, "cgroup.subtree_control"), controller) {
			dir, err := makeGroup(parent)
			return part{dir, 2}, err
		}
	}
	parent, ok := t.v1[controller]
	if !ok {
		return part{}, fmt.Errorf("cgroup: no usable %s controller", controller)
	}
	dir, err := makeGroup(parent)
	if err != nil {
		return part{}, err
	}
	return part{dir, 1}, nil
}

// prefix begins the name of every group; the process that made it follows.
const prefix = "sealwright-"

// makeGroup makes a group. On the way it removes what processes that were killed
// have left: groups can be removed only when nothing runs in them.
func makeGroup(parent string) (string, error) {
	names, err := os.ReadDir(parent)
	if err != nil {
		return "", err
	}
	for _, n := range names {
		rest, ours := strings.CutPrefix(n.Name(), prefix)
		maker, _, _ := strings.Cut(rest, "-")
		if _, err := strconv.Atoi(maker); !ours || err != nil {
			continue
		}
		if _, err := os.Stat("/proc/" + maker); errors.Is(err, fs.ErrNotExist) {
			_ = os.Remove(filepath.Join(parent, n.Name())) // another may be removing it too
		}
	}
	return os.MkdirTemp(parent, prefix+strconv.Itoa(os.Getpid())+"-")
}

// v2Parents are the directories in which a version 2 group may be made: the
// caller's own, where it delegates, and the one above it, because a group that
// holds processes cannot give controllers to its children.
func (t table) v2Parents() []string {
	if t.v2 == "" {
		return nil
	}
	parents := []string{t.v2}
	if t.v2 != t.v2Top {
		parents = append(parents, filepath.Dir(t.v2))
	}
	return parents
}

// readTable joins the caller's groups with the places where they are mounted.
func readTable(h Host) (table, error) {
	own, err := os.ReadFile(h.SelfCgroup)
	if err != nil {
		return table{}, err
	}
	mounts, err := os.ReadFile(h.MountInfo)
	if err != nil {
		return table{}, err
	}
	all := parseMounts(string(mounts))
	t := table{v1: map[string]string{}}
	for line := range strings.Lines(string(own)) {
		// hierarchy-ID:controller-list:cgroup-path, see cgroups(7)
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(parts) != 3 {
			continue
		}
		if parts[1] == "" {
			t.v2, t.v2Top = locate(all, "cgroup2", "", parts[2])
			continue
		}
		for controller := range strings.SplitSeq(parts[1], ",") {
			if dir, _ := locate(all, "cgroup", controller, parts[2]); dir != "" {
				t.v1[controller] = dir
			}
		}
	}
	return t, nil
}

// A mount is one line of mountinfo.
type mount struct {
	root, point, fsType string
	options             []string // of the file system
}

// parseMounts reads those of control groups:
// "36 35 98:0 /root /mount/point options - type source super-options", proc(5).
func parseMounts(mountInfo string) []mount {
	var all []mount
	for line := range strings.Lines(mountInfo) {
		front, back, ok := strings.Cut(strings.TrimSpace(line), " - ")
		if !ok || !strings.HasPrefix(back, "cgroup") {
			continue
		}
		fields, rest := strings.Fields(front), strings.Fields(back)
		if len(fields) >= 6 && len(rest) >= 3 {
			all = append(all, mount{fields[3], fields[4], rest[0], strings.Split(rest[2], ",")})
		}
	}
	return all
}

// locate finds path of a hierarchy in the file tree: the mount of that type,
// and for version 1 with that controller among its options, whose root is an
// ancestor of path. It returns the directory and the mount point, or "".
func locate(mounts []mount, fsType, controller, path string) (dir, top string) {
	for _, m := range mounts {
		if m.fsType != fsType || controller != "" && !slices.Contains(m.options, controller) {
			continue
		}
		below, err := filepath.Rel(m.root, path)
		if err != nil || below == ".." || strings.HasPrefix(below, "../") {
			continue
		}
		return filepath.Join(m.point, below), filepath.Clean(m.point)
	}
	return "", ""
}

func hasWord(file, word string) bool {
	text, err := os.ReadFile(file)
	return err == nil && slices.Contains(strings.Fields(string(text)), word)
}
