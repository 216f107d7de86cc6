package dirtarget

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/deploy"
)

// A Directory is a target that keeps releases of every place below one root. It
// is safe for concurrent use, also by several processes on one machine.
type Directory struct {
	// Root is where places are kept. The caller closes it.
	Root *os.Root
	// Mode holds the permission bits of artifacts; 0 means 0o755.
	Mode fs.FileMode
	// MaxBytes bounds one artifact; 0 means 4 GiB.
	MaxBytes int64
}

// A Source opens an artifact of a request. What it returns need not be trusted.
type Source func(ctx context.Context, d attest.Descriptor) (io.ReadCloser, error)

// A Release is what an authorization brought about.
type Release struct {
	// Place is the directory of the place below the root.
	Place string
	// Path is the directory of the release below Place, where each artifact is a
	// file with the name of its subject. A removal's is empty.
	Path string
}

// Apply carries out an authorization at the instant now, and returns when the
// change is durable. Before the switch, what ran continues to run; an error that
// is not of the switch itself leaves it so. It refuses an authorization whose
// window does not include now, a generation that is not new (CodeStale),
// artifacts that are not what was authorized (CodeArtifact), and names that could
// lead out of the release (CodeName). open is not called for a removal.
func (d Directory) Apply(ctx context.Context, a deploy.Authorization, now time.Time, open Source) (Release, error) {
	if err := errors.Join(ctx.Err(), d.validate(), a.Check(now)); err != nil {
		return Release{}, err
	}
	req := a.Request()
	if req.Action != deploy.ActionRemove && open == nil {
		return Release{}, attest.Refuse(CodeConfig, "open", "a source of artifacts", "nil")
	}
	if err := checkNames(req.Subjects); err != nil {
		return Release{}, err
	}
	p, err := d.enter(req.Place())
	if err != nil {
		return Release{}, err
	}
	release, err := d.apply(ctx, p, a, open)
	return release, errors.Join(err, p.leave())
}

func (d Directory) validate() error {
	if d.Root == nil || d.Mode&^fs.ModePerm != 0 || d.MaxBytes < 0 {
		return attest.Refuse(CodeConfig, "Directory", "a root, permission bits and a limit", "others")
	}
	return nil
}

// checkNames demands that every subject names one plain file of its own.
func checkNames(subjects []attest.Descriptor) error {
	seen := make(map[string]bool)
	for _, s := range subjects {
		name := s.Name
		plain := name != "" && len(name) <= 255 && !strings.HasPrefix(name, ".") && !strings.ContainsAny(name, "/\\:\x00")
		if !plain || seen[strings.ToLower(name)] {
			return attest.Refuse(CodeName, "subject", "a file name of its own", strconv.QuoteToASCII(name[:min(len(name), 100)]))
		}
		seen[strings.ToLower(name)] = true
	}
	return nil
}

func (d Directory) apply(ctx context.Context, p *place, a deploy.Authorization, open Source) (Release, error) {
	req := a.Request()
	release := Release{Place: p.name, Path: releasePath(req.Generation, a.RequestDigest())}
	done, err := p.fence(req.Generation, release.Path)
	if err != nil {
		return Release{}, err
	}
	if !done {
		if err := d.stage(ctx, p, req, open); err != nil {
			return Release{}, err
		}
		if err := p.commit(release.Path); err != nil {
			return Release{}, err
		}
	} else if err := p.verify(ctx, release.Path, req); err != nil {
		return Release{}, err
	}
	if req.Action == deploy.ActionRemove {
		return release, p.unlink()
	}
	return release, p.link(release.Path)
}

// stage writes the artifacts into an empty staging directory, durably.
func (d Directory) stage(ctx context.Context, p *place, req deploy.Request, open Source) error {
	if err := errors.Join(p.root.RemoveAll(staging), p.root.Mkdir(staging, 0o755)); err != nil {
		return storage(staging, err)
	}
	if req.Action == deploy.ActionRemove {
		return p.sync(staging)
	}
	for _, s := range req.Subjects {
		if err := d.copy(ctx, p, s, open); err != nil {
			return errors.Join(err, p.root.RemoveAll(staging))
		}
	}
	return p.sync(staging)
}

// copy writes one artifact and verifies it meanwhile.
func (d Directory) copy(ctx context.Context, p *place, s attest.Descriptor, open Source) error {
	source, err := open(ctx, s)
	if err != nil {
		return attest.Refuse(CodeArtifact, s.Name, "a readable artifact", "").Because(err)
	}
	verified := digest.NewVerifyingReader(untilDone{ctx, source}, digest.Expect{Size: -1, Digests: s.Digest})
	defer verified.Close()
	mode, most := d.Mode, d.MaxBytes
	if mode == 0 {
		mode = 0o755
	}
	if most == 0 {
		most = 4 << 30
	}
	f, err := p.root.OpenFile(staging+"/"+s.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return storage(s.Name, err)
	}
	n, err := io.Copy(f, io.LimitReader(verified, most+1))
	switch {
	case err != nil:
		err = attest.Refuse(CodeArtifact, s.Name, s.Digest.String(), "").Because(err)
	case n > most:
		err = attest.Refuse(CodeArtifact, s.Name, "at most "+strconv.FormatInt(most, 10)+" bytes", "more")
	default:
		if err = errors.Join(f.Chmod(mode), f.Sync()); err != nil {
			err = storage(s.Name, err)
		}
	}
	return errors.Join(err, f.Close())
}

// untilDone ends a stream with its context.
type untilDone struct {
	ctx context.Context
	io.ReadCloser
}

func (r untilDone) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.ReadCloser.Read(p)
}

func storage(where string, err error) error {
	return attest.Refuse(CodeStorage, where, "a working file system", "").Because(err)
}
