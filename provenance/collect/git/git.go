package git

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/collect"
)

// The keys that only this package has. The key of a tag is Tag and its name, of a
// remote Remote and its name, of a submodule Submodule and its path.
const (
	Modified  collect.Key = "git.modified"   // number of files that are changed or missing
	Untracked collect.Key = "git.untracked"  // number of files that are not in the commit
	Tag       collect.Key = "git.tag."       // "lightweight", or the kind of an unverified signature, or "unsigned"
	Remote    collect.Key = "git.remote."    // location
	Submodule collect.Key = "git.submodule." // location, as .gitmodules tells it
)

const mostNames = 1000 // of tags and remotes

// A Collector reads the repository whose working tree is Environment.Root. Its
// environment must also grant Run; Exec makes one.
type Collector struct {
	// Remote is the remote that is the source; "" means origin.
	Remote string
}

// Collect is of the interface collect.Collector.
func (c Collector) Collect(ctx context.Context, env collect.Environment) (*collect.Facts, error) {
	if err := checkLayout(env); err != nil {
		return nil, err
	}
	r := reading{env: env, f: &collect.Facts{}}
	for _, step := range []func(context.Context) error{r.commit, r.tree, r.tags} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	if err := r.remotes(ctx, c.Remote); err != nil {
		return nil, err
	}
	return r.f, nil
}

// A reading adds the facts of one repository.
type reading struct {
	env      collect.Environment
	f        *collect.Facts
	id, root string // of the commit and its tree
}

func (r *reading) add(key collect.Key, value, origin string) {
	r.f.Add(collect.Fact{Key: key, Value: value, Trust: collect.Measured, Origin: origin, Evidence: r.evidence()})
}

func (r *reading) evidence() digest.Digest {
	return digest.Digest{Algorithm: digest.GitCommit, Hex: r.id}
}

// commit reads what HEAD stands for.
func (r *reading) commit(ctx context.Context) error {
	head, err := r.env.File(".git/HEAD")
	if err != nil {
		return err
	}
	out, err := git(ctx, r.env, 1<<10, "rev-parse", "--verify", "--end-of-options", "HEAD^{commit}")
	if err != nil {
		return err
	}
	id, ok := collect.Object.Parse(strings.TrimSuffix(string(out), "\n"))
	if !ok {
		return attest.Refuse(CodeObject, "HEAD", "a commit", "something else")
	}
	r.id = id
	body, err := object(ctx, r.env, "commit", id)
	if err != nil {
		return err
	}
	header, _, _ := strings.Cut(string(body), "\n\n")
	tree, _, _ := strings.Cut(strings.TrimPrefix(header, "tree "), "\n")
	if r.root, ok = collect.Object.Parse(tree); !ok || !strings.HasPrefix(header, "tree ") || len(tree) != len(id) {
		return attest.Refuse(CodeObject, "commit "+id, "a tree", "something else")
	}
	r.add(collect.Commit, id, "git HEAD")
	r.add(collect.Tree, r.root, "git commit "+id)
	r.add(collect.CommitSigned, signature(headerSignature(header)), "git commit "+id)
	if ref, ok := strings.CutPrefix(strings.TrimSpace(string(head.Body)), "ref: "); ok {
		if ref, ok = collect.Reference.Parse(ref); ok {
			r.f.Add(collect.Fact{Key: collect.Ref, Value: ref, Origin: "file .git/HEAD", Evidence: head.Digest})
		} else {
			r.f.Gap("ref", "the name of the branch is none that a source location can hold")
		}
	}
	return nil
}

// headerSignature returns the value of a commit's header gpgsig.
func headerSignature(header string) string {
	for _, name := range []string{"\ngpgsig ", "\ngpgsig-sha256 "} {
		if _, value, ok := strings.Cut(header, name); ok {
			return value
		}
	}
	return ""
}

// signature returns the kind of signature that a text holds.
func signature(text string) string {
	switch {
	case strings.Contains(text, "-----BEGIN PGP SIGNATURE-----"):
		return "openpgp"
	case strings.Contains(text, "-----BEGIN SSH SIGNATURE-----"):
		return "ssh"
	case strings.Contains(text, "-----BEGIN SIGNED MESSAGE-----"):
		return "x509"
	case text != "":
		return "unsigned"
	}
	return "none"
}

