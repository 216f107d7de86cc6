package inputs

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/treehash"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// Git runs git on one repository: with the arguments args and that standard input,
// and returns its standard output, which the caller closes; Close tells whether it
// exited with 0. The repository's own configuration must not run programs; see
// GitArguments.
type Git func(ctx context.Context, stdin io.Reader, args ...string) (io.ReadCloser, error)

// GitArguments are arguments before the command that keep a repository from running
// programs or reaching a network.
func GitArguments() []string {
	return []string{
		"--no-pager", "--no-replace-objects", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
		"-c", "protocol.allow=never", "-c", "core.alternateRefsCommand=false",
	}
}

// Commit unpacks the tree of a commit, which is named by its whole id, as SHA-1 or
// SHA-256. Nothing that git says is believed: the commit is hashed, and the tree
// that comes of its files has the id that the commit names. Attributes and filters
// have no effect: files are what was committed. SHA-1, which most repositories use,
// resists accidents rather than attackers who can choose both files; the digest
// that the tree gets in the store is SHA-256. Submodules are refused, as their
// content is not in the repository.
func (c Config) Commit(ctx context.Context, git Git, id string) (*Tree, error) {
	format, err := formatOf(id)
	if err != nil {
		return nil, err
	}
	if git == nil {
		return nil, attest.Refuse(CodeConfig, "git", "a function", "nil")
	}
	tree, err := treeOf(ctx, git, id, format)
	if err != nil {
		return nil, err
	}
	var t *Tree
	err = c.inPrivate(func(root *os.Root) error {
		u := newUnpacking(ctx, c, root)
		if err := u.commit(git, tree); err != nil {
			return err
		}
		got, err := treehash.GitTree(ctx, root, format, treehash.WalkOptions{})
		if err != nil {
			return err
		}
		if got.Hex != tree {
			return attest.Refuse(CodeDigest, "tree", tree, got.Hex)
		}
		t, err = c.put(ctx, root, nil)
		return err
	})
	return t, err
}

func formatOf(id string) (digest.GitFormat, error) {
	raw, err := hex.DecodeString(id)
	switch {
	case err != nil || strings.ToLower(id) != id:
	case len(raw) == 20:
		return digest.GitSHA1, nil
	case len(raw) == 32:
		return digest.GitSHA256, nil
	}
	return "", attest.Refuse(CodeConfig, "commit", "a whole object id", excerpt.Quote(id))
}

// output returns what git writes, at most limit bytes.
func output(ctx context.Context, git Git, limit int64, stdin io.Reader, args ...string) ([]byte, error) {
	r, err := git(ctx, stdin, args...)
	if err != nil {
		return nil, gitError(ctx, args[0], err)
	}
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if int64(len(b)) > limit {
		return nil, errors.Join(attest.Refuse(CodeLimit, "git "+args[0], strconv.FormatInt(limit, 10)+" bytes", "more"), r.Close())
	}
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, gitError(ctx, args[0], err)
	}
	return b, nil
}

func gitError(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return cancelled(ctx)
	}
	return attest.Refuse(CodeGit, "git "+what, "an answer", "").Because(err)
}

// treeOf returns the id of a commit's tree (gitformat-commit: its first line).
func treeOf(ctx context.Context, git Git, id string, format digest.GitFormat) (string, error) {
	body, err := output(ctx, git, maxDocument, nil, "cat-file", "commit", id)
	if err != nil {
		return "", err
	}
	h := sha1.New()
	if format == digest.GitSHA256 {
		h = sha256.New()
	}
	h.Write([]byte("commit " + strconv.Itoa(len(body)) + "\x00"))
	h.Write(body)
	if got := hex.EncodeToString(h.Sum(nil)); got != id {
		return "", attest.Refuse(CodeDigest, "commit", id, got)
	}
	line, _, _ := bytes.Cut(body, []byte("\n"))
	tree, ok := bytes.CutPrefix(line, []byte("tree "))
	if _, err := formatOf(string(tree)); !ok || err != nil {
		return "", attest.Refuse(CodeGit, "commit", "a tree in its first line", excerpt.Quote(string(line)))
	}
	return string(tree), nil
}

// A gitEntry is a line of git ls-tree.
type gitEntry struct{ mode, id, name string }

