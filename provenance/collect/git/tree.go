package git

import (
	"bytes"
	"context"
	"encoding/hex"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance/collect"
)

// mostEntries bounds a tree.
const mostEntries = 1_000_000

// The modes of entries.
const (
	modeFile       = "100644"
	modeExecutable = "100755"
	modeLink       = "120000"
	modeSubmodule  = "160000"
)

// An entry is a file, link or submodule of a commit.
type entry struct{ mode, id, path string }

// list returns the entries of a tree, whose id it computes from them.
func list(ctx context.Context, env collect.Environment, tree string) ([]entry, error) {
	refuse := func(want string) ([]entry, error) {
		return nil, attest.Refuse(CodeObject, "tree "+tree, want, "something else")
	}
	out, err := git(ctx, env, mostListing, "ls-tree", "-r", "-z", "--full-tree", tree)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for line := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if line == "" {
			break // the empty tree
		}
		head, path, ok := strings.Cut(line, "\t")
		fields := strings.Fields(head)
		if !ok || len(fields) != 3 || path == "" || len(path) > 4096 || len(fields[2]) != len(tree) {
			return refuse("entries as git-ls-tree(1) writes them")
		}
		switch fields[0] {
		case modeFile, modeExecutable, modeLink, modeSubmodule:
		default:
			return refuse("files, links and submodules")
		}
		if entries = append(entries, entry{fields[0], fields[2], path}); len(entries) > mostEntries {
			return refuse("at most a million entries")
		}
	}
	if id, ok := treeID(len(tree), entries, 0); !ok || hex.EncodeToString(id) != tree {
		return refuse("entries of that id")
	}
	return entries, nil
}

// treeID computes the id of the tree that holds the entries, whose paths are looked at
// behind the first bytes.
func treeID(length int, entries []entry, from int) ([]byte, bool) {
	var body bytes.Buffer
	for i := 0; i < len(entries); {
		name, _, below := strings.Cut(entries[i].path[from:], "/")
		mode, id, n := entries[i].mode, []byte(nil), 1
		if name == "" {
			return nil, false
		}
		if below {
			prefix := entries[i].path[:from+len(name)+1]
			for i+n < len(entries) && strings.HasPrefix(entries[i+n].path, prefix) {
				n++
			}
			sub, ok := treeID(length, entries[i:i+n], len(prefix))
			if !ok {
				return nil, false
			}
			mode, id = "40000", sub
		} else {
			raw, err := hex.DecodeString(entries[i].id)
			if err != nil {
				return nil, false
			}
			id = raw
		}
		body.WriteString(mode + " " + name + "\x00")
		body.Write(id)
		i += n
	}
	id, err := hex.DecodeString(idOf(length, "tree", body.Bytes()))
	return id, err == nil
}
