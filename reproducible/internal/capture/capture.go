// Package capture takes the declared outputs of a build out of the directory in
// which its command left them, and tells what else lies there. The directory was
// written by whoever wrote the command: nothing in it is believed, no link in it
// is followed.
package capture

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/reproducible"
)

// A Sink stores content and returns its SHA-256 digest and size.
type Sink interface {
	PutFile(ctx context.Context, r io.Reader) (digest.Digest, int64, error)
}

// maxDepth bounds nested directories.
const maxDepth = 64

// Outputs stores the declared outputs that lie below root and returns them as
// artifacts, in ascending order of path, with a finding for each undeclared
// file. It refuses, naming every one: a declared output that is missing or holds
// no file; anything in a declared place that is no regular file or directory;
// hard links; special mode bits and files that their owner may not read; and
// outputs beyond limits.
//
// No process may be writing below root any more. Where one is after all, the
// kinds of files are checked again once they are open, and a file that changes
// while it is read is refused.
func Outputs(ctx context.Context, root *os.Root, declared []string, limits reproducible.Limits, sink Sink) ([]reproducible.Artifact, []reproducible.Finding, error) {
	c := &capture{ctx: ctx, declared: declared, limits: limits.WithDefaults(), sink: sink, holds: map[string]bool{}}
	if err := c.dir(root, ".", 0); err != nil {
		return nil, c.findings, err
	}
	for _, name := range declared {
		if !c.holds[name] {
			c.faults = append(c.faults, attest.Refuse(reproducible.CodeOutputMissing, strconv.Quote(name), "a file, or a directory with one", "none"))
		}
	}
	if err := errors.Join(c.faults...); err != nil {
		return nil, c.findings, err
	}
	slices.SortFunc(c.artifacts, func(a, b reproducible.Artifact) int { return strings.Compare(a.Path, b.Path) })
	return c.artifacts, c.findings, nil
}

type capture struct {
	ctx      context.Context
	declared []string
	limits   reproducible.Limits
	sink     Sink

	entries   int64
	bytes     int64
	holds     map[string]bool // declared outputs in which a file was found
	artifacts []reproducible.Artifact
	findings  []reproducible.Finding
	faults    []error
}

// dir captures what lies in one open directory. Its errors end everything; what
// is wrong with single entries is collected.
func (c *capture) dir(dir *os.Root, at string, depth int) error {
	if depth > maxDepth {
		return attest.Refuse(reproducible.CodeOutputName, quote(at), "at most "+strconv.Itoa(maxDepth)+" levels", "more")
	}
	names, err := c.list(dir, at)
	if err != nil {
		return err
	}
	for _, name := range names {
		full := path.Join(at, name)
		if strings.Contains(name, "/") || !reproducible.ValidOutputPath(full) {
			return attest.Refuse(reproducible.CodeOutputName, quote(full), "a clean, printable path in UTF-8", quote(name))
		}
		info, err := dir.Lstat(name)
		if err != nil {
			return attest.Refuse(reproducible.CodeOutputChanged, quote(full), "an entry", "").Because(err)
		}
		if err := c.entry(dir, name, full, info, depth); err != nil {
			return err
		}
	}
	return nil
}

// list returns the names in dir in ascending order, within the limit of files.
func (c *capture) list(dir *os.Root, at string) ([]string, error) {
	if err := c.ctx.Err(); err != nil {
		return nil, attest.Refuse(reproducible.CodeCancelled, "capture", "", "").Because(context.Cause(c.ctx))
	}
	f, err := dir.Open(".")
	if err != nil {
		return nil, attest.Refuse(reproducible.CodeOutputMode, quote(at), "a readable directory", "").Because(err)
	}
	defer f.Close()
	left := int(min(c.limits.OutputFiles-c.entries, 1<<30))
	names, err := f.Readdirnames(left + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, attest.Refuse(reproducible.CodeOutputMode, quote(at), "a readable directory", "").Because(err)
	}
	if len(names) > left {
		return nil, attest.Refuse(reproducible.CodeLimitOutput, quote(at),
			"at most "+strconv.FormatInt(c.limits.OutputFiles, 10)+" files and directories", "more")
	}
	c.entries += int64(len(names))
	slices.Sort(names)
	return names, nil
}

