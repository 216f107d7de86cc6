package sigstore_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/chain"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/attest/tsa"
)

// defect is a bundle with one fault, and the code that must tell it.
type defect struct {
	name   string
	recipe virtual.Recipe
	code   attest.Code
}

// at walks a document by keys and indexes.
func at(doc any, path ...any) any {
	for _, p := range path {
		switch k := p.(type) {
		case string:
			doc = doc.(map[string]any)[k]
		case int:
			doc = doc.([]any)[k]
		}
	}
	return doc
}

func material(doc map[string]any) map[string]any {
	return at(doc, "verificationMaterial").(map[string]any)
}
func entryOf(doc map[string]any) map[string]any {
	return at(doc, "verificationMaterial", "tlogEntries", 0).(map[string]any)
}
func proofOf(doc map[string]any) map[string]any {
	return entryOf(doc)["inclusionProof"].(map[string]any)
}

func flip(b []byte) []byte {
	out := append([]byte{}, b...)
	out[len(out)-1] ^= 1
	return out
}

func document(change func(doc map[string]any)) virtual.Recipe {
	return virtual.Recipe{Document: change}
}
func entry(change func(*virtual.Entry)) virtual.Recipe { return virtual.Recipe{Entry: change} }
func stamp(change func(*virtual.Stamp)) virtual.Recipe { return virtual.Recipe{Stamp: change} }
func certificate(change func(*x509.Certificate)) virtual.Recipe {
	return virtual.Recipe{Certificate: change}
}
func body(change func(spec map[string]any)) virtual.Recipe {
	return virtual.Recipe{Body: func(b map[string]any) { change(b["spec"].(map[string]any)) }}
}
func sct(change func(*virtual.SCT)) virtual.Recipe {
	return virtual.Recipe{SCTs: func(s []*virtual.SCT) []*virtual.SCT { change(s[0]); return s }}
}
func v2(r virtual.Recipe) virtual.Recipe { r.Rekor = 2; return r }

func bundleDefects(i, _ *virtual.Instance) []defect {
	return []defect{
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
		{"thirty-three entries", document(func(d map[string]any) {
			m := material(d)
			for range 32 {
				m["tlogEntries"] = append(m["tlogEntries"].([]any), entryOf(d))
			}
		}), sigstore.CodeLimits},
		{"a signature of something else", virtual.Recipe{Sign: func(m []byte) []byte { return m[1:] }}, sigstore.CodeSignature},
		{"a signature of the payload without its type", virtual.Recipe{Sign: func(m []byte) []byte { return m[len("DSSEv1 28 application/vnd.in-toto+json "):] }}, sigstore.CodeSignature},
		{"a signature with a byte too many", virtual.Recipe{Signature: func(s []byte) []byte { return append(s, 0) }}, sigstore.CodeSignature},
		{"another payload type in the envelope", document(func(d map[string]any) { at(d, "dsseEnvelope").(map[string]any)["payloadType"] = "text/plain" }), sigstore.CodeContentKind},
		{"a payload that is no statement", virtual.Recipe{Payload: []byte("{}")}, attest.CodeStatementType},
		{"a payload with two keys of one name", virtual.Recipe{Payload: []byte(`{"_type":"https://in-toto.io/Statement/v1","_type":"x"}`)}, attest.CodeJSON},
	}
}

