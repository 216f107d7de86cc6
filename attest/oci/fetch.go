package oci

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// Limits bound what a store may make its reader look at. A zero field means its
// default.
type Limits struct {
	Manifests     int   // that one call looks at; default 10,000
	Pages         int   // of a list; default 100
	ManifestBytes int64 // of one manifest, index or page; default 4 MiB
	Layers        int   // of one manifest; default 1,000
	LayerBytes    int64 // of one layer; default 16 MiB
	TotalBytes    int64 // that one call reads; default 256 MiB
}

func (l Limits) withDefaults() (Limits, error) {
	if l.Manifests < 0 || l.Pages < 0 || l.Layers < 0 || l.ManifestBytes < 0 || l.LayerBytes < 0 || l.TotalBytes < 0 {
		return l, attest.Refuse(CodeConfig, "Limits", "no negative limit", "one")
	}
	l.Manifests = cmp.Or(l.Manifests, 10_000)
	l.Pages = cmp.Or(l.Pages, 100)
	l.Layers = cmp.Or(l.Layers, 1_000)
	l.ManifestBytes = cmp.Or(l.ManifestBytes, 4<<20)
	l.LayerBytes = cmp.Or(l.LayerBytes, 16<<20)
	l.TotalBytes = cmp.Or(l.TotalBytes, 256<<20)
	return l, nil
}

// Within returns a store of the same content whose limits are those of s or of
// most, whichever is lower. A zero field of most leaves the limit as it is.
func (s *Store) Within(most Limits) (*Store, error) {
	if s == nil || s.backend == nil {
		return nil, attest.Refuse(attest.CodeNil, "Store", "an opened store", "nil")
	}
	if _, err := most.withDefaults(); err != nil {
		return nil, err
	}
	l := s.limits
	l.Manifests = min(l.Manifests, cmp.Or(most.Manifests, l.Manifests))
	l.Pages = min(l.Pages, cmp.Or(most.Pages, l.Pages))
	l.Layers = min(l.Layers, cmp.Or(most.Layers, l.Layers))
	l.ManifestBytes = min(l.ManifestBytes, cmp.Or(most.ManifestBytes, l.ManifestBytes))
	l.LayerBytes = min(l.LayerBytes, cmp.Or(most.LayerBytes, l.LayerBytes))
	l.TotalBytes = min(l.TotalBytes, cmp.Or(most.TotalBytes, l.TotalBytes))
	return &Store{backend: s.backend, limits: l}, nil
}

// A call is the budget of one call, and where it reads. It is not safe for
// concurrent use.
type call struct {
	limits    Limits
	manifests int
	bytes     int64
	from      content.Fetcher
}

// count counts a manifest that is looked at.
func (c *call) count() error {
	if c.manifests++; c.manifests > c.limits.Manifests {
		return attest.Refuse(CodeLimit, "manifests", "at most "+strconv.Itoa(c.limits.Manifests), "more")
	}
	return nil
}

// spend counts bytes that are read.
func (c *call) spend(n, most int64, where string) error {
	if n < 0 || n > most {
		return attest.Refuse(CodeLimit, where, "0 to "+strconv.FormatInt(most, 10)+" bytes", strconv.FormatInt(n, 10))
	}
	if c.bytes += n; c.bytes > c.limits.TotalBytes {
		return attest.Refuse(CodeLimit, where, "at most "+strconv.FormatInt(c.limits.TotalBytes, 10)+" bytes in all", "more")
	}
	return nil
}

// fetch returns the content of d, of at most so many bytes, after its size and
// digest are checked. Content that stands in the descriptor is not asked for.
func (c *call) fetch(ctx context.Context, d ocispec.Descriptor, most int64) ([]byte, error) {
	where := excerpt.Quote(string(d.Digest))
	if _, err := supported(string(d.Digest)); err != nil {
		return nil, err
	}
	if err := c.spend(d.Size, most, where); err != nil {
		return nil, err
	}
	if len(d.Data) > 0 {
		return readAll(ctx, bytes.NewReader(d.Data), d, where)
	}
	rc, err := c.from.Fetch(ctx, d)
	if err != nil {
		return nil, translate(ctx, err, where)
	}
	defer rc.Close()
	return readAll(ctx, rc, d, where)
}

// readAll reads content that must be exactly what d names.
func readAll(ctx context.Context, r io.Reader, d ocispec.Descriptor, where string) ([]byte, error) {
	b, err := content.ReadAll(r, d)
	switch {
	case err == nil:
		return b, nil
	case errors.Is(err, content.ErrMismatchedDigest), errors.Is(err, content.ErrTrailingData), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, attest.Refuse(CodeDigest, where, "content of that digest and "+strconv.FormatInt(d.Size, 10)+" bytes", "other content").Because(err)
	}
	return nil, translate(ctx, err, where)
}

// translate gives an error of the OCI modules its code. Their text may repeat what
// the server said.
func translate(ctx context.Context, err error, where string) error {
	if own := (*attest.Error)(nil); errors.As(err, &own) {
		return own
	}
	got := excerpt.Quote(err.Error())
	if answer := (*errcode.ErrorResponse)(nil); errors.As(err, &answer) {
		got = strconv.Itoa(answer.StatusCode) + " " + excerpt.Quote(answer.Errors.Error())
		if answer.StatusCode >= http.StatusInternalServerError || answer.StatusCode == http.StatusTooManyRequests {
			return attest.Refuse(CodeUnavailable, where, "an answer", got)
		}
	}
	switch {
	case ctx.Err() != nil:
		return attest.Refuse(attest.CodeCanceled, where, "", "").Because(context.Cause(ctx))
	case errors.Is(err, errdef.ErrNotFound):
		return attest.Refuse(CodeNotFound, where, "content", got)
	case errors.Is(err, errdef.ErrTooManyPages), errors.Is(err, errdef.ErrSizeExceedsLimit):
		return attest.Refuse(CodeLimit, where, "fewer pages or bytes", got)
	case errors.Is(err, errdef.ErrInvalidReference), errors.Is(err, errdef.ErrMissingReference):
		return attest.Refuse(CodeReference, where, "a tag or a digest", got)
	}
	return attest.Refuse(CodeTransport, where, "an answer", got)
}
