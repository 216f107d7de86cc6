package tuf

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/config"
	"github.com/theupdateframework/go-tuf/v2/metadata/updater"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// The targets of a Sigstore repository.
const (
	TrustedRoot   = "trusted_root.json"
	SigningConfig = "signing_config.v0.2.json"
)

// Bounds of a fetch.
const (
	maxTarget    = 8 << 20
	maxRoot      = 512_000
	maxTimestamp = 16 << 10
	maxSnapshot  = 2 << 20
	maxTargets   = 5 << 20
	maxRotations = 64 // the next fetch goes on from there
	maxRoles     = 32
)

// A Config tells where a repository is and how it is trusted. All of it but
// Targets is needed.
type Config struct {
	// Root is the metadata file root.json from which trust starts. It comes from
	// elsewhere than the repository; it may have expired, and may be older than the
	// newest.
	Root []byte
	// Metadata is the URL below which the metadata files are.
	Metadata string
	// Targets is the URL below which the targets are; empty means "targets" below
	// Metadata.
	Targets string
	// Dir is an existing directory for the newest metadata and targets, writable
	// only by its owner.
	Dir string
	// Client makes all requests. Give it a timeout, or give one to each context.
	Client *http.Client
	// Now is the time by which metadata expire.
	Now func() time.Time
}

// A Source fetches targets of one repository.
type Source struct {
	config Config
	root   int64         // version of the initial root
	turn   chan struct{} // holds something while nobody fetches
}

// A Target is a file that the repository vouches for.
type Target struct {
	Name  string
	Bytes []byte
	// Expires is the first expiry of the metadata that vouch for it.
	Expires time.Time
}

// New returns a Source. It refuses, with every fault at once, a configuration
// that lacks something, and a root that its own keys did not sign. It reads and
// writes nothing.
func New(c Config) (*Source, error) {
	var errs []error
	for _, need := range []struct {
		name    string
		missing bool
	}{{"Dir", c.Dir == ""}, {"Client", c.Client == nil}, {"Now", c.Now == nil}} {
		if need.missing {
			errs = append(errs, attest.Refuse(CodeConfig, "Config."+need.name, "one", "none"))
		}
	}
	if c.Targets == "" {
		c.Targets = strings.TrimSuffix(c.Metadata, "/") + "/targets"
	}
	errs = append(errs, checkURL("Config.Metadata", c.Metadata), checkURL("Config.Targets", c.Targets))
	version, err := rootVersion(c.Root)
	if err != nil {
		errs = append(errs, attest.Refuse(CodeRoot, "Config.Root", "root metadata signed by its own keys", "").Because(err))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	c.Root = bytes.Clone(c.Root)
	s := &Source{config: c, root: version, turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	return s, nil
}

func checkURL(where, text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return attest.Refuse(CodeConfig, where, "an http URL of host and path", excerpt.Quote(text)).Because(err)
	}
	return nil
}

// rootVersion returns the version of a root that its own keys signed.
func rootVersion(data []byte) (int64, error) {
	if err := strict("root.json", data); err != nil {
		return 0, err
	}
	m, err := metadata.Root().FromBytes(data)
	if err != nil {
		return 0, err
	}
	return m.Signed.Version, m.VerifyDelegate(metadata.ROOT, m)
}

// Fetch brings the metadata up to date and returns a target that they vouch for.
func (s *Source) Fetch(ctx context.Context, name string) (Target, error) {
	if ctx.Err() != nil {
		return Target{}, attest.Refuse(attest.CodeCanceled, "context", "a live context", "").Because(context.Cause(ctx))
	}
	if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, `\:%?#`) {
		return Target{}, attest.Refuse(CodeName, "target", "a relative path without . and ..", excerpt.Quote(name))
	}
	select {
	case <-s.turn:
	case <-ctx.Done():
		return Target{}, attest.Refuse(attest.CodeCanceled, "context", "a live context", "").Because(context.Cause(ctx))
	}
	defer func() { s.turn <- struct{}{} }()
	f := &fetcher{ctx: ctx, client: s.config.Client}
	u, err := s.update(f)
	if err != nil {
		return Target{}, classify(ctx, err)
	}
	info, err := u.GetTargetInfo(name)
	if err != nil {
		if err := classify(ctx, err); !errors.Is(err, attest.Is(CodeMetadata)) {
			return Target{}, err
		}
		return Target{}, attest.Refuse(CodeTarget, "target", excerpt.Quote(name), "none").Because(err)
	}
	if info.Length > maxTarget || info.Length < 0 {
		return Target{}, attest.Refuse(CodeSize, "target", "at most "+strconv.Itoa(maxTarget)+" bytes", strconv.FormatInt(info.Length, 10))
	}
	_, data, err := u.FindCachedTarget(info, "")
	if err == nil && data == nil {
		f.target = true
		_, data, err = u.DownloadTarget(info, "", "")
	}
	if err != nil {
		return Target{}, classify(ctx, err)
	}
	return Target{name, data, expiry(u)}, nil
}

