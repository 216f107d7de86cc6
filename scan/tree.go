package scan

import (
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/treehash"
)

// MediaTypeTree is the kind of document whose SHA-256 digest names a directory:
// the manifest that package treehash writes.
const MediaTypeTree = treehash.MediaType

// A tree collects a directory's entries for its digest.
type tree struct{ manifest treehash.Manifest }

// add takes a directory or a link.
func (t *tree) add(h Header) {
	e := treehash.Entry{Path: h.Path, Kind: treehash.Link, Target: h.Target}
	if h.Kind == KindDir {
		e = treehash.Entry{Path: h.Path, Kind: treehash.Dir, Mode: h.Mode}
	}
	t.manifest.Entries = append(t.manifest.Entries, e)
}

// addFile takes a file with what was read of it.
func (t *tree) addFile(h Header, size int64, sum digest.Digest) {
	e := treehash.Entry{Path: h.Path, Kind: treehash.File, Mode: h.Mode, Size: size, Digest: sum}
	t.manifest.Entries = append(t.manifest.Entries, e)
}

// digest returns the manifest's digest. The walk goes depth first; the manifest
// is in the order of whole paths.
func (t *tree) digest() (digest.Digest, error) {
	slices.SortFunc(t.manifest.Entries, func(a, b treehash.Entry) int { return strings.Compare(a.Path, b.Path) })
	return t.manifest.Digest()
}
