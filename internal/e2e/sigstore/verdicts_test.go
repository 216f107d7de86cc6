package sigstore_test

import "strings"

// verdict tells why a mutation below a path may be judged as it is.
type verdict struct{ path, why string }

// reason returns the first verdict on a mutation, "" if there is none.
func reason(list []verdict, m mutation) string {
	for _, v := range list {
		if m.path == v.path || strings.HasSuffix(v.path, "/...") && strings.HasPrefix(m.path+"/", strings.TrimSuffix(v.path, "...")) {
			return v.why
		}
	}
	return ""
}

const (
	material = "/verificationMaterial"
	entries  = material + "/tlogEntries"
	stamps   = material + "/timestampVerificationData"
)

// neutral tells mutations of what nobody reads, or takes away what is not
// demanded.
func neutral(m mutation) bool { return reason(neutrals(), m) != "" }

func neutrals() []verdict {
	return []verdict{
		{"/dsseEnvelope/signatures/keyid", "DSSE's key id is an unauthenticated hint"},
		{stamps + "/...", "a timestamp that is gone or names nobody trusted counts nothing, and the log's time meets the demand; versions and lists of algorithms of CMS are signed by nobody"},
		{entries + "/inclusionPromise", "version 0.2 and later demand the proof, and a timestamp meets the demand of a time"},
		{entries + "/inclusionProof", "version 0.1 demands the promise alone"},
		{material + "/x509CertificateChain/certificates", "the certificates above the first are those of the trusted root"},
	}
}

// stricter tells why we refuse what sigstore-go accepts; "" if it should not be.
func stricter(m mutation) string {
	switch m.how {
	case "URL alphabet", "unpadded", "line break", "spare bit":
		return "bytes have one spelling, standard padded base64"
	case "null", "number", "absent", "empty text":
		if strings.HasPrefix(m.path, "/messageSignature") {
			return "a digest without algorithm is refused, not taken for a default"
		}
	}
	return reason([]verdict{
		{"/mediaType", "the media type is one of those that were published, and the attestation's own"},
		{"/dsseEnvelope/signatures/keyid", "null stands for no text"},
		{"/messageSignature/messageDigest/algorithm", "the algorithm must be that of the key; sigstore-go does not read it"},
		{stamps + "/...", "a timestamp that names a trusted authority must hold, not be skipped; one per authority; not malformed"},
		{entries + "/canonicalizedBody", "the body must hold; sigstore-go rebuilds that of Rekor v2 and does not hold the bundle's against it"},
		{entries + "/inclusionPromise/...", "a promise that is there must be one, not be skipped"},
		{entries + "/inclusionProof/logIndex", "the index in Rekor v2 is that of the entry"},
		{entries + "/inclusionProof/rootHash", "the proof's root is the checkpoint's"},
		{entries + "/inclusionProof/treeSize", "the proof's size is the checkpoint's"},
		{entries + "/inclusionProof/checkpoint/envelope", "the log's name is that of its origin"},
		{entries + "/kindVersion/...", "the kind is the body's; sigstore-go does not hold them against each other"},
		{material + "/x509CertificateChain/...", "the certificates above the first are those of the trusted root; sigstore-go does not read them"},
	}, m)
}

// spelled tells mutations that only sigstore-go refuses, for reasons other than
// what they prove.
func spelled(m mutation) bool {
	return reason([]verdict{
		{"/dsseEnvelope/signatures/keyid", "DSSE's key id is an unauthenticated hint; sigstore-go filters by it"},
		{material + "/publicKey/...", "no hint means any trusted key; the oracle is configured to look keys up by hint"},
	}, m) != ""
}
