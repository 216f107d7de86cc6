package corpus

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/attest/tlog"
)

// witnessDefects are defects of the cosignatures on a checkpoint, of which two of
// three must hold.
func witnessDefects(t testing.TB, w []*virtual.Witness) []recipe {
	t.Helper()
	by := func(list ...*virtual.Witness) virtual.Recipe {
		if list == nil {
			list = []*virtual.Witness{}
		}
		return virtual.Recipe{Witnesses: list}
	}
	stranger, namesake := virtual.NewWitness(t, "w4.example"), virtual.NewWitness(t, "w2.example")
	mangled := func(change func([]byte) []byte) *virtual.Witness {
		m := *w[1]
		m.Line = func(line string) string {
			at := strings.LastIndex(line, " ") + 1
			raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line[at:]))
			if err != nil {
				t.Fatal(err)
			}
			return line[:at] + base64.StdEncoding.EncodeToString(change(raw)) + "\n"
		}
		return &m
	}
	return []recipe{
		{"no witness", by(), sigstore.CodeWitness},
		{"one witness where two must", by(w[0]), tlog.CodeQuorum},
		{"one witness twice", by(w[0], w[0]), tlog.CodeQuorum},
		{"one witness and a stranger", by(w[0], stranger), tlog.CodeQuorum},
		{"one witness and another key under a witness's name", by(w[0], namesake), tlog.CodeQuorum},
		{"a forged cosignature", by(w[0], mangled(flip)), tlog.CodeSignature},
		{"a forged cosignature beside enough", by(w[0], w[2], mangled(flip)), tlog.CodeSignature},
		{"a cosignature of another time", by(w[0], mangled(func(b []byte) []byte { b[11]++; return b })), tlog.CodeSignature},
		{"a cosignature that is cut", by(w[0], mangled(func(b []byte) []byte { return b[:len(b)-1] })), tlog.CodeSignature},
		{"a promise alone, with nothing to cosign", virtual.Recipe{Version: 1}, sigstore.CodeWitness},
	}
}
