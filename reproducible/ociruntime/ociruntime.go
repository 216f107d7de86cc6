package ociruntime

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/measure"
	"github.com/sealwright/sealwright/reproducible/store"
)

// Config says what a Builder works with. Everything but the identity is required.
type Config struct {
	// Runtime is the absolute path of the runtime, Digest its SHA-256 digest.
	Runtime string
	Digest  digest.Digest
	// Dir is where bundles are made: an absolute path through which every user may
	// pass.
	Dir string
	// Store holds the inputs and takes the outputs and logs.
	Store *store.Store
	// Now tells when builds start and finish. It decides nothing.
	Now func() time.Time
	// HostUID and HostGID are the identity on the machine under which commands run;
	// default 65534. The ids before them stand for the container's root, which sets
	// it up. None of them may own anything.
	HostUID, HostGID uint32
}

// A Builder is a reproducible.Builder. It is safe for concurrent use.
type Builder struct {
	config Config
	pin    *measure.ToolPin

	mu     sync.Mutex
	probed *grant
}

var _ reproducible.Builder = (*Builder)(nil)

// A grant is what every build gets, given inputs that are pinned.
type grant struct {
	guarantees reproducible.Guarantees
	missing    error // why others are not among them; nil if nothing is missing
}

// New measures the runtime and returns a Builder that uses it. It refuses an
// incomplete config with CodeConfig, a runtime of another digest with CodeDigest, a
// runtime that cannot be measured with a code of package measure, and with
// CodeUnsupported every machine but Linux on amd64 and arm64 and every user but
// root. It runs nothing.
func New(ctx context.Context, c Config) (*Builder, error) {
	if err := supported(); err != nil {
		return nil, err
	}
	if c.Store == nil || c.Now == nil || !filepath.IsAbs(c.Dir) || !filepath.IsAbs(c.Runtime) {
		return nil, attest.Refuse(CodeConfig, "Config", "Runtime and Dir as absolute paths, Store and Now", "an incomplete config")
	}
	if c.HostUID == 0 {
		c.HostUID = 65534
	}
	if c.HostGID == 0 {
		c.HostGID = 65534
	}
	pin, err := measure.Pin(ctx, c.Runtime, measure.PinOptions{})
	if err != nil {
		return nil, err
	}
	if pin.Tool.Digest != c.Digest {
		return nil, attest.Refuse(CodeDigest, c.Runtime, c.Digest.String(), pin.Tool.Digest.String())
	}
	return &Builder{config: c, pin: pin}, nil
}

// Probe has the runtime create a container, looks at it and deletes it. It returns
// the guarantees that every build has whose inputs are pinned. The error is
// CodeRuntime, CodeSetUp, or why neither could be found out. The first answer
// counts for the life of the Builder.
func (b *Builder) Probe(ctx context.Context) (reproducible.Guarantees, error) {
	g, err := b.granted(ctx)
	return g.guarantees, err
}

func (b *Builder) granted(ctx context.Context) (grant, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.probed != nil {
		return *b.probed, nil
	}
	g, err := b.probe(ctx)
	if err != nil {
		return grant{}, err
	}
	b.probed = &g
	return g, nil
}

func machineError(where string, err error) error {
	return attest.Refuse(CodeMachine, where, "", "").Because(err)
}
