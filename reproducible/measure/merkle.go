package measure

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// Digest returns the Merkle digest of the snapshot: equal for equal trees on every
// machine, as times, inode numbers, device numbers of file systems and hard links
// stay out. Everything else of an Entry goes in. It needs digests.
//
// The hash of an entry is the SHA-256 of these fields: kind, name, mode, uid, gid,
// device number; for a link its target, for a file its size and its content's
// SHA-256; the extended attributes, by name and value; and for a directory the
// hashes of what it holds, in the order of the Tree. Numbers are 8 bytes,
// big-endian; texts and lists follow their length as such a number. The digest of
// the snapshot is the SHA-256 of the text "measure/v1", the list of skipped paths
// and the list of roots, each as its path and the list of its hash, or an empty
// list if the root does not exist.
func (t *Tree) Digest() (digest.Digest, error) {
	if t == nil || len(t.Roots) == 0 || t.StatOnly {
		return digest.Digest{}, attest.Refuse(CodeNoDigests, "Tree", "a snapshot with digests", "one without")
	}
	h := fields{sha256.New()}
	h.text("measure/v1")
	h.number(uint64(len(t.Skip)))
	for _, p := range t.Skip {
		h.text(p)
	}
	h.number(uint64(len(t.Roots)))
	rest := t.Entries
	for _, root := range t.Roots {
		h.text(root)
		if len(rest) == 0 || rest[0].Path != root {
			h.number(0)
			continue
		}
		var sum []byte
		sum, rest = hashEntry(rest)
		h.number(1)
		h.Write(sum)
	}
	if len(rest) > 0 {
		return digest.Digest{}, attest.Refuse(CodeReport, "Tree.Entries", "the entries of a snapshot", quote(rest[0].Path))
	}
	return digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(h.Sum(nil))}, nil
}

// hashEntry returns the hash of the first entry, with all that it holds, and the
// entries after these.
func hashEntry(entries []Entry) (sum []byte, rest []Entry) {
	e := &entries[0]
	rest = entries[1:]
	h := fields{sha256.New()}
	h.text(string(e.Kind))
	h.text(e.Path[strings.LastIndexByte(e.Path, '/')+1:])
	for _, n := range []uint64{uint64(e.Mode), uint64(e.UID), uint64(e.GID), e.Number} {
		h.number(n)
	}
	switch e.Kind {
	case Link:
		h.text(e.Target)
	case File:
		h.number(uint64(e.Size))
		h.text(e.Digest.Hex)
	}
	h.number(uint64(len(e.Xattrs)))
	for _, x := range e.Xattrs {
		h.text(x.Name)
		h.text(string(x.Value))
	}
	if e.Kind == Dir {
		var children []byte
		for len(rest) > 0 && within(rest[0].Path, e.Path) {
			var child []byte
			child, rest = hashEntry(rest)
			children = append(children, child...)
		}
		h.text(string(children))
	}
	return h.Sum(nil), rest
}

// fields writes fields to a hash so that no two lists of fields are written alike.
type fields struct{ hash.Hash }

func (f fields) number(n uint64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	f.Write(b[:])
}

func (f fields) text(s string) {
	f.number(uint64(len(s)))
	f.Write([]byte(s))
}
