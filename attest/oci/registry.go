package oci

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"slices"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Registry tells which repository to use and how to reach it.
type Registry struct {
	// Repository is the host and the name: "registry.example:5000/team/app".
	Repository string
	// Transport sends the requests. Required: http.DefaultTransport would obey the
	// environment.
	Transport http.RoundTripper
	// Credential returns what is to be shown to a host. Nil shows nothing.
	Credential func(ctx context.Context, host string) (Credential, error)
	// RedirectHosts are further hosts, with their ports, to which the registry may
	// send reads, which go there without credentials.
	RedirectHosts []string
	// TokenHosts are further hosts that may see credentials: the registry's token
	// service, if it is not its own.
	TokenHosts []string
	// Insecure allows plain HTTP, to the registry and all others.
	Insecure bool
	Limits   Limits
}

// A Credential is a user name and password, or a token. The zero Credential is
// nobody's.
type Credential struct {
	Username, Password string
	RefreshToken       string // an OAuth 2 identity token
	AccessToken        string // a bearer token as it is
}

// OpenRegistry returns the store of a repository. It sends nothing.
func OpenRegistry(r Registry) (*Store, error) {
	if r.Transport == nil {
		return nil, attest.Refuse(CodeConfig, "Registry.Transport", "a transport", "nil")
	}
	limits, err := r.Limits.withDefaults()
	if err != nil {
		return nil, err
	}
	repository, err := remote.NewRepository(r.Repository)
	if err != nil || repository.Reference.Reference != "" {
		return nil, attest.Refuse(CodeConfig, "Registry.Repository", "a host and a name", excerpt.Quote(r.Repository)).Because(err)
	}
	repository.PlainHTTP = r.Insecure
	repository.ReferrerListMaxPages = limits.Pages
	repository.TagListMaxPages = limits.Pages
	repository.MaxMetadataBytes = limits.ManifestBytes
	repository.SkipReferrersGC = true
	client := &auth.Client{
		Client: &http.Client{Transport: &guard{
			base: r.Transport, own: repository.Reference.Host(), redirects: slices.Clone(r.RedirectHosts), tokens: slices.Clone(r.TokenHosts), insecure: r.Insecure,
		}},
		Cache: auth.NewCache(),
		// The guard knows the hosts of token services; no name is to be looked up.
		BlockedRealmPrefixes: []netip.Prefix{},
	}
	if r.Credential != nil {
		client.Credential = func(ctx context.Context, host string) (auth.Credential, error) {
			c, err := r.Credential(ctx, host)
			return auth.Credential{Username: c.Username, Password: c.Password, RefreshToken: c.RefreshToken, AccessToken: c.AccessToken}, err
		}
	}
	repository.Client = client
	// This package keeps the index of the tag schema itself.
	if err := repository.SetReferrersCapability(true); err != nil {
		return nil, attest.Refuse(CodeConfig, "Registry", "a new repository", "").Because(err)
	}
	return &Store{backend: &registry{repository}, limits: limits}, nil
}

type registry struct{ repository *remote.Repository }

func (r *registry) Fetch(ctx context.Context, d ocispec.Descriptor) (io.ReadCloser, error) {
	return r.repository.Fetch(ctx, d)
}

func (r *registry) resolve(ctx context.Context, c *call, reference string) (ocispec.Descriptor, []byte, error) {
	d, rc, err := r.repository.Manifests().FetchReference(ctx, reference)
	where := excerpt.Quote(reference)
	if err != nil {
		return ocispec.Descriptor{}, nil, translate(ctx, err, where)
	}
	defer rc.Close()
	if _, err := supported(string(d.Digest)); err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	if err := c.spend(d.Size, c.limits.ManifestBytes, where); err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	b, err := readAll(ctx, rc, d, where)
	return d, b, err
}

func (r *registry) pushBlob(ctx context.Context, d ocispec.Descriptor, b []byte) error {
	there, err := r.repository.Blobs().Exists(ctx, d)
	if err == nil && !there {
		err = r.repository.Blobs().Push(ctx, d, bytes.NewReader(b))
	}
	if err != nil {
		return translate(ctx, err, d.Digest.String())
	}
	return nil
}

func (r *registry) pushManifest(ctx context.Context, _ *call, d ocispec.Descriptor, b []byte, tag string) error {
	var err error
	if tag == "" {
		err = r.repository.Manifests().Push(ctx, d, bytes.NewReader(b))
	} else {
		err = r.repository.Manifests().PushReference(ctx, d, bytes.NewReader(b), tag)
	}
	if err != nil {
		return translate(ctx, err, d.Digest.String())
	}
	return nil
}

var errStop = errors.New("enough")

// byAPI visits the answer of the referrers API. The error wraps
// errdef.ErrUnsupported where there is none.
func (r *registry) byAPI(ctx context.Context, subject digest.Digest, visit func(ocispec.Descriptor, error) bool) error {
	err := r.repository.Referrers(ctx, (Descriptor{Digest: subject}).external(), "", func(page []ocispec.Descriptor) error {
		for _, d := range page {
			if !visit(d, nil) {
				return errStop
			}
		}
		return nil
	})
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

func (r *registry) referrers(ctx context.Context, c *call, subject digest.Digest, visit func(ocispec.Descriptor, error) bool) error {
	err := r.byAPI(ctx, subject, visit)
	if errors.Is(err, errdef.ErrUnsupported) {
		return r.byTags(ctx, c, subject, visit)
	}
	if err != nil {
		return translate(ctx, err, subject.String())
	}
	return nil
}

// refer demands that the registry lists a manifest that it took, or keeps the
// index of the tag schema.
func (r *registry) refer(ctx context.Context, c *call, subject digest.Digest, d ocispec.Descriptor, b []byte) error {
	listed := false
	err := r.byAPI(ctx, subject, func(e ocispec.Descriptor, _ error) bool {
		listed = content.Equal(e, d)
		return !listed
	})
	switch {
	case errors.Is(err, errdef.ErrUnsupported):
		return r.tag(ctx, c, subject, d, b)
	case err != nil:
		return translate(ctx, err, subject.String())
	case !listed:
		return attest.Refuse(CodeUnlisted, subject.String(), d.Digest.String()+" among the referrers", "others")
	}
	return nil
}
