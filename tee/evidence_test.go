package tee_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/tee"
)

func exampleEvidence() *tee.Evidence {
	return &tee.Evidence{
		Kind: "toy", MediaType: toyMediaType, Raw: []byte("report"),
		Endorsements: []tee.Blob{{MediaType: tee.MediaTypeCertificate, Body: []byte("certificate")}},
		EventLogs:    []tee.Blob{{MediaType: "text/plain", Body: []byte("log")}},
		Binding:      exampleBinding(),
	}
}

func encoded(t testing.TB, ev *tee.Evidence) []byte {
	t.Helper()
	b, err := ev.Encode()
	require.NoError(t, err)
	return b
}

func Test_evidenceSurvivesEncoding(t *testing.T) {
	for name, edit := range map[string]func(*tee.Evidence){
		"full": func(*tee.Evidence) {},
		"minimal": func(e *tee.Evidence) {
			e.Endorsements, e.EventLogs = []tee.Blob{}, []tee.Blob{}
			e.Binding.SPKI = []byte{}
		},
		"with a key": func(e *tee.Evidence) { e.Binding.SPKI = spki(t, "a") },
	} {
		t.Run(name, func(t *testing.T) {
			ev := exampleEvidence()
			edit(ev)
			b := encoded(t, ev)
			got, err := tee.DecodeEvidence(b)
			require.NoError(t, err)
			require.Equal(t, b, encoded(t, got))
			require.Equal(t, b, encoded(t, ev.Clone()))
			require.Equal(t, ev.Raw, got.Raw)
			require.Equal(t, ev.Binding.Nonce, got.Binding.Nonce)
			d, err := ev.Digest()
			require.NoError(t, err)
			require.NoError(t, d.Validate())
		})
	}
}

// Test_hostileEncodingsAreRefused edits the generic form of valid evidence and
// writes it with the library's own encoder.
func Test_hostileEncodingsAreRefused(t *testing.T) {
	valid := encoded(t, exampleEvidence())
	det, err := cbor.CoreDetEncOptions().EncMode()
	require.NoError(t, err)
	generic := func(edit func(map[string]any)) []byte {
		var m map[string]any
		require.NoError(t, cbor.Unmarshal(valid, &m))
		edit(m)
		b, err := det.Marshal(m)
		require.NoError(t, err)
		return b
	}
	require.Equal(t, valid, generic(func(map[string]any) {}), "the control: nothing edited")

	deep := any("x")
	for range 9 {
		deep = []any{deep}
	}
	keyed := append([]byte{0xa0 + 8}, valid[1:]...)
	blob := map[string]any{"mediaType": "a/b", "body": []byte{}}
	many := func(n int) []any {
		out := make([]any, n)
		for i := range out {
			out[i] = blob
		}
		return out
	}
	for name, c := range map[string]struct {
		code attest.Code
		b    []byte
	}{
		"nothing":                           {tee.CodeEvidenceEncoding, nil},
		"trailing bytes":                    {tee.CodeEvidenceEncoding, append(bytes.Clone(valid), 0)},
		"a duplicate key":                   {tee.CodeEvidenceEncoding, append(keyed, 0x63, 'r', 'a', 'w', 0x41, 'x')},
		"an unknown field":                  {tee.CodeEvidenceEncoding, generic(func(m map[string]any) { m["more"] = 1 })},
		"a field in other case":             {tee.CodeEvidenceEncoding, generic(func(m map[string]any) { m["Raw"] = m["raw"]; delete(m, "raw") })},
		"a missing field":                   {tee.CodeEvidenceEncoding, generic(func(m map[string]any) { delete(m, "eventLogs") })},
		"null in place of a list":           {tee.CodeEvidenceEncoding, generic(func(m map[string]any) { m["eventLogs"] = nil })},
		"numbers in place of bytes":         {tee.CodeEvidenceEncoding, generic(func(m map[string]any) { m["raw"] = []int{1, 2} })},
		"deep nesting":                      {tee.CodeEvidenceEncoding, generic(func(m map[string]any) { m["raw"] = deep })},
		"a tag":                             {tee.CodeEvidenceEncoding, generic(func(m map[string]any) { m["raw"] = cbor.Tag{Number: 24, Content: []byte("report")} })},
		"a tag around everything":           {tee.CodeEvidenceEncoding, append([]byte{0xd9, 0xd9, 0xf7}, valid...)},
		"an indefinite map":                 {tee.CodeEvidenceEncoding, append(append([]byte{0xbf}, valid[1:]...), 0xff)},
		"an indefinite byte string":         {tee.CodeEvidenceEncoding, bytes.Replace(valid, append([]byte{0x46}, "report"...), append(append([]byte{0x5f, 0x46}, "report"...), 0xff), 1)},
		"a length that is not the shortest": {tee.CodeEvidenceEncoding, bytes.Replace(valid, append([]byte{0x46}, "report"...), append([]byte{0x58, 6}, "report"...), 1)},
		"text that is not UTF-8":            {tee.CodeEvidenceEncoding, bytes.Replace(valid, []byte("relying party"), []byte("relying part\xff"), 1)},
		"a huge announced length":           {tee.CodeEvidenceEncoding, bytes.Replace(valid, append([]byte{0x46}, "report"...), append([]byte{0x5b, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff}, "report"...), 1)},
		"another document type":             {tee.CodeEvidenceEncoding, generic(func(m map[string]any) { m["type"] = "sealwright-tee-evidence/v2" })},
		"a malformed kind":                  {tee.CodeKind, generic(func(m map[string]any) { m["kind"] = "TPM" })},
		"no bytes of the hardware":          {tee.CodeEvidenceEmpty, generic(func(m map[string]any) { m["raw"] = []byte{} })},
		"a malformed statement":             {tee.CodeBinding, generic(func(m map[string]any) { m["binding"].(map[any]any)["statement"] = "sha256:00" })},
		"a short nonce":                     {tee.CodeNonceSize, generic(func(m map[string]any) { m["binding"].(map[any]any)["nonce"] = make([]byte, 15) })},
		"65 endorsements":                   {tee.CodeEvidenceLimit, generic(func(m map[string]any) { m["endorsements"] = many(65) })},
		"a thousand endorsements":           {tee.CodeEvidenceEncoding, generic(func(m map[string]any) { m["endorsements"] = many(1000) })},
		"17 event logs":                     {tee.CodeEvidenceLimit, generic(func(m map[string]any) { m["eventLogs"] = many(17) })},
		"a blob without media type":         {tee.CodeMediaType, generic(func(m map[string]any) { m["eventLogs"] = []any{map[string]any{"mediaType": "", "body": []byte{}}} })},
		"more than a mebibyte":              {tee.CodeEvidenceLimit, generic(func(m map[string]any) { m["raw"] = make([]byte, tee.MaxEvidence) })},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			require.NotEqual(t, valid, c.b)
			ev, err := tee.DecodeEvidence(c.b)
			require.ErrorIs(t, err, attest.Is(c.code))
			require.Nil(t, ev)
		})
	}
}