func certificateDefects(i, other *virtual.Instance) []defect {
	claim := func(field int, value []byte) virtual.Recipe {
		return certificate(func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, virtual.RawClaim(field, value))
		})
	}
	return []defect{
		{"a certificate of another authority of the same name", virtual.Recipe{CA: &other.CA}, chain.CodePath},
		{"a certificate of the timestamp authority", virtual.Recipe{CA: &i.TSA}, chain.CodeIssuer},
		{"a certificate that is an authority's", certificate(func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }), chain.CodeLeafIsCA},
		{"a certificate for servers", certificate(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), chain.CodePath},
		{"a certificate that is not valid yet", certificate(func(c *x509.Certificate) { c.NotBefore = i.Now.Add(time.Minute) }), chain.CodeTime},
		{"a certificate that has ended", certificate(func(c *x509.Certificate) { c.NotAfter = i.Now.Add(-time.Second) }), chain.CodeTime},
		{"a certificate from before its authority", certificate(func(c *x509.Certificate) { c.NotBefore, c.NotAfter = i.Now.AddDate(-2, 0, 0), i.Now.AddDate(-1, 0, 0) }), chain.CodeTime},
		{"an unknown critical extension", certificate(func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3, 4, 5}, Critical: true, Value: []byte{5, 0}})
		}), chain.CodePath},
		{"another subject", certificate(func(c *x509.Certificate) { c.URIs[0], _ = url.Parse("https://ci.example/workflow@refs/heads/mainx") }), sigstore.CodeIdentity},
		{"an email address in place of the subject", certificate(func(c *x509.Certificate) { c.URIs, c.EmailAddresses = nil, []string{"a@example.com"} }), sigstore.CodeIdentity},
		{"two names", certificate(func(c *x509.Certificate) { c.EmailAddresses = []string{"a@example.com"} }), chain.CodeName},
		{"no name", certificate(func(c *x509.Certificate) { c.URIs = nil }), chain.CodeName},
		{"a DNS name", certificate(func(c *x509.Certificate) { c.URIs, c.DNSNames = nil, []string{"example.com"} }), chain.CodeName},
		{"another issuer", certificate(func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{virtual.RawClaim(1, []byte("https://evil.example"))}
		}), sigstore.CodeIdentity},
		{"no issuer", certificate(func(c *x509.Certificate) { c.ExtraExtensions = nil }), sigstore.CodeIdentity},
		{"two issuers that differ", certificate(func(c *x509.Certificate) { c.ExtraExtensions[0].Value = []byte("https://evil.example") }), chain.CodeIssuerConflict},
		{"an old issuer that is empty", certificate(func(c *x509.Certificate) { c.ExtraExtensions[0].Value = nil }), chain.CodeIssuerConflict},
		{"an extension that is no DER", claim(9, []byte("raw")), chain.CodeExtension},
		{"an extension with trailing bytes", claim(9, []byte{12, 1, 'a', 0}), chain.CodeExtension},
		{"an extension that is not UTF-8", claim(9, []byte{12, 1, 0xff}), chain.CodeExtension},
		{"an extension that is a number", claim(12, []byte{2, 1, 5}), chain.CodeExtension},
		{"an extension that is too long", claim(2, []byte(strings.Repeat("x", 5000))), chain.CodeExtension},
	}
}

func sctDefects(i, other *virtual.Instance) []defect {
	return []defect{
		{"no timestamp of a certificate log", virtual.Recipe{SCTs: func([]*virtual.SCT) []*virtual.SCT { return nil }}, chain.CodeSCTMissing},
		{"an unknown certificate log", sct(func(s *virtual.SCT) { s.LogID = make([]byte, 32) }), chain.CodeSCTLog},
		{"an unknown certificate log misses the threshold", sct(func(s *virtual.SCT) { s.LogID = make([]byte, 32) }), chain.CodeSCTThreshold},
		{"another key in a certificate log's name", sct(func(s *virtual.SCT) { s.Key = other.CT }), chain.CodeSCTSignature},
		{"an SCT of another certificate", sct(func(s *virtual.SCT) { s.TBS = flip }), chain.CodeSCTSignature},
		{"an SCT with a changed signature", sct(func(s *virtual.SCT) { s.Mangle = func(b []byte) []byte { return append(b, 0) } }), chain.CodeSCTSignature},
		{"an SCT of SHA-1", sct(func(s *virtual.SCT) { s.Algorithm = [2]byte{2, 3} }), chain.CodeSCTSignature},
		{"an SCT that says RSA", sct(func(s *virtual.SCT) { s.Algorithm = [2]byte{4, 1} }), chain.CodeSCTSignature},
		{"an SCT before the log's window", sct(func(s *virtual.SCT) { s.Time = i.Now.Add(-2 * time.Hour) }), chain.CodeSCTTime},
		{"an SCT after the log's window", sct(func(s *virtual.SCT) { s.Time = i.Now.Add(2 * time.Hour) }), chain.CodeSCTTime},
		{"a list that is malformed", sct(func(s *virtual.SCT) { s.LogID = make([]byte, 7) }), chain.CodeSCT},
	}
}

