package measure

import (
	"bytes"
	"cmp"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// A Kind is what an entry is.
type Kind string

// The kinds of entries.
const (
	File        Kind = "file"
	Dir         Kind = "dir"
	Link        Kind = "link" // symbolic
	CharDevice  Kind = "char-device"
	BlockDevice Kind = "block-device"
	FIFO        Kind = "fifo"
	Socket      Kind = "socket"
)

// An Entry is one name in a tree, as lstat(2) shows it.
type Entry struct {
	Path          string // absolute, as the file system spells it; any bytes but NUL
	Kind          Kind
	Mode          uint32 // permission, setuid, setgid and sticky bits
	UID, GID      uint32
	Links         uint64 // hard links
	Size          int64  // bytes
	Device, Inode uint64 // which object of which file system it is
	Number        uint64 // devices: st_rdev
	Modified      int64  // mtime, nanoseconds since 1970
	Changed       int64  // ctime, nanoseconds since 1970
	Target        string // links: where they point, as it is written
	// Xattrs are the extended attributes in ascending order of name, and Digest the
	// SHA-256 of a file's content. Options.StatOnly leaves both out.
	Xattrs []Xattr
	Digest digest.Digest
}

// An Xattr is an extended attribute.
type Xattr struct {
	Name  string
	Value []byte
}

// capabilityXattr holds the capabilities that a file gives to who executes it
// (capabilities(7)).
const capabilityXattr = "security.capability"

// capabilities returns the value of the attribute for file capabilities, and the
// others.
func (e *Entry) capabilities() (value []byte, others []Xattr) {
	for i, x := range e.Xattrs {
		if x.Name == capabilityXattr {
			return x.Value, append(append([]Xattr{}, e.Xattrs[:i]...), e.Xattrs[i+1:]...)
		}
	}
	return nil, e.Xattrs
}

func equalXattrs(a, b []Xattr) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name || !bytes.Equal(a[i].Value, b[i].Value) {
			return false
		}
	}
	return true
}

// A Tree is a snapshot of one or several roots. Make one with Snapshot; the zero
// Tree compares with nothing.
type Tree struct {
	// Roots and Skip are those of the call, in the order of the entries.
	Roots, Skip []string
	// StatOnly tells that extended attributes and digests are left out.
	StatOnly bool
	// Entries are in the order of a walk: a directory before what it holds, names
	// ascending. A root that does not exist has none.
	Entries []Entry
}

// Options say how a snapshot is taken. The zero value measures everything.
type Options struct {
	// StatOnly reads no content and no extended attribute. The change time still
	// betrays that something changed, though not what.
	StatOnly bool
	// Skip are absolute paths below the roots that are left out, with all that they
	// hold. They are part of the Tree, so that nobody compares a snapshot that
	// skips with one that does not.
	Skip []string
	// Workers bounds the goroutines; 0 means runtime.GOMAXPROCS.
	Workers int
	// Limits bound what is measured.
	Limits Limits
}

// Limits bound a snapshot. The zero value of a field means its default.
type Limits struct {
	Entries int   // default 8,000,000
	Bytes   int64 // of content, all files together; default 1 TiB
}

func (l Limits) withDefaults() Limits {
	return Limits{Entries: cmp.Or(l.Entries, 8_000_000), Bytes: cmp.Or(l.Bytes, 1<<40)}
}

// comparePaths is the order of a walk: component by component.
func comparePaths(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			continue
		}
		if a[i] == '/' {
			return -1
		}
		if b[i] == '/' {
			return 1
		}
		return cmp.Compare(a[i], b[i])
	}
	return cmp.Compare(len(a), len(b))
}

// within tells whether p is dir or lies in it.
func within(p, dir string) bool {
	return p == dir || dir == "/" || strings.HasPrefix(p, dir) && p[len(dir)] == '/'
}

// checkPaths returns the paths in the order of a walk, or why they are no clean,
// absolute paths that lie outside of each other.
func checkPaths(where string, paths []string) ([]string, error) {
	sorted := sortedPaths(paths)
	for i, p := range sorted {
		if !cleanAbsolute(p) {
			return nil, attest.Refuse(CodeConfig, where, "clean absolute paths", quote(p))
		}
		if i > 0 && within(p, sorted[i-1]) {
			return nil, attest.Refuse(CodeConfig, where, "paths outside of each other", quote(p))
		}
	}
	return sorted, nil
}
