package tuf

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeConfig: a Source is told to use what it cannot, or lacks what it needs.
	CodeConfig attest.Code = "attest.tuf.config"
	// CodeRoot: the initial root is not metadata of that role, or is not signed by
	// its own keys.
	CodeRoot attest.Code = "attest.tuf.root"
	// CodeLocal: the directory cannot be used, or holds metadata that cannot be
	// read.
	CodeLocal attest.Code = "attest.tuf.local"
	// CodeName: a name is not that of a target, or a role that could reach outside
	// of the directory.
	CodeName attest.Code = "attest.tuf.name"
	// CodeTransport: the repository cannot be reached, or its answer breaks off.
	CodeTransport attest.Code = "attest.tuf.transport"
	// CodeStatus: the repository answers with another HTTP status than success.
	CodeStatus attest.Code = "attest.tuf.status"
	// CodeSize: a file is longer than its role may be, or than its metadata say.
	CodeSize attest.Code = "attest.tuf.size"
	// CodeMetadata: metadata is not strict JSON of its role, or contradicts itself.
	CodeMetadata attest.Code = "attest.tuf.metadata"
	// CodeSignature: too few keys of a role signed its metadata.
	CodeSignature attest.Code = "attest.tuf.signature"
	// CodeKey: one key stands under two ids, by which it could count twice for a
	// threshold.
	CodeKey attest.Code = "attest.tuf.key"
	// CodeVersion: metadata is of another version than those that vouch for it say,
	// or of an older one than was seen: a rollback, or a mix of two states.
	CodeVersion attest.Code = "attest.tuf.version"
	// CodeExpired: metadata has expired: nobody renewed it, or somebody holds the
	// renewed one back.
	CodeExpired attest.Code = "attest.tuf.expired"
	// CodeDigest: a file has another length or digest than its metadata say.
	CodeDigest attest.Code = "attest.tuf.digest"
	// CodeTarget: no role that may vouch for the target does.
	CodeTarget attest.Code = "attest.tuf.target"
	// CodeRotations: there are more new roots than are followed at once.
	CodeRotations attest.Code = "attest.tuf.rotations"
)

// Codes returns every code that this package itself can give. It also gives
// codes of attest and attest/sigstore.
func Codes() []attest.Code {
	return []attest.Code{
		CodeConfig, CodeRoot, CodeLocal, CodeName, CodeTransport, CodeStatus, CodeSize, CodeMetadata, CodeSignature,
		CodeKey, CodeVersion, CodeExpired, CodeDigest, CodeTarget, CodeRotations,
	}
}
