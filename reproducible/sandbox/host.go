package sandbox

import (
	"io/fs"
	"path"
	"slices"

	"github.com/sealwright/sealwright/attest"
)

// HostTree returns the top-level directories of a machine, for Spec.HostPaths:
// every one but those that a build has for itself (/dev, /out, /proc, /tmp) or that
// hold the machine's state (/boot, /run, /sys). root is the machine's file tree, as
// os.DirFS("/") is.
//
// A Sandbox gives such a spec everything but a tree of its own: all namespaces, no
// network, no capabilities, the filter, the limits, and the machine's files
// read-only. That is the tier for commands whose inputs nobody has pinned yet.
// InputsPinned is not achieved, each path is a finding, and sockets in the file
// tree stay within reach.
func HostTree(root fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(root, ".")
	if err != nil {
		return nil, attest.Refuse(CodeMachine, "/", "a directory that can be read", "").Because(err)
	}
	own := []string{"boot", "dev", "lost+found", "out", "proc", "run", "sys", "tmp"}
	var paths []string
	for _, e := range entries {
		info, err := fs.Stat(root, e.Name()) // a link counts as what it leads to
		if err != nil || !info.IsDir() || slices.Contains(own, e.Name()) {
			continue
		}
		paths = append(paths, path.Join("/", e.Name()))
	}
	return paths, nil
}
