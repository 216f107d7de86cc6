package treehash

import (
	"bytes"
	"context"
	"crypto/fips140"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// GitTree returns the id of the Git tree object that "git add -A -f" and "git
// write-tree" make of the tree in root, in a repository of the given object
// format without filters such as line ending conversion. "" is digest.GitSHA1,
// which does not resist collisions.
//
// Like Git it keeps of a mode only whether the owner may execute a file, drops
// empty directories, and leaves out ".git" in the root. ".git" elsewhere, in any
// case, is refused: Git takes what holds it for a repository of its own.
func GitTree(ctx context.Context, root *os.Root, format digest.GitFormat, o WalkOptions) (digest.Digest, error) {
	w, err := listRoot(ctx, root, o, ".git")
	if err != nil {
		return digest.Digest{}, err
	}
	return w.gitTree(ctx, format)
}

// GitTreeFS is GitTree for a file system of any kind.
func GitTreeFS(ctx context.Context, fsys fs.FS, format digest.GitFormat, o WalkOptions) (digest.Digest, error) {
	w, err := listFS(ctx, fsys, o, ".git")
	if err != nil {
		return digest.Digest{}, err
	}
	return w.gitTree(ctx, format)
}

func (w *listing) gitTree(ctx context.Context, format digest.GitFormat) (digest.Digest, error) {
	t, err := newGitTrees(format)
	if err != nil {
		return digest.Digest{}, err
	}
	for _, n := range w.names {
		if strings.EqualFold(path.Base(n.Path), ".git") {
			return digest.Digest{}, refuse(CodeGitDir, excerpt.Quote(n.Path), "no .git below the root", excerpt.Quote(path.Base(n.Path)))
		}
	}
	blobs := make(map[string]string)
	o := digest.Options{Algorithms: []digest.Algorithm{digest.GitBlob}, Git: format}
	err = w.hash(ctx, o, func(e *Entry, r *digest.FileResult) { blobs[e.Path] = r.Digests[digest.GitBlob] })
	if err != nil {
		return digest.Digest{}, err
	}
	for _, n := range slices.Backward(w.names) { // children before their directories
		if err := t.add(&n.Entry, blobs[n.Path]); err != nil {
			return digest.Digest{}, err
		}
	}
	id, err := t.id(".")
	if err != nil {
		return digest.Digest{}, err
	}
	return digest.Digest{Algorithm: digest.GitTree, Hex: id}, nil
}

// A gitEntry is a line of a tree object.
type gitEntry struct {
	mode, name, id string // id in hexadecimal
}

// sortKey orders entries as Git does: by name, a directory as if it ended in a
// slash.
func (e gitEntry) sortKey() string {
	if e.mode == "40000" {
		return e.name + "/"
	}
	return e.name
}

// gitTrees collects the entries of directories.
type gitTrees struct {
	newHash  func() hash.Hash
	children map[string][]gitEntry
}

func newGitTrees(format digest.GitFormat) (*gitTrees, error) {
	t := &gitTrees{children: make(map[string][]gitEntry)}
	switch {
	case format == digest.GitSHA256:
		t.newHash = sha256.New
	case format != digest.GitSHA1 && format != "":
		return nil, refuse(digest.CodeOption, "object format", "sha1 or sha256", excerpt.Quote(string(format)))
	case fips140.Enforced():
		return nil, refuse(digest.CodeAlgorithm, "object format", "an algorithm that FIPS 140-3 approves", "sha1")
	default:
		t.newHash = sha1.New
	}
	return t, nil
}

// add adds e to its directory; the children of a directory were added before it.
func (t *gitTrees) add(e *Entry, blob string) (err error) {
	g := gitEntry{name: path.Base(e.Path), id: blob}
	switch e.Kind {
	case File:
		g.mode = "100644"
		if e.Mode&0o100 != 0 {
			g.mode = "100755"
		}
	case Link:
		g.mode = "120000"
		g.id = t.object("blob", []byte(e.Target))
	case Dir:
		if len(t.children[e.Path]) == 0 {
			return nil
		}
		g.mode = "40000"
		g.id, err = t.id(e.Path)
	}
	dir := path.Dir(e.Path)
	t.children[dir] = append(t.children[dir], g)
	return err
}

// id returns the id of the tree object of a directory.
func (t *gitTrees) id(dir string) (string, error) {
	entries := t.children[dir]
	delete(t.children, dir)
	slices.SortFunc(entries, func(a, b gitEntry) int { return strings.Compare(a.sortKey(), b.sortKey()) })
	var b bytes.Buffer
	for _, e := range entries {
		b.WriteString(e.mode + " " + e.name + "\x00")
		raw, err := hex.DecodeString(e.id)
		if err != nil {
			return "", because(refuse(CodeRead, excerpt.Quote(e.name), "a Git object id", excerpt.Quote(e.id)), err)
		}
		b.Write(raw)
	}
	return t.object("tree", b.Bytes()), nil
}

// object returns the id of an object.
func (t *gitTrees) object(kind string, content []byte) string {
	h := t.newHash()
	h.Write([]byte(kind + " " + strconv.Itoa(len(content)) + "\x00"))
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil))
}
