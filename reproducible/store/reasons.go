package store

import "github.com/sealwright/sealwright/attest"

// The codes of this package. What treehash refuses keeps its own codes.
const (
	// CodeAddress: a digest is not SHA-256 or malformed.
	CodeAddress attest.Code = "reproducible.store.address"
	// CodeAbsent: the store does not hold the content.
	CodeAbsent attest.Code = "reproducible.store.absent"
	// CodeCorrupt: what the store holds under a digest does not match it.
	CodeCorrupt attest.Code = "reproducible.store.corrupt"
	// CodeLimit: content is larger than the store's limits.
	CodeLimit attest.Code = "reproducible.store.limit"
	// CodeMode: a file or directory has a setuid, setgid or sticky bit.
	CodeMode attest.Code = "reproducible.store.mode"
	// CodeChanged: a tree changed while it was put.
	CodeChanged attest.Code = "reproducible.store.changed"
	// CodeDisk: the file system refused an operation.
	CodeDisk attest.Code = "reproducible.store.disk"
	// CodeCancelled: the context ended first.
	CodeCancelled attest.Code = "reproducible.store.cancelled"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeAddress, CodeAbsent, CodeCorrupt, CodeLimit, CodeMode, CodeChanged, CodeDisk, CodeCancelled,
	}
}