func entryDefects(i, other *virtual.Instance) []defect {
	hash := map[string]any{"algorithm": "sha256", "value": strings.Repeat("0", 64)}
	checkpoint := func(change func(string) string) virtual.Recipe {
		return entry(func(e *virtual.Entry) { e.Tree.Checkpoint = change })
	}
	replace := func(old, new string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, new, 1) }
	}
	return []defect{
		{"no entry", virtual.Recipe{Unlogged: true}, sigstore.CodeLogThreshold},
		{"an entry of an unknown log", entry(func(e *virtual.Entry) { e.LogID = make([]byte, 32) }), sigstore.CodeLogUnknown},
		{"one log twice", document(func(d map[string]any) {
			m := material(d)
			m["tlogEntries"] = append(m["tlogEntries"].([]any), entryOf(d))
		}), sigstore.CodeEntryRepeated},
		{"no log id", document(func(d map[string]any) { delete(entryOf(d), "logId") }), sigstore.CodeEntry},
		{"no body", document(func(d map[string]any) { delete(entryOf(d), "canonicalizedBody") }), sigstore.CodeEntry},
		{"no kind", document(func(d map[string]any) { delete(entryOf(d), "kindVersion") }), sigstore.CodeEntry},
		{"an unknown kind", entry(func(e *virtual.Entry) { e.Kind = "rpm" }), sigstore.CodeEntryKind},
		{"a kind that the body does not tell", entry(func(e *virtual.Entry) { e.Body = []byte(strings.Replace(string(e.Body), `"dsse"`, `"dssf"`, 1)) }), sigstore.CodeEntryKind},
		{"a message's entry for an envelope", virtual.Recipe{Kind: "hashedrekord"}, sigstore.CodeEntryKind},
		{"a body that is no JSON", entry(func(e *virtual.Entry) { e.Body = []byte("x") }), sigstore.CodeEntryBody},
		{"a body with an unknown field", body(func(s map[string]any) { s["x"] = 1 }), sigstore.CodeEntryBody},
		{"a body with two signatures", body(func(s map[string]any) { s["signatures"] = append(s["signatures"].([]any), at(s, "signatures", 0)) }), sigstore.CodeEntryBody},
		{"an entry of another signature", body(func(s map[string]any) { at(s, "signatures", 0).(map[string]any)["signature"] = []byte("other") }), sigstore.CodeEntrySignature},
		{"an entry of an empty signature", body(func(s map[string]any) { at(s, "signatures", 0).(map[string]any)["signature"] = []byte{} }), sigstore.CodeEntrySignature},
		{"an entry of another certificate", body(func(s map[string]any) {
			at(s, "signatures", 0).(map[string]any)["verifier"] = []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
		}), sigstore.CodeEntrySigner},
		{"an entry without signer", body(func(s map[string]any) { at(s, "signatures", 0).(map[string]any)["verifier"] = []byte("text") }), sigstore.CodeEntrySigner},
		{"an entry of another payload", body(func(s map[string]any) { s["payloadHash"] = hash }), sigstore.CodeEntryDigest},
		{"an intoto entry of another payload", virtual.Recipe{Kind: "intoto", Body: func(b map[string]any) { at(b, "spec", "content").(map[string]any)["payloadHash"] = hash }}, sigstore.CodeEntryDigest},
		{"an intoto entry of another payload type", virtual.Recipe{Kind: "intoto", Body: func(b map[string]any) {
			at(b, "spec", "content", "envelope").(map[string]any)["payloadType"] = "text/plain"
		}}, sigstore.CodeEntryDigest},
		{"an entry from before the certificate", entry(func(e *virtual.Entry) { e.Time = i.Now.Add(-2 * time.Minute) }), sigstore.CodeEntryTime},
		{"an entry from after the certificate", entry(func(e *virtual.Entry) { e.Time = i.Now.Add(10 * time.Minute) }), sigstore.CodeEntryTime},
		{"a promise by another key", entry(func(e *virtual.Entry) { e.Promise = func(s []byte) []byte { return append(s, 0) } }), sigstore.CodePromise},
		{"a promise of another index", document(func(d map[string]any) { entryOf(d)["logIndex"] = "1235" }), sigstore.CodePromise},
		{"a promise of another time", document(func(d map[string]any) { entryOf(d)["integratedTime"] = "1773480414" }), sigstore.CodePromise},
		{"a promise that is empty", entry(func(e *virtual.Entry) { e.Promise = func([]byte) []byte { return nil } }), sigstore.CodePromise},
		{"a promise without time", entry(func(e *virtual.Entry) { e.Time = time.Unix(0, 0) }), sigstore.CodePromise},
		{"no promise in version 0.1", virtual.Recipe{Version: 1, Entry: func(e *virtual.Entry) { e.NoPromise = true }}, sigstore.CodePromise},
		{"no proof in version 0.2", virtual.Recipe{Version: 2, Entry: func(e *virtual.Entry) { e.NoProof = true }}, sigstore.CodeInclusion},
		{"no proof in version 0.3", entry(func(e *virtual.Entry) { e.NoProof = true }), sigstore.CodeInclusion},
		{"a proof of another index", document(func(d map[string]any) { proofOf(d)["logIndex"] = "5" }), sigstore.CodeInclusion},
		{"a proof of an index beyond the tree", document(func(d map[string]any) { proofOf(d)["logIndex"] = "11" }), sigstore.CodeInclusion},
		{"a proof of another size", document(func(d map[string]any) { proofOf(d)["treeSize"] = "12" }), sigstore.CodeCheckpoint},
		{"a proof of another root", document(func(d map[string]any) { proofOf(d)["rootHash"] = make([]byte, 32) }), sigstore.CodeCheckpoint},
		{"a proof that is too short", document(func(d map[string]any) { p := proofOf(d); p["hashes"] = p["hashes"].([]any)[1:] }), sigstore.CodeInclusion},
		{"a proof that is too long", document(func(d map[string]any) { p := proofOf(d); p["hashes"] = append(p["hashes"].([]any), make([]byte, 32)) }), sigstore.CodeInclusion},
		{"a proof in another order", document(func(d map[string]any) { h := proofOf(d)["hashes"].([]any); h[0], h[1] = h[1], h[0] }), sigstore.CodeInclusion},
		{"a proof with a short hash", document(func(d map[string]any) { proofOf(d)["hashes"].([]any)[0] = make([]byte, 31) }), sigstore.CodeInclusion},
		{"a body that is not the logged one", document(func(d map[string]any) {
			b := entryOf(d)
			b["canonicalizedBody"] = append(b["canonicalizedBody"].([]byte), ' ')
		}), sigstore.CodeInclusion},
		{"no checkpoint", document(func(d map[string]any) { delete(proofOf(d), "checkpoint") }), sigstore.CodeCheckpoint},
		{"a checkpoint that is no note", document(func(d map[string]any) { at(proofOf(d), "checkpoint").(map[string]any)["envelope"] = "x" }), sigstore.CodeCheckpoint},
		{"a checkpoint of another log's key", entry(func(e *virtual.Entry) { e.Key = other.Log }), sigstore.CodeCheckpointSignature},
		{"a checkpoint changed after it was signed", document(func(d map[string]any) {
			c := at(proofOf(d), "checkpoint").(map[string]any)
			c["envelope"] = strings.Replace(c["envelope"].(string), "987654321", "987654322", 1)
		}), sigstore.CodeCheckpointSignature},
		{"a checkpoint with a size of leading zeros", checkpoint(replace("\n11\n", "\n011\n")), sigstore.CodeCheckpoint},
		{"a checkpoint with a negative size", checkpoint(replace("\n11\n", "\n-11\n")), sigstore.CodeCheckpoint},
		{"a checkpoint of another tree", checkpoint(replace("\n11\n", "\n13\n")), sigstore.CodeCheckpoint},
		{"a checkpoint without root", checkpoint(func(s string) string { return s[:strings.LastIndex(strings.TrimSpace(s), "\n")+1] }), sigstore.CodeCheckpoint},
		{"a checkpoint with a short root", checkpoint(func(s string) string { return "rekor - 1\n11\nAAAA\n" }), sigstore.CodeCheckpoint},
		{"a v1 checkpoint under another name", entry(func(e *virtual.Entry) { e.Tree.Name = "other.example" }), sigstore.CodeCheckpoint},
		{"a v1 checkpoint without tree number", checkpoint(replace(" - 987654321", "")), sigstore.CodeCheckpoint},
	}
}

