package corpus

import (
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/sigstore"
)

// entryDefects are defects of the entry in a log of Rekor v1 and of its promise.
func entryDefects(i, _ *virtual.Instance) []recipe {
	hash := map[string]any{"algorithm": "sha256", "value": strings.Repeat("0", 64)}
	return []recipe{
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
		{"a promise of another body", entry(func(e *virtual.Entry) { e.PromisedBody = []byte("{}") }), sigstore.CodePromise},
		{"a promise of another index", document(func(d map[string]any) { entryOf(d)["logIndex"] = "1235" }), sigstore.CodePromise},
		{"a promise of another time", document(func(d map[string]any) { entryOf(d)["integratedTime"] = "1773480414" }), sigstore.CodePromise},
		{"a promise that is empty", entry(func(e *virtual.Entry) { e.Promise = func([]byte) []byte { return nil } }), sigstore.CodePromise},
		{"a promise without time", entry(func(e *virtual.Entry) { e.Time = time.Unix(0, 0) }), sigstore.CodePromise},
		{"no promise in version 0.1", virtual.Recipe{Version: 1, Entry: func(e *virtual.Entry) { e.NoPromise, e.NoProof = true, false }}, sigstore.CodePromise},
		{"no proof in version 0.2", virtual.Recipe{Version: 2, Entry: func(e *virtual.Entry) { e.NoProof = true }}, sigstore.CodeInclusion},
		{"no proof in version 0.3", entry(func(e *virtual.Entry) { e.NoProof = true }), sigstore.CodeInclusion},
	}
}

// rekorV2Defects are those of an entry in a log of Rekor v2.
func rekorV2Defects(i, other *virtual.Instance) []recipe {
	spec := func(change func(entry map[string]any)) virtual.Recipe {
		return v2(body(func(s map[string]any) { change(s["hashedRekordV002"].(map[string]any)) }))
	}
	return []recipe{
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