// maxListing bounds the listing of a tree.
const maxListing = 512 << 20

// commit writes every file of a tree.
func (u *unpacking) commit(git Git, tree string) error {
	listing, err := output(u.ctx, git, maxListing, nil, "ls-tree", "-r", "-z", "--full-tree", tree)
	if err != nil {
		return err
	}
	entries, err := u.gitEntries(listing)
	if err != nil {
		return err
	}
	var ids bytes.Buffer
	for _, e := range entries {
		ids.WriteString(e.id + "\n")
	}
	r, err := git(u.ctx, &ids, "cat-file", "--batch")
	if err != nil {
		return gitError(u.ctx, "cat-file", err)
	}
	b := bufio.NewReaderSize(r, 256<<10)
	for _, e := range entries {
		if err := u.gitFile(b, e); err != nil {
			return errors.Join(err, r.Close())
		}
	}
	if err := r.Close(); err != nil {
		return gitError(u.ctx, "cat-file", err)
	}
	return nil
}

func (u *unpacking) gitEntries(listing []byte) ([]gitEntry, error) {
	var entries []gitEntry
	for line := range strings.SplitSeq(strings.TrimSuffix(string(listing), "\x00"), "\x00") {
		if len(listing) == 0 {
			break
		}
		head, name, found := strings.Cut(line, "\t")
		words := strings.Fields(head)
		if !found || len(words) != 3 {
			return nil, attest.Refuse(CodeGit, "git ls-tree", "mode, type, id and name", excerpt.Quote(line))
		}
		clean, err := cleanName(name)
		if err != nil || clean != name {
			return nil, attest.Refuse(CodeName, "git ls-tree", "clean names", excerpt.Quote(name)).Because(err)
		}
		if words[1] != "blob" {
			return nil, attest.Refuse(CodeType, excerpt.Quote(name), "a file or a link", excerpt.Quote(words[1]))
		}
		if u.entries--; u.entries < 0 {
			return nil, attest.Refuse(CodeLimit, "commit", "entries within Limits.Entries", "more")
		}
		entries = append(entries, gitEntry{words[0], words[2], name})
	}
	return entries, nil
}

// gitFile writes the next object of git cat-file --batch: "<id> blob <size>\n", the
// content, "\n".
func (u *unpacking) gitFile(r *bufio.Reader, e gitEntry) error {
	if u.ctx.Err() != nil {
		return cancelled(u.ctx)
	}
	head, err := r.ReadString('\n')
	if err != nil {
		return gitError(u.ctx, "cat-file", err)
	}
	words := strings.Fields(head)
	if len(words) != 3 || words[0] != e.id || words[1] != "blob" {
		return attest.Refuse(CodeGit, "git cat-file", e.id+" blob", excerpt.Quote(head))
	}
	size, err := strconv.ParseInt(words[2], 10, 64)
	if err != nil || size < 0 {
		return attest.Refuse(CodeGit, "git cat-file", "a size", excerpt.Quote(head))
	}
	if err := u.parents(path.Dir(e.name)); err != nil {
		return err
	}
	content := io.LimitReader(r, size)
	switch e.mode {
	case "100644", "100664":
		err = u.file(e.name, 0o644, content)
	case "100755":
		err = u.file(e.name, 0o755, content)
	case "120000":
		err = u.link(e.name, content)
	default:
		return attest.Refuse(CodeType, excerpt.Quote(e.name), "a file or a link", excerpt.Quote(e.mode))
	}
	if err != nil {
		if len(attest.Reasons(err)) == 0 {
			return machineError(e.name, err)
		}
		return err
	}
	if end, err := r.ReadByte(); err != nil || end != '\n' {
		return attest.Refuse(CodeGit, "git cat-file", "the end of an object", "more").Because(err)
	}
	return nil
}

// link makes a link whose target is the content.
func (u *unpacking) link(name string, content io.Reader) error {
	target, err := io.ReadAll(io.LimitReader(content, 4097))
	if err != nil {
		return gitError(u.ctx, "cat-file", err)
	}
	if len(target) > 4096 {
		return attest.Refuse(CodeLimit, excerpt.Quote(name), "a target of 4096 bytes", "more")
	}
	return u.root.Symlink(string(target), name)
}
