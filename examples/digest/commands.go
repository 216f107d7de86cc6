package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/blake3"
	"github.com/sealwright/sealwright/attest/digest/merkle"
)

func (c *call) sum(ctx context.Context, names ...string) error {
	o := digest.Options{Extra: blake3.Extra()}
	for a := range strings.SplitSeq(c.algorithms, ",") {
		o.Algorithms = append(o.Algorithms, digest.Algorithm(a))
	}
	if c.checkpoints != "" {
		o.CheckpointStride = digest.DefaultStride
	}
	for _, name := range names {
		info, err := os.Stat(name)
		if err == nil && info.IsDir() {
			err = c.sumTree(ctx, name, o)
		} else if err == nil {
			err = c.sumFile(ctx, name, o)
		}
		if err == nil {
			err = c.stdout.Flush()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *call) sumFile(ctx context.Context, name string, o digest.Options) error {
	s, err := open(name)
	if err != nil {
		return err
	}
	o.Progress = progress(name)
	r, err := digest.SumAt(ctx, s, o)
	if err != nil {
		return err
	}
	if r.Checkpoints != nil {
		b, err := r.Checkpoints.MarshalBinary()
		if err != nil {
			return err
		}
		if err := os.WriteFile(c.checkpoints, b, 0o666); err != nil {
			return err
		}
	}
	return c.printSum(name, r)
}

// sumTree sums the regular files below a directory, several at a time.
func (c *call) sumTree(ctx context.Context, dir string, o digest.Options) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	var walk error
	names := func(yield func(string) bool) {
		walk = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && !yield(name) {
				return fs.SkipAll
			}
			return err
		})
	}
	for r, err := range digest.SumFiles(ctx, root, names, digest.FilesOptions{Options: o}) {
		if err != nil {
			return err
		}
		if err := c.printSum(filepath.Join(dir, r.Name), &r.Result); err != nil {
			return err
		}
	}
	return walk
}

func (c *call) printSum(name string, r *digest.Result) error {
	if c.json {
		return json.NewEncoder(c.stdout).Encode(map[string]any{"name": name, "size": r.Size, "digests": r.Digests})
	}
	for _, a := range r.Digests.Algorithms() {
		text := r.Digests[a]
		if len(r.Digests) > 1 {
			text = string(a) + ":" + text
		}
		fmt.Fprintf(c.stdout, "%s  %s\n", text, name)
	}
	return nil
}

func (c *call) verify(ctx context.Context, args ...string) error {
	s, err := open(args[1])
	if err != nil {
		return err
	}
	if root, err := merkle.ParseRoot(args[0]); err == nil {
		return c.verifyRoot(ctx, root, s)
	}
	want := digest.Expect{Size: s.Size(), Digests: digest.Set{}}
	for text := range strings.SplitSeq(args[0], ",") {
		d, err := digest.Parse(text)
		if err != nil {
			return err
		}
		want.Digests[d.Algorithm] = d.Hex
	}
	var hints *digest.Checkpoints
	if c.checkpoints != "" {
		f, err := os.Open(c.checkpoints)
		if err != nil {
			return err
		}
		if hints, err = digest.ReadCheckpoints(f, s.Size()); err != nil {
			return err
		}
	}
	o := digest.Options{Extra: blake3.Extra(), Progress: progress(args[1])}
	return c.say(digest.VerifyAt(ctx, s, want, hints, o), map[string]string{"verified": args[0]})
}

// verifyRoot builds the tree anew or, with a tree file, reads through it.
func (c *call) verifyRoot(ctx context.Context, root merkle.Root, s digest.Guard) error {
	if c.tree == "" {
		got, err := merkle.Build(ctx, s, root.Params, merkle.BuildOptions{Progress: progress("tree")})
		if err == nil && !got.Equal(root) {
			err = fmt.Errorf("refused: want %s, got %s", root, got)
		}
		return c.say(err, map[string]string{"verified": root.String()})
	}
	t, err := openTree(root, c.tree)
	if err != nil {
		return err
	}
	verified, buf := t.ReaderAt(s), make([]byte, 1<<20)
	for at := int64(0); at < root.Size; at += int64(len(buf)) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := verified.ReadAt(buf, at); err != nil && err != io.EOF {
			return err
		}
	}
	return c.say(s.Unchanged(), map[string]string{"verified": root.String()})
}

func (c *call) build(ctx context.Context, args ...string) error {
	kind, err := merkle.ParseKind(c.kind)
	if err != nil {
		return err
	}
	salt, err := hex.DecodeString(c.salt)
	if err != nil {
		return fmt.Errorf("-salt: %w: %w", err, errMisuse)
	}
	s, err := open(args[0])
	if err != nil {
		return err
	}
	o := merkle.BuildOptions{Progress: progress(args[0])}
	if c.out != "" {
		f, err := os.Create(c.out)
		if err != nil {
			return err
		}
		defer f.Close()
		o.Out = f
	}
	root, err := merkle.Build(ctx, s, merkle.Params{Kind: kind, BlockSize: c.block, Salt: salt}, o)
	facts := map[string]string{"root": root.String()}
	if sum, e := root.FileDigest(); e == nil {
		facts["file digest"] = string(root.Params.Hash) + ":" + hex.EncodeToString(sum)
	}
	return c.say(err, facts)
}

// prove writes or verifies a proof that some bytes belong to a root.
func (c *call) prove(ctx context.Context, args ...string) error {
	root, err := merkle.ParseRoot(c.root)
	if err != nil {
		return err
	}
	s, err := open(args[0])
	if err != nil {
		return err
	}
	if c.check != "" {
		b, err := readProof(c.check)
		if err != nil {
			return err
		}
		p, err := merkle.ParseRangeProof(b)
		if err != nil {
			return fmt.Errorf("refused: %v", err)
		}
		if p.Range != c.span { // the proof is true of another place
			return fmt.Errorf("refused: the proof is of %d+%d", p.Range.Offset, p.Range.Length)
		}
		return c.say(p.Verify(ctx, root, io.NewSectionReader(s, 0, s.Size())), map[string]string{"verified": c.root})
	}
	if c.tree == "" || c.out == "" {
		return fmt.Errorf("digest prove without -tree or -out: %w", errMisuse)
	}
	t, err := openTree(root, c.tree)
	if err != nil {
		return err
	}
	p, err := t.ProveRange(s, c.span)
	if err != nil {
		return err
	}
	b, err := p.MarshalBinary()
	if err == nil {
		err = os.WriteFile(c.out, b, 0o666)
	}
	return c.say(err, map[string]string{"proof": c.out})
}

// readProof reads a file that may come from anyone, and be of any size.
func readProof(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, merkle.MaxRangeProof+1))
}

// open opens a regular file, which the library guards against change.
func open(name string) (digest.Guard, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return digest.FileSource(f)
}

func openTree(root merkle.Root, name string) (*merkle.Tree, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return merkle.OpenTree(root, f)
}