func (c *capture) entry(dir *os.Root, name, full string, info fs.FileInfo, depth int) error {
	output := c.output(full)
	switch mode := info.Mode(); {
	case mode.IsDir():
		return c.subdir(dir, name, full, info, depth)
	case output == "":
		c.findings = append(c.findings, reproducible.Finding{
			Code: reproducible.CodeOutputUndeclared, Path: path.Join(reproducible.OutputDir, full),
		})
	case mode.IsRegular():
		return c.file(dir, name, full, output, info)
	default:
		c.refuse(reproducible.CodeOutputType, full, "a regular file", mode.Type().String())
	}
	return nil
}

// output returns the declared output to which the path belongs, or "".
func (c *capture) output(full string) string {
	for _, name := range c.declared {
		if full == name || strings.HasPrefix(full, name+"/") {
			return name
		}
	}
	return ""
}

func (c *capture) subdir(dir *os.Root, name, full string, info fs.FileInfo, depth int) error {
	if special(info.Mode()) || info.Mode()&0o500 != 0o500 {
		c.refuse(reproducible.CodeOutputMode, full, "no special bits, readable and searchable by its owner", info.Mode().String())
		return nil
	}
	sub, err := dir.OpenRoot(name)
	if err != nil {
		return attest.Refuse(reproducible.CodeOutputChanged, quote(full), "a directory", "").Because(err)
	}
	defer sub.Close()
	opened, err := sub.Stat(".")
	if err != nil || !os.SameFile(info, opened) {
		return attest.Refuse(reproducible.CodeOutputChanged, quote(full), "the directory that was listed", "another").Because(err)
	}
	return c.dir(sub, full, depth+1)
}

// file stores one declared file. Sizes are judged before anything is read, so
// that a sparse file costs nothing.
func (c *capture) file(dir *os.Root, name, full, output string, info fs.FileInfo) error {
	c.holds[output] = true
	if special(info.Mode()) || info.Mode()&0o400 == 0 {
		c.refuse(reproducible.CodeOutputMode, full, "no special bits, readable by its owner", info.Mode().String())
		return nil
	}
	if n := links(info); n > 1 {
		c.refuse(reproducible.CodeOutputLinked, full, "one link", strconv.FormatUint(n, 10))
		return nil
	}
	if info.Size() > c.limits.OutputBytes-c.bytes {
		return attest.Refuse(reproducible.CodeLimitOutput, quote(full),
			"at most "+strconv.FormatInt(c.limits.OutputBytes, 10)+" bytes in all", strconv.FormatInt(info.Size(), 10)+" in this file")
	}
	c.bytes += info.Size()
	a, err := c.store(dir, name, full, info)
	if err != nil {
		return err
	}
	c.artifacts = append(c.artifacts, a)
	return nil
}

// store copies one file into the sink. It opens without waiting, should the file
// have become a pipe, and refuses whatever is not the file that was examined.
func (c *capture) store(dir *os.Root, name, full string, info fs.FileInfo) (reproducible.Artifact, error) {
	changed := func(err error) error {
		return attest.Refuse(reproducible.CodeOutputChanged, quote(full), "the file that was listed, unchanged", "").Because(err)
	}
	f, err := dir.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return reproducible.Artifact{}, changed(err)
	}
	defer f.Close()
	opened, err := f.Stat()
	if err != nil || digest.KeyOf(opened) != digest.KeyOf(info) || opened.Mode() != info.Mode() {
		return reproducible.Artifact{}, changed(err)
	}
	d, size, err := c.sink.PutFile(c.ctx, io.LimitReader(f, info.Size()+1))
	if err != nil {
		return reproducible.Artifact{}, err
	}
	after, err := f.Stat()
	if err != nil || size != info.Size() || digest.KeyOf(after) != digest.KeyOf(info) {
		return reproducible.Artifact{}, changed(err)
	}
	return reproducible.Artifact{Path: full, Digest: d.Set(), Size: size, Mode: info.Mode().Perm()}, nil
}

func (c *capture) refuse(code attest.Code, full, want, got string) {
	c.faults = append(c.faults, attest.Refuse(code, quote(full), want, got))
}

// special reports whether a mode has bits that no output may have.
func special(m fs.FileMode) bool {
	return m&(fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky) != 0
}

// quote shortens and quotes a name that the command chose.
func quote(name string) string {
	const most = 200
	if len(name) > most {
		return strconv.Quote(name[:most]) + "..."
	}
	return strconv.Quote(name)
}
