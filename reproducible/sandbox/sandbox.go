package sandbox

import (
	"context"
	"sync"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/store"
	"github.com/sealwright/sealwright/reproducible/trace"
)

// Config says what a Sandbox works with. Store and Now are required.
type Config struct {
	// Store holds the inputs and takes the outputs and logs.
	Store *store.Store
	// Now tells when builds start and finish. It decides nothing.
	Now func() time.Time
	// HostUID and HostGID are the identity on the machine under which commands
	// run when the caller is root. Default 65534. They must not own anything.
	HostUID, HostGID uint32
	// Trace has every build watched; nil watches none. Result.Trace then tells what
	// the build asked for, and Traced is among the guarantees.
	Trace *TraceOptions
	// Probe replaces Sandbox.Probe as the source of what the machine grants, for
	// tests. It must not grant more than the machine does: what is really set up
	// is checked again before a command runs.
	Probe func(ctx context.Context) (Capabilities, error)
}

// TraceOptions say how builds are watched; see trace.Config for each.
type TraceOptions struct {
	Decide      func(reproducible.Access) trace.Decision
	MaxAccesses int
}

// Capabilities tell what a machine grants to this process.
type Capabilities struct {
	// Granted are the guarantees that a build can have, given inputs that are
	// pinned.
	Granted reproducible.Guarantees
	// Missing tells, for the guarantees that are not granted, what the machine
	// refused; nil when everything is granted.
	Missing error
}

// A Sandbox is a reproducible.Builder. It is safe for concurrent use.
type Sandbox struct {
	config Config

	mu     sync.Mutex
	probed *Capabilities

	filters  assembled
	ordering sync.Mutex
	ordered  *order
}

var _ reproducible.Builder = (*Sandbox)(nil)

// New returns a Sandbox. It refuses with CodeConfig a config without Store or Now,
// and with CodeUnsupported every operating system but Linux and every architecture
// but amd64 and arm64. It does not look at the machine; Probe and Build do.
func New(c Config) (*Sandbox, error) {
	if err := supported(); err != nil {
		return nil, err
	}
	if c.Store == nil || c.Now == nil {
		return nil, attest.Refuse(CodeConfig, "Config", "Store and Now", "nil")
	}
	if c.HostUID == 0 {
		c.HostUID = 65534
	}
	if c.HostGID == 0 {
		c.HostGID = 65534
	}
	return &Sandbox{config: c}, nil
}

// capabilities returns what the machine grants, looking only once: the first
// successful look counts for the life of the Sandbox.
func (s *Sandbox) capabilities(ctx context.Context) (Capabilities, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.probed != nil {
		return *s.probed, nil
	}
	probe := s.config.Probe
	if probe == nil {
		probe = s.Probe
	}
	c, err := probe(ctx)
	if err != nil {
		return Capabilities{}, err
	}
	s.probed = &c
	return c, nil
}