func rekorV2Defects(i, other *virtual.Instance) []defect {
	spec := func(change func(entry map[string]any)) virtual.Recipe {
		return v2(body(func(s map[string]any) { change(s["hashedRekordV002"].(map[string]any)) }))
	}
	return []defect{
		{"v2: a promise", v2(entry(func(e *virtual.Entry) { e.NoPromise, e.Time = false, i.Now })), sigstore.CodePromise},
		{"v2: a time outside of the certificate", v2(entry(func(e *virtual.Entry) { e.Time = i.Now.Add(time.Hour) })), sigstore.CodeEntryTime},
		{"v2: no proof", v2(entry(func(e *virtual.Entry) { e.NoProof = true })), sigstore.CodeInclusion},
		{"v2: another index than the proof's", v2(document(func(d map[string]any) { entryOf(d)["logIndex"] = "5" })), sigstore.CodeEntry},
		{"v2: an origin of Rekor v1", v2(entry(func(e *virtual.Entry) { e.Tree.Origin += " - 123" })), sigstore.CodeCheckpoint},
		{"v2: another origin", v2(entry(func(e *virtual.Entry) { e.Tree.Origin = "other.example" })), sigstore.CodeCheckpoint},
		{"v2: a checkpoint under another name", v2(entry(func(e *virtual.Entry) { e.Tree.Name = "other.example" })), sigstore.CodeCheckpointSignature},
		{"v2: a checkpoint by another key", v2(entry(func(e *virtual.Entry) { e.Key = other.Log })), sigstore.CodeCheckpointSignature},
		{"v2: another signature", spec(func(e map[string]any) { at(e, "signature").(map[string]any)["content"] = []byte("other") }), sigstore.CodeEntrySignature},
		{"v2: another certificate", spec(func(e map[string]any) {
			at(e, "signature", "verifier", "x509Certificate").(map[string]any)["rawBytes"] = []byte("other")
		}), sigstore.CodeEntrySigner},
		{"v2: a certificate and a key", spec(func(e map[string]any) {
			v := at(e, "signature", "verifier").(map[string]any)
			v["publicKey"] = v["x509Certificate"]
		}), sigstore.CodeEntrySigner},
		{"v2: another algorithm", spec(func(e map[string]any) {
			at(e, "signature", "verifier").(map[string]any)["keyDetails"] = "PKIX_ECDSA_P384_SHA_384"
		}), sigstore.CodeEntrySigner},
		{"v2: another digest", spec(func(e map[string]any) { at(e, "data").(map[string]any)["digest"] = make([]byte, 32) }), sigstore.CodeEntryDigest},
		{"v2: a digest by another algorithm", spec(func(e map[string]any) { at(e, "data").(map[string]any)["algorithm"] = "SHA2_512" }), sigstore.CodeEntryDigest},
		{"v2: no trusted time", virtual.Recipe{Rekor: 2, Unstamped: true}, sigstore.CodeTimeThreshold},
		{"v2 dsse: another payload", virtual.Recipe{Rekor: 2, Kind: "dsse", Body: func(b map[string]any) {
			at(b, "spec", "dsseV002", "payloadHash").(map[string]any)["digest"] = make([]byte, 32)
		}}, sigstore.CodeEntryDigest},
		{"v2 dsse: two signatures", virtual.Recipe{Rekor: 2, Kind: "dsse", Body: func(b map[string]any) {
			e := at(b, "spec", "dsseV002").(map[string]any)
			e["signatures"] = append(e["signatures"].([]any), at(e, "signatures", 0))
		}}, sigstore.CodeEntryBody},
	}
}

