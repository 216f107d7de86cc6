package provenancetest_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/provenance/provenancetest"
)

func parse(t *testing.T, document string) *provenancetest.Document {
	t.Helper()
	d, err := provenancetest.ParseDocument([]byte(document))
	require.NoError(t, err)
	return d
}

func TestMutations(t *testing.T) {
	got := map[string]string{}
	for m := range parse(t, `{"a/b":[1,true],"C":"x"}`).Mutations(provenancetest.AllOps()...) {
		require.NotContains(t, got, m.String())
		got[m.String()] = string(m.Document)
	}
	for name, want := range map[string]string{
		"delete /a~1b":      `{"C":"x"}`,
		"delete /a~1b/0":    `{"a/b":[true],"C":"x"}`,
		"duplicate /a~1b/1": `{"a/b":[1,true,true],"C":"x"}`,
		"duplicate /C":      `{"a/b":[1,true],"C":"x","C":"x"}`,
		"empty ":            `{}`,
		"empty /a~1b":       `{"a/b":[],"C":"x"}`,
		"empty /a~1b/0":     `{"a/b":[0,true],"C":"x"}`,
		"null /C":           `{"a/b":[1,true],"C":null}`,
		"number /C":         `{"a/b":[1,true],"C":7}`,
		"string /a~1b/0":    `{"a/b":["17",true],"C":"x"}`,
		"array /C":          `{"a/b":[1,true],"C":["x"]}`,
		"object /a~1b/0":    `{"a/b":[{"value":1},true],"C":"x"}`,
		"fold /C":           `{"a/b":[1,true],"c":"x"}`,
		"fold /a~1b":        `{"A/B":[1,true],"C":"x"}`,
		"extra ":            `{"a/b":[1,true],"C":"x","unexpected":1}`,
		"alter /C":          `{"a/b":[1,true],"C":"xx"}`,
		"alter /a~1b/0":     `{"a/b":[11,true],"C":"x"}`,
		"alter /a~1b/1":     `{"a/b":[1,false],"C":"x"}`,
	} {
		assert.Equal(t, want, got[name], name)
	}
	for _, name := range []string{"delete ", "duplicate ", "fold ", "number /a~1b/0", "string /C", "bool /a~1b/1", "extra /C", "alter "} {
		assert.NotContains(t, got, name)
	}
}

func TestEveryMutationDiffersAndIsJSON(t *testing.T) {
	document := `{"x":{"":[null,"",0,false,{}]},"é":"<\u0000>","hex":"c0ffee","n":-1.5e3}`
	d := parse(t, document)
	for m := range d.Mutations(provenancetest.AllOps()...) {
		assert.NotEqual(t, document, string(m.Document), m)
		assert.True(t, json.Valid(m.Document), "%v: %s", m, m.Document)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		require.True(t, json.Valid(d.Random(r, provenancetest.Structural()...).Document))
	}
}

func TestParseDocumentRefusesWhatIsNotOneValue(t *testing.T) {
	for _, bad := range []string{``, `{`, `{"a":}`, `[1,]`, `1 2`, `{"a":1}}`} {
		_, err := provenancetest.ParseDocument([]byte(bad))
		require.Error(t, err, bad)
	}
}

func TestTheSampleIsComplete(t *testing.T) {
	require.NoError(t, provenancetest.Sample().Validate())
}