// TrustedRoot fetches and reads the trusted root of a Sigstore repository, and
// tells until when it is trusted.
func (s *Source) TrustedRoot(ctx context.Context) (*sigstore.TrustedRoot, time.Time, error) {
	t, err := s.Fetch(ctx, TrustedRoot)
	if err != nil {
		return nil, time.Time{}, err
	}
	root, err := sigstore.ParseTrustedRoot(t.Bytes)
	if err != nil {
		return nil, time.Time{}, err
	}
	return root, t.Expires, nil
}

// update walks from the newest root that is known to the newest targets.
func (s *Source) update(f *fetcher) (*updater.Updater, error) {
	root, version, err := s.newest()
	if err != nil {
		return nil, err
	}
	c := s.config
	u, err := updater.New(&config.UpdaterConfig{
		MaxRootRotations: maxRotations, MaxDelegations: maxRoles,
		RootMaxLength: maxRoot, TimestampMaxLength: maxTimestamp, SnapshotMaxLength: maxSnapshot, TargetsMaxLength: maxTargets,
		Fetcher: f, LocalTrustedRoot: root, LocalMetadataDir: c.Dir, LocalTargetsDir: filepath.Join(c.Dir, "targets"),
		RemoteMetadataURL: c.Metadata, RemoteTargetsURL: c.Targets, PrefixTargetsWithHash: true,
	})
	if err != nil {
		return nil, attest.Refuse(CodeLocal, c.Dir, "a directory to write to", "").Because(err)
	}
	u.UnsafeSetRefTime(c.Now())
	if err := u.Refresh(); err != nil {
		return nil, err
	}
	if u.GetTrustedMetadataSet().Root.Signed.Version >= version+maxRotations {
		return nil, attest.Refuse(CodeRotations, "root.json", "fewer than "+strconv.Itoa(maxRotations)+" new versions", "more")
	}
	return u, nil
}

// newest returns the initial root, or a newer one that an earlier fetch verified
// and left in the directory.
func (s *Source) newest() ([]byte, int64, error) {
	where := filepath.Join(s.config.Dir, "root.json")
	data, err := readRoot(where)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(s.config.Dir); err != nil {
			return nil, 0, attest.Refuse(CodeLocal, s.config.Dir, "a directory", "").Because(err)
		}
		return s.config.Root, s.root, nil
	}
	if err != nil {
		return nil, 0, attest.Refuse(CodeLocal, where, "a readable file", "").Because(err)
	}
	version, err := rootVersion(data)
	if err != nil {
		return nil, 0, attest.Refuse(CodeLocal, where, "the root that an earlier fetch left", "").Because(err)
	}
	if version < s.root {
		return s.config.Root, s.root, nil
	}
	return data, version, nil
}

// readRoot reads no more of a file than a root may have.
func readRoot(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxRoot+1))
	if err == nil && len(data) > maxRoot {
		err = errors.New("a root of more than " + strconv.Itoa(maxRoot) + " bytes")
	}
	return data, err
}

// expiry returns the first expiry of all metadata that were loaded.
func expiry(u *updater.Updater) time.Time {
	set := u.GetTrustedMetadataSet()
	first := set.Root.Signed.Expires
	for _, t := range []time.Time{set.Timestamp.Signed.Expires, set.Snapshot.Signed.Expires} {
		if t.Before(first) {
			first = t
		}
	}
	for _, role := range set.Targets {
		if role.Signed.Expires.Before(first) {
			first = role.Signed.Expires
		}
	}
	return first
}