func stampDefects(i, other *virtual.Instance) []defect {
	sha1 := asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
	return []defect{
		{"an unknown timestamp authority", v2(stamp(func(s *virtual.Stamp) {
			c := *i.Stamper
			c.SerialNumber = big.NewInt(1)
			s.Signer = &c
		})), tsa.CodeSigner},
		{"a timestamp by another key", stamp(func(s *virtual.Stamp) { s.Signer = i.Stamper; s.Key = other.Log }), tsa.CodeSignature},
		{"a timestamp with a changed signature", stamp(func(s *virtual.Stamp) { s.Mangle = func(b []byte) []byte { return append(b, 0) } }), tsa.CodeSignature},
		{"a timestamp with a forged certificate before the true one", stamp(func(s *virtual.Stamp) {
			s.Key, s.Certificates = other.Log, []*x509.Certificate{other.Stamper, i.Stamper}
		}), tsa.CodeSignature},
		{"a timestamp of something else", stamp(func(s *virtual.Stamp) { s.Imprint = flip(s.Imprint) }), tsa.CodeImprint},
		{"a timestamp of the payload", stamp(func(s *virtual.Stamp) { s.Imprint = []byte(hexOf([]byte("payload")))[:32] }), tsa.CodeImprint},
		{"a timestamp by SHA-1", stamp(func(s *virtual.Stamp) { s.Hash, s.Imprint = sha1, s.Imprint[:20] }), tsa.CodeAlgorithm},
		{"a timestamp signed by SHA-1", stamp(func(s *virtual.Stamp) { s.DigestOID = sha1 }), tsa.CodeAlgorithm},
		{"a timestamp signed by ECDSA with SHA-1", stamp(func(s *virtual.Stamp) { s.SignatureOID = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1} }), tsa.CodeAlgorithm},
		{"a timestamp from before the authority's window", stamp(func(s *virtual.Stamp) { s.Time = i.Now.Add(-61 * time.Minute) }), tsa.CodeTime},
		{"a timestamp from after the authority's window", stamp(func(s *virtual.Stamp) { s.Time = i.Now.Add(61 * time.Minute) }), tsa.CodeTime},
		{"a timestamp from before the certificate", stamp(func(s *virtual.Stamp) { s.Time = i.Now.Add(-2 * time.Minute) }), chain.CodeTime},
		{"a timestamp from after the certificate", stamp(func(s *virtual.Stamp) { s.Time = i.Now.Add(10 * time.Minute) }), chain.CodeTime},
		{"a timestamp that was refused", stamp(func(s *virtual.Stamp) { s.Status = 2 }), tsa.CodeStatus},
		{"a timestamp of another version", stamp(func(s *virtual.Stamp) { s.Version = 2 }), tsa.CodeFormat},
		{"a timestamp of another content type", stamp(func(s *virtual.Stamp) { s.ContentType = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1} }), tsa.CodeFormat},
		{"a timestamp that is not bound to its certificate", stamp(func(s *virtual.Stamp) { s.Bound = nil }), tsa.CodeBinding},
		{"a timestamp that is bound to another certificate", stamp(func(s *virtual.Stamp) { s.Bound = flip(s.Bound) }), tsa.CodeBinding},
		{"a timestamp without signer", stamp(func(s *virtual.Stamp) { s.Signers = 0 }), tsa.CodeFormat},
		{"a timestamp with two signers", stamp(func(s *virtual.Stamp) { s.Signers = 2 }), tsa.CodeFormat},
		{"a timestamp with trailing bytes", stamp(func(s *virtual.Stamp) { s.Trailing = []byte{0} }), tsa.CodeFormat},
		{"an authority that stamps twice", document(func(d map[string]any) {
			m := at(d, "verificationMaterial", "timestampVerificationData").(map[string]any)
			m["rfc3161Timestamps"] = append(m["rfc3161Timestamps"].([]any), at(m, "rfc3161Timestamps", 0))
		}), sigstore.CodeTimestampRepeated},
	}
}

