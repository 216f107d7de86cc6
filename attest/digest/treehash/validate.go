package treehash

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// maxPath is the longest path, and the longest link target, in bytes: PATH_MAX
// of Linux.
const maxPath = 4096

// Validate reports whether m describes a tree that can exist: paths in strictly
// ascending order, clean and relative, each in a directory that is an entry
// itself (so nothing lies behind a link), and with each entry the fields of its
// kind and no others.
func (m *Manifest) Validate() error {
	dirs := map[string]bool{".": true}
	for i := range m.Entries {
		e := &m.Entries[i]
		if err := checkPath(e.Path); err != nil {
			return err
		}
		if i > 0 && m.Entries[i-1].Path >= e.Path {
			return refuse(CodeOrder, excerpt.Quote(e.Path), "a path after "+excerpt.Quote(m.Entries[i-1].Path), "one that is not")
		}
		if !dirs[path.Dir(e.Path)] {
			return refuse(CodeParent, excerpt.Quote(e.Path), "a directory entry "+excerpt.Quote(path.Dir(e.Path)), "none")
		}
		if err := e.validate(); err != nil {
			return err
		}
		if e.Kind == Dir {
			dirs[e.Path] = true
		}
	}
	return nil
}

func (e *Entry) validate() error {
	rest := *e // without what the kind allows
	rest.Path, rest.Kind = "", ""
	switch e.Kind {
	case File:
		if e.Size < 0 || e.Digest.Algorithm != digest.SHA256 {
			return refuse(CodeEntry, excerpt.Quote(e.Path), "a size and a SHA-256", strconv.FormatInt(e.Size, 10)+" and "+excerpt.Quote(e.Digest.String()))
		}
		if err := e.Digest.Validate(); err != nil {
			return err
		}
		rest.Size, rest.Digest, rest.Mode = 0, digest.Digest{}, e.Mode&^modeBits
	case Dir:
		rest.Mode = e.Mode &^ modeBits
	case Link:
		if err := checkTarget(e.Path, e.Target); err != nil {
			return err
		}
		rest.Target = ""
	default:
		return refuse(CodeKind, excerpt.Quote(e.Path), "file, dir or link", excerpt.Quote(string(e.Kind)))
	}
	if rest != (Entry{}) {
		return refuse(CodeEntry, excerpt.Quote(e.Path), "only the fields of a "+string(e.Kind), "others")
	}
	return nil
}

func checkPath(p string) error {
	if p == "." || !fs.ValidPath(p) || !plain(p) {
		return refuse(CodeName, excerpt.Quote(p), "a clean relative path in UTF-8 of at most 4096 bytes", excerpt.Quote(p))
	}
	return nil
}

func checkTarget(p, target string) error {
	if target == "" || !plain(target) {
		return refuse(CodeName, excerpt.Quote(p), "a link target in UTF-8 of 1 to 4096 bytes", excerpt.Quote(target))
	}
	return nil
}

func plain(s string) bool {
	return len(s) <= maxPath && utf8.ValidString(s) && !strings.Contains(s, "\x00")
}

// CheckPortable refuses a tree in which two paths differ only by case: on a file
// system that ignores case one would replace the other. It folds as
// strings.EqualFold does.
func (m *Manifest) CheckPortable() error {
	seen := make(map[string]string, len(m.Entries))
	for _, e := range m.Entries {
		folded := strings.Map(foldRune, e.Path)
		if other, ok := seen[folded]; ok {
			return refuse(CodeCaseFold, excerpt.Quote(e.Path), "paths that differ by more than case", excerpt.Quote(other))
		}
		seen[folded] = e.Path
	}
	return nil
}

// foldRune returns the least rune that differs from r only by case.
func foldRune(r rune) rune {
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return least
}
