package dirtarget

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeConfig: a Directory has no root, or impossible permissions or limits.
	CodeConfig attest.Code = "deploy.dirtarget.config"
	// CodeName: an artifact's name cannot be that of a file.
	CodeName attest.Code = "deploy.dirtarget.name"
	// CodeArtifact: an artifact cannot be read, is too large, or is not the one
	// that was authorized.
	CodeArtifact attest.Code = "deploy.dirtarget.artifact"
	// CodeStale: the target has a release of this or a later generation.
	CodeStale attest.Code = "deploy.dirtarget.stale"
	// CodeLocked: another deployer is at work.
	CodeLocked attest.Code = "deploy.dirtarget.locked"
	// CodeStorage: the file system failed. What ran before still does, or what was
	// authorized does.
	CodeStorage attest.Code = "deploy.dirtarget.storage"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{CodeConfig, CodeName, CodeArtifact, CodeStale, CodeLocked, CodeStorage}
}