func TestEveryDefectHasItsCode(t *testing.T) {
	i, other := virtual.New(t), virtual.New(t)
	v := verifierOf(t, i, nil)
	count := 0
	for _, group := range []func(i, other *virtual.Instance) []defect{
		bundleDefects, certificateDefects, sctDefects, entryDefects, rekorV2Defects, stampDefects,
	} {
		for _, d := range group(i, other) {
			count++
			t.Run(d.name, func(t *testing.T) {
				got, err := v.Verify(t.Context(), bundle(t, i, d.recipe), anything())
				assert.Nil(t, got)
				require.Error(t, err)
				assert.ErrorIs(t, err, attest.Is(d.code))
			})
		}
	}
	assert.GreaterOrEqual(t, count, 80)
	t.Logf("%d defects", count)
}

func TestAllFaultsAreToldNotTheFirst(t *testing.T) {
	i, other := virtual.New(t), virtual.New(t)
	a := bundle(t, i, virtual.Recipe{
		Signature:   flip,
		Certificate: func(c *x509.Certificate) { c.URIs[0], _ = url.Parse("https://evil.example/") },
		SCTs:        func(s []*virtual.SCT) []*virtual.SCT { s[0].Key = other.CT; return s },
		Body: func(b map[string]any) {
			at(b, "spec").(map[string]any)["payloadHash"] = map[string]any{"algorithm": "sha256", "value": strings.Repeat("0", 64)}
		},
		Entry: func(e *virtual.Entry) { e.Key = other.Log },
		Stamp: func(s *virtual.Stamp) { s.Imprint = flip(s.Imprint); s.Time = i.Now.Add(2 * time.Hour) },
	})
	_, err := verifierOf(t, i, nil).Verify(t.Context(), a, attest.Want{})
	for _, code := range []attest.Code{
		attest.CodeWantEmpty, sigstore.CodeSignature, sigstore.CodeIdentity, chain.CodeSCTSignature, sigstore.CodeEntryDigest,
		sigstore.CodePromise, sigstore.CodeCheckpointSignature, sigstore.CodeLogThreshold, tsa.CodeImprint, tsa.CodeTime, sigstore.CodeTimeThreshold,
	} {
		assert.ErrorIs(t, err, attest.Is(code), "%s", code)
	}
}
