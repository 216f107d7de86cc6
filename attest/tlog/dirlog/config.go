package dirlog

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/tlog"
)

// The files beside the tiles.
const (
	checkpointFile = "checkpoint"
	nextFile       = ".checkpoint.next"
	lockFile       = ".lock"
)

// Config tells which log to write.
type Config struct {
	// Root is the log's directory. The caller closes it, after the log.
	Root *os.Root
	// Signer signs checkpoints; the name of its key is the log's origin. Its
	// algorithm is Ed25519 or MLDSA44.
	Signer *tlog.Signer
	// MLDSA44 verifies the checkpoint of a log whose key is of that algorithm.
	MLDSA44 tlog.VerifyMLDSA44
	// Known is the newest checkpoint, as a signed note, that the caller kept
	// elsewhere. A log that does not extend it is refused. Nil knows none.
	Known []byte
	// Witness, if set, obtains the cosignatures of a new checkpoint before it is
	// published. It is given the tree under the checkpoint, which proves its
	// consistency with older ones (ProveConsistency) and has the signed note
	// (Signed), and returns signature lines as a witness does. It is called by one
	// goroutine at a time, and bounds its own waiting. The empty tree is published
	// without.
	Witness func(ctx context.Context, tree *Reader) (lines []byte, err error)
	// Quorum tells whose cosignatures suffice. Required with Witness.
	Quorum *tlog.Witnesses
}

func (c Config) check() error {
	if c.Root == nil || c.Signer == nil {
		return attest.Refuse(CodeConfig, "Config", "Root and Signer", "nil")
	}
	if (c.Witness == nil) != c.Quorum.IsZero() {
		return attest.Refuse(CodeConfig, "Config.Quorum", "both Witness and Quorum, or neither", "one")
	}
	if a := c.Signer.Key().Algorithm; a == tlog.CosignatureV1 {
		return attest.Refuse(CodeConfig, "Config.Signer", "a key of a log", "one of a witness")
	}
	return nil
}

// Create makes an empty log: a checkpoint of size 0. The directory must exist and
// hold no file of a log: one that lost its checkpoint is not an empty one. A Create
// that was interrupted may be repeated.
func Create(ctx context.Context, c Config) error {
	if err := c.check(); err != nil {
		return err
	}
	unlock, err := lock(c.Root)
	if err != nil {
		return err
	}
	defer unlock()
	for _, name := range []string{checkpointFile, "tile"} {
		if _, err := c.Root.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			return attest.Refuse(CodeExists, name, "no file of a log", "one").Because(err)
		}
	}
	empty := tlog.Checkpoint{Origin: c.Signer.Key().Name, Root: tlog.EmptyRoot()}
	signed, err := tlog.SignCheckpoint(ctx, empty, time.Time{}, c.Signer)
	if err != nil {
		return err
	}
	return publish(c.Root, signed)
}

// lock takes the only writer's lock and returns what releases it.
func lock(root *os.Root) (func() error, error) {
	f, err := root.OpenFile(lockFile, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, attest.Refuse(CodeWrite, lockFile, "a lock", "").Because(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		code := CodeWrite
		if errors.Is(err, syscall.EWOULDBLOCK) {
			code = CodeLocked
		}
		return nil, attest.Refuse(code, lockFile, "the only writer", "another").Because(errors.Join(err, f.Close()))
	}
	return f.Close, nil
}
