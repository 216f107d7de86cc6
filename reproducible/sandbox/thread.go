package sandbox

import (
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/process"
	"github.com/sealwright/sealwright/reproducible/store"
)

// ThreadGuarantees are what a Thread adds to what package process achieves.
const ThreadGuarantees = reproducible.ConfinedFiles | reproducible.NoNetwork | reproducible.IPCIsolation |
	reproducible.NoNewPrivileges | reproducible.NoCapabilities | reproducible.Seccomp

// ThreadConfig says what NewThread works with. Store, Dir and Now are required.
type ThreadConfig struct {
	Store *store.Store // holds the inputs, takes the outputs and logs
	// Dir is where private directories are made: an absolute path, which HostUID
	// can traverse.
	Dir string
	Now func() time.Time // tells when builds start and finish
	// HostUID and HostGID are the identity under which commands run when the caller
	// is root. Default 65534. They must not own anything.
	HostUID, HostGID uint32
}

// NewThread returns the weakest and fastest Builder of this package: commands run
// as plain processes of the caller, in the directories of package process, under
// Landlock (landlock(7)) and a system call filter. It needs no namespaces and no
// second program: a thread takes everything from itself, starts the
// command, and ends; the rest of the caller's process keeps what it had.
//
// The command can open files below its private directory and Spec.HostPaths
// alone, and write to /out and /tmp of it alone; of the rest of the machine's
// tree it sees names and metadata, and can change the mode and times of what its
// user owns. It can make no socket but pairs, has no capabilities, and cannot
// signal a process outside. It gets the processors of Spec.CPUs. What that does not give, as a hidden file tree,
// process ids of its own or limits, ThreadGuarantees leaves out. Linux 6.12 or newer; on others every guarantee of the list is refused.
func NewThread(c ThreadConfig) (*process.Builder, error) {
	if err := supported(); err != nil {
		return nil, err
	}
	if c.Store == nil || c.Now == nil {
		return nil, attest.Refuse(CodeConfig, "ThreadConfig", "Store and Now", "nil")
	}
	return process.New(process.Config{Store: c.Store, Dir: c.Dir, Now: c.Now, Confiner: newThread(c.HostUID, c.HostGID)})
}
