package oci

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeConfig: a required part of the configuration is missing or malformed.
	CodeConfig attest.Code = "attest.oci.config"
	// CodeArtifact: an artifact cannot be written: it has no type, no layer or a
	// malformed subject.
	CodeArtifact attest.Code = "attest.oci.artifact"
	// CodeReference: a tag or digest by which something is asked for is malformed, or
	// a referrer's own tag is on something else.
	CodeReference attest.Code = "attest.oci.reference"
	// CodeNotFound: the store has no such manifest or blob.
	CodeNotFound attest.Code = "attest.oci.not-found"
	// CodeTransport: the registry or the file system gave no answer, or an error.
	CodeTransport attest.Code = "attest.oci.transport"
	// CodeUnavailable: the registry answers that it is busy or broken. The same
	// request may succeed later.
	CodeUnavailable attest.Code = "attest.oci.unavailable"
	// CodeHost: a request would have left for a host, or under a scheme, that the
	// configuration does not allow.
	CodeHost attest.Code = "attest.oci.host"
	// CodeIncomplete: a list ended early. The cause tells why; more may be there.
	CodeIncomplete attest.Code = "attest.oci.incomplete"
	// CodeLimit: a limit on counts, bytes or pages is exceeded.
	CodeLimit attest.Code = "attest.oci.limit"
	// CodeDigest: content is not of the digest and size by which it was asked for.
	CodeDigest attest.Code = "attest.oci.digest"
	// CodeManifest: a manifest or an index is not strict JSON of its kind.
	CodeManifest attest.Code = "attest.oci.manifest"
	// CodeSubject: a manifest that is listed as a referrer has no subject, or
	// another one.
	CodeSubject attest.Code = "attest.oci.subject"
	// CodeMediaType: the types of a manifest, of its entry and of its layer
	// contradict each other.
	CodeMediaType attest.Code = "attest.oci.media-type"
	// CodeLayers: an attestation's manifest has not exactly one layer, or a
	// manifest has a layer twice.
	CodeLayers attest.Code = "attest.oci.layers"
	// CodeUnsafe: the registry has neither the referrers API nor a list of its
	// tags, without which updates could be lost.
	CodeUnsafe attest.Code = "attest.oci.unsafe"
	// CodeContended: other writers kept changing the index. The attestation is
	// kept and List finds it; readers of the index alone may not.
	CodeContended attest.Code = "attest.oci.contended"
	// CodeUnlisted: the registry took a referrer and does not list it.
	CodeUnlisted attest.Code = "attest.oci.unlisted"
	// CodeAmbiguous: an image layout gives one name to several manifests.
	CodeAmbiguous attest.Code = "attest.oci.ambiguous"
)

// Codes returns every code that this package itself can give. It also gives
// attest.CodeNil and attest.CodeCanceled.
func Codes() []attest.Code {
	return []attest.Code{
		CodeConfig, CodeArtifact, CodeReference, CodeNotFound, CodeTransport, CodeUnavailable, CodeHost, CodeIncomplete, CodeLimit, CodeDigest,
		CodeManifest, CodeSubject, CodeMediaType, CodeLayers, CodeUnsafe, CodeContended, CodeUnlisted, CodeAmbiguous,
	}
}
