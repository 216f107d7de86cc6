package tessera

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeConfig: a required part of the configuration is missing, or the key is not
	// one that Tessera can sign with.
	CodeConfig attest.Code = "attest.tessera.config"
	// CodeDriver: the driver cannot be started or stopped.
	CodeDriver attest.Code = "attest.tessera.driver"
	// CodeBusy: the log has more entries outstanding than it takes, and took none. Try
	// later.
	CodeBusy attest.Code = "attest.tessera.busy"
	// CodeUncertain: waiting ended, or the driver failed, before the outcome was known.
	// The entries may be in the log.
	CodeUncertain attest.Code = "attest.tessera.uncertain"
	// CodeClosed: the log was closed.
	CodeClosed attest.Code = "attest.tessera.closed"
	// CodeRead: a checkpoint, tile or bundle cannot be read.
	CodeRead attest.Code = "attest.tessera.read"
	// CodeDamaged: a tile or bundle is not of the tree that the checkpoint signs, or
	// the entry at the index is another.
	CodeDamaged attest.Code = "attest.tessera.damaged"
	// CodeIndex: an index or a size lies outside the log.
	CodeIndex attest.Code = "attest.tessera.index"
)

// Codes returns every code that this package itself can give. It also gives codes
// of attest and attest/tlog.
func Codes() []attest.Code {
	return []attest.Code{CodeConfig, CodeDriver, CodeBusy, CodeUncertain, CodeClosed, CodeRead, CodeDamaged, CodeIndex}
}
