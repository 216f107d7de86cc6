package dirlog

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeConfig: a required part of the configuration is missing, or a key is not
	// one for logs.
	CodeConfig attest.Code = "attest.dirlog.config"
	// CodeExists: a log cannot be created where a file of one is.
	CodeExists attest.Code = "attest.dirlog.exists"
	// CodeMissing: the directory has no checkpoint.
	CodeMissing attest.Code = "attest.dirlog.missing"
	// CodeLocked: another writer holds the log.
	CodeLocked attest.Code = "attest.dirlog.locked"
	// CodeClosed: the log was closed.
	CodeClosed attest.Code = "attest.dirlog.closed"
	// CodePoisoned: an earlier write failed; nothing more is kept. Open the log
	// anew.
	CodePoisoned attest.Code = "attest.dirlog.poisoned"
	// CodeWrite: a write or fsync failed. The entries may or may not be in the log
	// when it is opened again.
	CodeWrite attest.Code = "attest.dirlog.write"
	// CodeWitness: the witnesses did not cosign the checkpoint. It is signed and kept
	// and not published: open the log anew to ask them again, with the entries that
	// it covers.
	CodeWitness attest.Code = "attest.dirlog.witness"
	// CodeRead: a file under the checkpoint cannot be read.
	CodeRead attest.Code = "attest.dirlog.read"
	// CodeDamaged: a tile or bundle is not of the tree that the checkpoint signs.
	CodeDamaged attest.Code = "attest.dirlog.damaged"
	// CodeIndex: an index or a size lies outside the log.
	CodeIndex attest.Code = "attest.dirlog.index"
	// CodeRollback: the log is older than a checkpoint that is known.
	CodeRollback attest.Code = "attest.dirlog.rollback"
	// CodeFork: the log does not extend a checkpoint that is known.
	CodeFork attest.Code = "attest.dirlog.fork"
)

// Codes returns every code that this package itself can give. It also gives codes
// of attest and attest/tlog.
func Codes() []attest.Code {
	return []attest.Code{
		CodeConfig, CodeExists, CodeMissing, CodeLocked, CodeClosed, CodePoisoned, CodeWrite, CodeWitness,
		CodeRead, CodeDamaged, CodeIndex, CodeRollback, CodeFork,
	}
}