func Test_truncatedEncodingsAreRefused(t *testing.T) {
	valid := encoded(t, exampleEvidence())
	for n := range valid {
		_, err := tee.DecodeEvidence(valid[:n])
		require.Error(t, err, n)
	}
}

func Test_oversizedEvidenceIsNotWritten(t *testing.T) {
	ev := exampleEvidence()
	ev.Raw = make([]byte, tee.MaxEvidence-20)
	_, err := ev.Encode()
	require.ErrorIs(t, err, attest.Is(tee.CodeEvidenceLimit))
	ev.Raw, ev.MediaType = []byte{1}, strings.Repeat("a", 256)
	_, err = ev.Encode()
	require.ErrorIs(t, err, attest.Is(tee.CodeMediaType))
	_, err = (*tee.Evidence)(nil).Encode()
	require.ErrorIs(t, err, attest.Is(attest.CodeNil))
}

// Test_decodingAllocatesLittle: at most four times the input.
func Test_decodingAllocatesLittle(t *testing.T) {
	ev := exampleEvidence()
	ev.Raw = make([]byte, 900<<10)
	b := encoded(t, ev)
	r := testing.Benchmark(func(tb *testing.B) {
		for tb.Loop() {
			if _, err := tee.DecodeEvidence(b); err != nil {
				tb.Fatal(err)
			}
		}
	})
	require.LessOrEqual(t, r.AllocedBytesPerOp(), int64(4*len(b)))
}

// FuzzDecodeEvidence: whatever decodes encodes to the same bytes, and nothing
// panics.
func FuzzDecodeEvidence(f *testing.F) {
	f.Add(encoded(f, exampleEvidence()))
	minimal := exampleEvidence()
	minimal.Endorsements, minimal.EventLogs = nil, nil
	f.Add(encoded(f, minimal))
	f.Add([]byte{0xa0})
	f.Add([]byte{0xbf, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		ev, err := tee.DecodeEvidence(b)
		if err != nil {
			require.Nil(t, ev)
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		require.Equal(t, b, encoded(t, ev))
	})
}
