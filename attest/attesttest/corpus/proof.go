package corpus

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/sigstore"
)

// proofDefects are defects of an inclusion proof.
func proofDefects(_, _ *virtual.Instance) []recipe {
	return []recipe{
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
	}
}

// checkpointDefects are defects of the checkpoint under it.
func checkpointDefects(_, other *virtual.Instance) []recipe {
	checkpoint := func(change func(string) string) virtual.Recipe {
		return entry(func(e *virtual.Entry) { e.Tree.Checkpoint = change })
	}
	replace := func(old, new string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, new, 1) }
	}
	return []recipe{
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
		{"a checkpoint with a key hint of nobody", signatures(func(lines []string) []string {
			raw := bytesOf(lines[0])
			return append([]string{lineOf("virtual.example", append([]byte{1, 2, 3, 4}, raw[4:]...))}, lines[1:]...)
		}), sigstore.CodeCheckpointSignature},
		{"a checkpoint with more signatures than a note may have", signatures(func(lines []string) []string {
			for n := range 100 {
				lines = append(lines, lineOf("s"+strconv.Itoa(n)+".example", []byte{1, 2, 3, 4, 5}))
			}
			return lines
		}), sigstore.CodeCheckpoint},
		{"a checkpoint with a signature in loose base64", signatures(func(lines []string) []string {
			line := lineOf("stranger.example", []byte{1, 2, 3, 4, 4}) // ends in "AQIDBAQ="
			return append(lines, strings.Replace(line, "AQIDBAQ=", "AQIDBAR=", 1))
		}), sigstore.CodeCheckpoint},
		{"a v1 checkpoint under another name", entry(func(e *virtual.Entry) { e.Tree.Name = "other.example" }), sigstore.CodeCheckpoint},
		{"a v1 checkpoint whose tree number is none", checkpoint(replace(" - 987654321", " - x")), sigstore.CodeCheckpoint},
	}
}

// signatures changes the signature lines of a checkpoint, which nobody signs.
func signatures(change func(lines []string) []string) virtual.Recipe {
	return document(func(d map[string]any) {
		c := at(proofOf(d), "checkpoint").(map[string]any)
		text, lines, _ := strings.Cut(c["envelope"].(string), "\n\n")
		made := change(strings.Split(strings.TrimSuffix(lines, "\n"), "\n"))
		c["envelope"] = text + "\n\n" + strings.Join(made, "\n") + "\n"
	})
}

// lineOf is a signature line; bytesOf returns what follows its name.
func lineOf(name string, raw []byte) string {
	return "\u2014 " + name + " " + base64.StdEncoding.EncodeToString(raw)
}

func bytesOf(line string) []byte {
	raw, _ := base64.StdEncoding.DecodeString(line[strings.LastIndex(line, " ")+1:])
	return raw
}
