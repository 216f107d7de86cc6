package corpus

import (
	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/chain"
	"github.com/sealwright/sealwright/attest/sigstore"
)

// bundleDefects are defects of the bundle itself and of what it signs.
func bundleDefects(i, other *virtual.Instance) []recipe {
	return []recipe{
		{"an unknown field", document(func(d map[string]any) { d["extra"] = 1 }), sigstore.CodeBundle},
		{"a field in snake case", document(func(d map[string]any) { d["media_type"] = "x" }), sigstore.CodeBundle},
		{"another version inside", document(func(d map[string]any) { d["mediaType"] = sigstore.MediaTypeBundle02 }), sigstore.CodeVersion},
		{"a version of the future", document(func(d map[string]any) { d["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.4+json" }), sigstore.CodeVersion},
		{"no content", document(func(d map[string]any) { delete(d, "dsseEnvelope") }), sigstore.CodeContent},
		{"two contents", document(func(d map[string]any) {
			d["messageSignature"] = map[string]any{"messageDigest": map[string]any{"algorithm": "SHA2_256", "digest": make([]byte, 32)}, "signature": []byte{1}}
		}), sigstore.CodeContent},
		{"no signature in the envelope", document(func(d map[string]any) { at(d, "dsseEnvelope").(map[string]any)["signatures"] = []any{} }), sigstore.CodeContent},
		{"two signatures in the envelope", document(func(d map[string]any) {
			e := at(d, "dsseEnvelope").(map[string]any)
			e["signatures"] = append(e["signatures"].([]any), at(e, "signatures", 0))
		}), sigstore.CodeContent},
		{"an empty payload", document(func(d map[string]any) { at(d, "dsseEnvelope").(map[string]any)["payload"] = []byte{} }), sigstore.CodeContent},
		{"base64 with a line break", document(func(d map[string]any) {
			at(d, "dsseEnvelope", "signatures", 0).(map[string]any)["sig"] = "AAAA\nAAAA"
		}), sigstore.CodeBundle},
		{"no material", document(func(d map[string]any) { delete(d, "verificationMaterial") }), sigstore.CodeMaterial},
		{"no certificate and no key", document(func(d map[string]any) { delete(material(d), "certificate") }), sigstore.CodeMaterial},
		{"a certificate and a key", document(func(d map[string]any) { material(d)["publicKey"] = map[string]any{"hint": "x"} }), sigstore.CodeMaterial},
		{"a chain in version 0.3", document(func(d map[string]any) {
			m := material(d)
			m["x509CertificateChain"] = map[string]any{"certificates": []any{m["certificate"]}}
			delete(m, "certificate")
		}), sigstore.CodeMaterial},
		{"a chain with a stranger's certificate", virtual.Recipe{Version: 2, Document: func(d map[string]any) {
			at(d, "verificationMaterial", "x509CertificateChain", "certificates", 1).(map[string]any)["rawBytes"] = i.TSA.Root.Raw
		}}, sigstore.CodeMaterial},
		{"an empty certificate", document(func(d map[string]any) {
			at(d, "verificationMaterial", "certificate").(map[string]any)["rawBytes"] = []byte{}
		}), chain.CodeCertificate},
		{"a key where a certificate is needed", virtual.Recipe{LongLived: true}, sigstore.CodeCertificateNeeded},
		{"a key where a certificate is needed, version 0.1", virtual.Recipe{LongLived: true, Version: 1, Entry: func(e *virtual.Entry) { e.NoProof = false }}, sigstore.CodeCertificateNeeded},
		{"a key where a certificate is needed, Rekor v2", virtual.Recipe{LongLived: true, Rekor: 2}, sigstore.CodeCertificateNeeded},
		{"a chain with a root that is not the trusted one", virtual.Recipe{Version: 2, Document: func(d map[string]any) {
			list := at(d, "verificationMaterial", "x509CertificateChain").(map[string]any)
			list["certificates"] = append(list["certificates"].([]any), map[string]any{"rawBytes": other.CA.Root.Raw})
		}}, sigstore.CodeMaterial},
		{"an index with an exponent", document(func(d map[string]any) { entryOf(d)["logIndex"] = "1e3" }), sigstore.CodeBundle},
		{"an index with a leading zero", document(func(d map[string]any) { entryOf(d)["logIndex"] = "01234" }), sigstore.CodeBundle},
		{"an index of minus zero", document(func(d map[string]any) { entryOf(d)["logIndex"] = "-0" }), sigstore.CodeBundle},
		{"a negative index", document(func(d map[string]any) { entryOf(d)["logIndex"] = "-1" }), sigstore.CodeBundle},
		{"a tree of more than any number", document(func(d map[string]any) { proofOf(d)["treeSize"] = "9223372036854775808" }), sigstore.CodeBundle},
		{"a time that is a fraction", document(func(d map[string]any) { entryOf(d)["integratedTime"] = 1773480413.5 }), sigstore.CodeBundle},
		{"thirty-three entries", document(func(d map[string]any) {
			m := material(d)
			for range 32 {
				m["tlogEntries"] = append(m["tlogEntries"].([]any), entryOf(d))
			}
		}), sigstore.CodeLimits},
		{"thirty-three timestamps", document(func(d map[string]any) {
			stamps := at(d, "verificationMaterial", "timestampVerificationData").(map[string]any)
			for range 32 {
				stamps["rfc3161Timestamps"] = append(stamps["rfc3161Timestamps"].([]any), at(stamps, "rfc3161Timestamps", 0))
			}
		}), sigstore.CodeLimits},
		{"eleven certificates in the chain", virtual.Recipe{Version: 2, Document: func(d map[string]any) {
			list := at(d, "verificationMaterial", "x509CertificateChain").(map[string]any)
			for len(list["certificates"].([]any)) < 11 {
				list["certificates"] = append(list["certificates"].([]any), at(list, "certificates", 1))
			}
		}}, sigstore.CodeMaterial},
		{"a message without its digest", message(func(m map[string]any) { delete(m, "messageDigest") }), sigstore.CodeContent},
		{"a message without signature", message(func(m map[string]any) { m["signature"] = []byte{} }), sigstore.CodeContent},
		{"a message's digest by an unknown algorithm", message(func(m map[string]any) {
			at(m, "messageDigest").(map[string]any)["algorithm"] = "SHA3_256"
		}), sigstore.CodeContent},
		{"a signature of something else", virtual.Recipe{Sign: func(m []byte) []byte { return m[1:] }}, sigstore.CodeSignature},
		{"a signature of the payload without its type", virtual.Recipe{Sign: func(m []byte) []byte { return m[len("DSSEv1 28 application/vnd.in-toto+json "):] }}, sigstore.CodeSignature},
		{"a signature with a byte too many", virtual.Recipe{Signature: func(s []byte) []byte { return append(s, 0) }}, sigstore.CodeSignature},
		{"another payload type in the envelope", document(func(d map[string]any) { at(d, "dsseEnvelope").(map[string]any)["payloadType"] = "text/plain" }), sigstore.CodeContentKind},
		{"a payload that is no statement", virtual.Recipe{Payload: []byte("{}")}, attest.CodeStatementType},
		{"a payload with two keys of one name", virtual.Recipe{Payload: []byte(`{"_type":"https://in-toto.io/Statement/v1","_type":"x"}`)}, attest.CodeJSON},
	}
}