// tree compares the working tree, and makes submodules inputs.
func (r *reading) tree(ctx context.Context) error {
	entries, err := list(ctx, r.env, r.root)
	if err != nil {
		return err
	}
	d, err := compare(ctx, r.env.Root, entries)
	if err != nil {
		return err
	}
	if d.unknown {
		r.f.Gap("submodules", "the content of a submodule that is checked out is not compared")
	}
	r.add(collect.Dirty, d.state(), "working tree")
	r.add(Modified, strconv.Itoa(d.modified), "working tree")
	r.add(Untracked, strconv.Itoa(d.untracked), "working tree")
	for _, e := range entries {
		if e.path == ".gitmodules" && e.mode == modeFile {
			if err := r.submodules(ctx, e.id); err != nil {
				return err
			}
		}
		if e.mode == modeSubmodule {
			at := attest.Descriptor{Name: e.path, Digest: digest.Set{digest.GitCommit: e.id}}
			r.f.Input(provenance.RoleSource, at, collect.Measured, "git tree "+r.root, r.evidence())
		}
	}
	return nil
}

// submodules reads where the commit's .gitmodules says that submodules are.
func (r *reading) submodules(ctx context.Context, blob string) error {
	if _, err := object(ctx, r.env, "blob", blob); err != nil {
		return err
	}
	out, err := git(ctx, r.env, 1<<20, "config", "--blob="+blob, "--no-includes", "-z", "--list")
	if err != nil {
		return err
	}
	paths, urls := map[string]string{}, map[string]string{}
	for item := range strings.SplitSeq(string(out), "\x00") {
		key, value, _ := strings.Cut(item, "\n")
		if name, ok := strings.CutSuffix(key, ".path"); ok {
			paths[name] = value
		} else if name, ok := strings.CutSuffix(key, ".url"); ok {
			urls[name] = value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(paths)) {
		path, plain := collect.Word.Parse(paths[name])
		location, err := collect.CanonicalRepository(urls[name])
		if !plain || err != nil || len(paths) > mostNames {
			r.f.Gap("submodule", "the location of a submodule is relative, or none")
			continue
		}
		r.f.Add(collect.Fact{Key: Submodule + collect.Key(path), Value: location, Origin: "git .gitmodules", Evidence: r.evidence()})
	}
	return nil
}

// tags reads the tags that point at the commit.
func (r *reading) tags(ctx context.Context) error {
	out, err := git(ctx, r.env, 1<<20, "for-each-ref", "--count="+strconv.Itoa(mostNames+1), "--points-at="+r.id,
		"--format=%(objecttype) %(objectname) %(refname)", "refs/tags")
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) > mostNames {
		return attest.Refuse(collect.CodeLimit, "refs/tags", "at most 1000 tags of the commit", "more")
	}
	for _, line := range lines {
		fields := strings.Split(line, " ")
		if len(fields) != 3 {
			continue // no tag
		}
		name, ok := collect.Branch.Parse(strings.TrimPrefix(fields[2], "refs/tags/"))
		if !ok {
			r.f.Gap("tag", "the name of a tag is none that a source location can hold")
			continue
		}
		kind := "lightweight"
		if fields[0] == "tag" {
			body, err := object(ctx, r.env, "tag", fields[1])
			if err != nil {
				return err
			}
			if !strings.HasPrefix(string(body), "object "+r.id+"\ntype commit\n") {
				r.f.Gap("tag", "a tag points at the commit by way of another tag")
				continue
			}
			kind = signature(string(body))
		}
		r.add(Tag+collect.Key(name), kind, "git "+fields[2])
	}
	return nil
}

// remotes reads the repository's own configuration, without what it includes.
func (r *reading) remotes(ctx context.Context, source string) error {
	if source == "" {
		source = "origin"
	}
	out, err := git(ctx, r.env, 1<<20, "config", "--file", ".git/config", "--no-includes", "-z", "--list")
	if err != nil {
		return err
	}
	found := 0
	for item := range strings.SplitSeq(string(out), "\x00") {
		key, value, _ := strings.Cut(item, "\n")
		name, isRemote := strings.CutPrefix(key, "remote.")
		name, isURL := strings.CutSuffix(name, ".url")
		if !isRemote || !isURL {
			continue
		}
		name, plain := collect.Branch.Parse(name)
		location, err := collect.CanonicalRepository(value)
		if found++; !plain || err != nil || found > mostNames {
			r.f.Gap("remote", "a remote is no plain name of the location of a repository")
			continue
		}
		fact := collect.Fact{Key: Remote + collect.Key(name), Value: location, Origin: "git config remote." + name + ".url"}
		r.f.Add(fact)
		if name == source {
			fact.Key = collect.Repository
			r.f.Add(fact)
		}
	}
	return nil
}
